"""What promotions that are only tried would have given beside those that hold: nothing is changed.

Comes in: a priced cart and the promotions on trial. Goes out: for each that would take effect what
it would take off, how much less the whole would cost, and what else it meets. Each is tried alone:
two on trial do not know of one another. Nobody counts its uses, so a limit of its own cuts nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from rules.pricing.cart import Cart, Context
from rules.pricing.price import price
from rules.pricing.promotion import Book, Promotion
from rules.pricing.result import Result

MOST = 20
"""More on trial at once would make placing slow; those after it, by id, are left out."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What one promotion would have done to one cart."""

    promotion: Promotion
    granted: int
    """What it would take off itself."""
    saved: int
    """How much less the whole would cost; less than granted where it takes another's place."""
    total: int
    """What the whole would cost."""
    beside: tuple[str, ...]
    """The promotions that it would meet."""


def trials(
    cart: Cart,
    promotions: Book,
    tried: Sequence[Promotion],
    context: Context,
    now: datetime,
    placed: Result,
) -> tuple[Trial, ...]:
    """Return what each would have done; nothing of one that would not take effect."""
    found = []
    for one in sorted(tried, key=lambda each: each.id)[:MOST]:
        live = replace(one, status="active")
        result = price(cart, promotions.of([*promotions.promotions, live]), context, now)
        met = {step.promotion for step in result.trace if step.verdict == "applied"}
        if one.id not in met:
            continue
        shares = [each for line in result.lines for each in line.allocations]
        shares += [each for part in result.shipments for each in part.allocations]
        granted = sum(each.amount for each in shares if each.promotion == one.id)
        saved = placed.totals.total - result.totals.total
        beside = tuple(sorted(met - {one.id}))
        found.append(Trial(one, granted, saved, result.totals.total, beside))
    return tuple(found)
