"""The tax within what is paid back: a share of the tax that was frozen, never reckoned anew.

Of each part of an order, a line or the deliveries, the tax goes back as its money does. What is
kept back, because a discount no longer holds or a gift stays, keeps its share of all tax. Steps are
counted from what all of them come to, so the last one takes the rest and none passes the whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rules.pricing.rounding import half_up


@dataclass(frozen=True, slots=True)
class Taxed:
    """A part of an order: what was paid for it, the tax of that, and what was given back of it."""

    paid: int
    tax: int
    """Within `paid`."""
    given: int

    @property
    def back(self) -> int:
        """The tax within what was given back."""
        return _within(self.paid, self.tax, self.given)


def tax_back(parts: Iterable[Taxed], less: int, told: int, amount: int) -> int:
    """Return the tax within what one step pays back.

    Args:
        parts: with what was given back of each, this step's shares included.
        less: what was kept back of all that, in all steps.
        told: the tax of earlier steps.
        amount: what the step pays back.

    """
    kept = tuple(parts)
    paid, tax = sum(one.paid for one in kept), sum(one.tax for one in kept)
    found = sum(one.back for one in kept) - _within(paid, tax, max(0, less))
    return max(0, min(found - told, amount))


def _within(paid: int, tax: int, part: int) -> int:
    return half_up(tax * part, paid) if paid > 0 else 0
