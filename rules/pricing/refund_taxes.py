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


@dataclass(frozen=True, slots=True)
class Sum:
    """An amount and the tax within it."""

    amount: int
    tax: int


def tax_received(before: Sum, more: int, owed: Sum) -> int:
    """Return the tax within what was received.

    Args:
        before: what was received when it was last asked, without what went back since.
        more: what came since then.
        owed: what all of it came to in the meantime. Whatever is paid beyond has no tax.

    """
    missing = owed.amount - before.amount
    if more <= 0 or missing <= 0:
        return before.tax
    if more >= missing:
        return owed.tax
    return before.tax + _part(owed.tax - before.tax, more, missing)


def tax_of_part(whole: Sum, earlier: Sum, amount: int) -> int | None:
    """Return the tax within one of the payments by which a whole is paid; the last takes the rest.

    Args:
        whole: what all payments come to.
        earlier: the other payments that count.
        amount: of this payment.

    Returns:
        None where the payments come to more than the whole: what is beyond is no part of it.

    """
    paid = earlier.amount + amount
    if paid > whole.amount:
        return None
    found = _part(whole.tax, paid, whole.amount) - earlier.tax
    if not 0 <= whole.tax <= whole.amount:
        return found  # less tax fell away than came in its place, or more than the amount
    return max(0, min(found, amount))


def _part(tax: int, part: int, paid: int) -> int:
    found = _within(paid, abs(tax), part)
    return found if tax >= 0 else -found


def _within(paid: int, tax: int, part: int) -> int:
    return half_up(tax * part, paid) if paid > 0 else 0
