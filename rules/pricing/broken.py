"""What stays of an order, priced again: discounts lost, gifts owed, what budgets get back.

Comes in: what the order kept, and which units came back altogether. Goes out: what a return comes
to, which gifts what stays would not get, and what each promotion granted of all that came back.
Everything is counted from the beginning, so that returns in any steps come to the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from rules.pricing.cart import Cart
from rules.pricing.frozen import DELIVERY, Basis, Gift, Granted
from rules.pricing.price import price
from rules.pricing.refunds import clawback, claws_back, without
from rules.pricing.result import Result
from rules.pricing.rounding import half_up


@dataclass(frozen=True, slots=True)
class Break:
    """What a return comes to where promotions are looked at again."""

    amount: int
    lost_to: tuple[str, ...]
    """Those that give less to what stays; names."""


def after_break(basis: Basis, returned: Mapping[str, int], refunded: int) -> Break | None:
    """Return what a return pays when what stays is priced again; None where discounts are kept.

    Args:
        basis: of the order.
        returned: line → units that came back altogether, those of now included.
        refunded: what was paid back for goods earlier.

    """
    before = _priced(basis, basis.cart)
    if before is None or not claws_back(before.applied, basis.book):
        return None
    after = _priced(basis, without(basis.cart, returned))
    left = set(after.applied) if after is not None else set()
    lost = tuple(name for name in before.applied if name not in left) if after is not None else ()
    amount = clawback(basis.cart, basis.book, basis.context, basis.at, returned, refunded)
    return Break(amount, lost)


def gifts_owed(basis: Basis, returned: Mapping[str, int]) -> tuple[tuple[Gift, int], ...]:
    """Return the gifts, and how many units of each, that what stays would not get any more."""
    if not basis.gifts or not any(returned.values()):
        return ()
    after = _priced(basis, without(basis.cart, returned))
    still: dict[tuple[str, str], int] = {}
    for one in after.extras if after is not None else ():
        if not one.charged:
            still[one.promotion, one.item] = still.get((one.promotion, one.item), 0) + one.quantity
    found = []
    for gift in basis.gifts:
        name = (gift.promotion, gift.item)
        stays = min(gift.quantity, still.get(name, 0))
        still[name] = still.get(name, 0) - stays
        if stays < gift.quantity:
            found.append((gift, gift.quantity - stays))
    return tuple(found)


def given_back(
    basis: Basis, returned: Mapping[str, int], delivery: Fraction, *, again: bool
) -> dict[str, int]:
    """Return, by promotion, what it granted of all that came back; no more than it granted.

    Args:
        basis: of the order.
        returned: line → units that came back altogether.
        delivery: the share of what deliveries cost that was paid back.
        again: what stays may be priced again; else every line gives back its share.

    """
    before = _priced(basis, basis.cart) if again else None
    if before is not None and claws_back(before.applied, basis.book):
        after = _priced(basis, without(basis.cart, returned))
        goods = {
            one.promotion: _taken_off(before, one.promotion) - _taken_off(after, one.promotion)
            for one in basis.granted
        }
    else:
        goods = {one.promotion: _shares(basis.cart, one, returned) for one in basis.granted}
    found = {}
    for one in basis.granted:
        whole = one.amounts.get(DELIVERY, 0)
        most = sum(one.amounts.values()) - whole
        share = half_up(whole * delivery.numerator, delivery.denominator)
        found[one.promotion] = min(most, max(0, goods[one.promotion])) + share
    return found


def _shares(cart: Cart, one: Granted, returned: Mapping[str, int]) -> int:
    """Return what came back of what a promotion took off, line by line."""
    return sum(
        half_up(
            one.amounts.get(line.id, 0) * min(line.quantity, returned.get(line.id, 0)),
            line.quantity,
        )
        for line in cart.lines
    )


def _taken_off(result: Result | None, promotion: str) -> int:
    lines = result.lines if result is not None else ()
    return sum(
        each.amount for line in lines for each in line.allocations if each.promotion == promotion
    )


def _priced(basis: Basis, cart: Cart) -> Result | None:
    """Return what a cart costs by what was kept; None of an empty one, or where nothing was."""
    if not cart.lines or not basis.book.promotions:
        return None
    return price(cart, basis.book, basis.context, basis.at)
