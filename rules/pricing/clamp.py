"""Cut what an action would take off to what may be taken: floors, the cap, the budget."""

from __future__ import annotations

from rules.pricing.desk import Desk
from rules.pricing.grant import Grant
from rules.pricing.promotion import Deed, Promotion
from rules.pricing.split import split


def clamp(desk: Desk, promotion: Promotion, deed: Deed, grant: Grant) -> None:
    """Cut a grant in place and note by what; afterwards it can be booked as it is."""
    total = grant.total
    grant.computed = max(grant.computed, total)
    amounts, floors = desk.amounts, desk.floors
    for at, amount in grant.lines.items():
        if amount > amounts[at] - floors[at]:
            grant.lines[at] = desk.room(at)
            total -= amount - grant.lines[at]
    for at, amount in grant.ships.items():
        if amount > desk.ships[at]:
            grant.ships[at] = desk.ships[at]
            total -= amount - desk.ships[at]
    if total < grant.computed:
        grant.cut_by = "floor"
    whole = total
    if deed.cap is not None:
        total = _cut(desk, grant, total, deed.cap.of(desk.cart.currency), "cap")
    left = budget_left(desk, promotion)
    if left is not None and total > left:
        refuses = promotion.budget is not None and promotion.budget.overrun == "refuse"
        total = _cut(desk, grant, total, 0 if refuses else left, "budget")
    if total == whole:
        grant.summed = whole


def budget_left(desk: Desk, promotion: Promotion) -> int | None:
    """Return the money a promotion may still grant; None: any amount."""
    budget, shared = promotion.budget, _shared_left(desk, promotion)
    if budget is None or isinstance(budget.limit, int):
        return shared
    used = desk.context.used.get(promotion.id)
    spent = (used.spent if used else 0) + desk.spent.get(promotion.id, 0)
    own = max(0, budget.limit.of(desk.cart.currency) - spent)
    return own if shared is None else min(own, shared)


def _shared_left(desk: Desk, promotion: Promotion) -> int | None:
    """Return what is left of the budget that a promotion shares; None: any amount."""
    pool = desk.context.pools.get(promotion.shares) if promotion.shares else None
    if pool is None or pool.limit is None:
        return None
    here = sum(desk.spent.get(name, 0) for name in pool.members)
    return max(0, pool.limit - pool.spent - here)


def _cut(desk: Desk, grant: Grant, total: int, most: int, by: str) -> int:
    """Leave at most so much: of one amount that much is shared, else what each would have had."""
    if total <= most:
        return total
    grant.cut_by = by
    if grant.spread:
        over = list(grant.bases)
        rooms = [desk.room(at) for at in over]
        shares = split(most, list(grant.bases.values()), rooms, desk.context.settings.split)
        grant.lines = {at: taken for at, taken in zip(over, shares, strict=True) if taken}
        return most
    lines, ships = list(grant.lines), list(grant.ships)
    weights = [*grant.lines.values(), *grant.ships.values()]
    shares = split(most, weights, weights, desk.context.settings.split)
    grant.lines = dict(zip(lines, shares[: len(lines)], strict=True))
    grant.ships = dict(zip(ships, shares[len(lines) :], strict=True))
    return most
