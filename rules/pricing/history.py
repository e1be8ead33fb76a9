"""The lowest price before a reduction, as buyers must be told it.

Of a price that stands below its own list price: the least of all prices in the days before the
latest change, the one that stood as those days began included, even where another took its place
at that very moment: what a buyer could have paid then counts. Earlier steps of a running reduction
count, too, unless `first_step` measures back from where it began.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

USUAL = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class PriceChange:
    """A price from a moment on; changes are kept and never changed."""

    at: datetime
    price: int
    original: int | None = None
    """The list price it is a reduction of, if it is one."""

    @property
    def is_reduced(self) -> bool:
        return self.original is not None and self.price < self.original


def lowest_before(
    changes: Sequence[PriceChange], window: timedelta = USUAL, *, first_step: bool = False
) -> int | None:
    """Return the lowest price before the current reduction; None when nothing is reduced.

    Args:
        changes: of one item in one channel and currency, in the order they were made.
        window: how far to look back.
        first_step: measure from the first step of a running reduction, not from its latest.

    """
    if not changes or not changes[-1].is_reduced:
        return None
    last = len(changes) - 1
    if first_step:
        while last and changes[last - 1].is_reduced:
            last -= 1
    begins = changes[last].at - window
    before = changes[:last]
    prices = [change.price for change in before if change.at >= begins]
    in_force = [change.price for change in before if change.at < begins]
    if in_force:
        prices.append(in_force[-1])
    return min(prices, default=None)
