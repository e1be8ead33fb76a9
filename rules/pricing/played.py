"""Counters as they would have stood while carts of the past are played through, one by one.

What a rule set gives away in one cart is missing in the next, as with real placings; everything
begins unused. Memory grows with promotions, and with customers only where one is limited by them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rules.pricing.cart import Used
from rules.pricing.promotion import Book
from rules.pricing.result import Result
from rules.pricing.uses import bounded


@dataclass(slots=True)
class _Counts:
    """What was taken of one promotion."""

    total: int = 0
    spent: int = 0
    customers: dict[str, int] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    units: dict[str, int] = field(default_factory=dict)
    own_units: dict[str, dict[str, int]] = field(default_factory=dict)


class Played:
    """The counters of one rule set."""

    def __init__(self, book: Book) -> None:
        names = {name for _, name in bounded(book.promotions)}
        self._counts = {name: _Counts() for name in sorted(names)}
        self._by_customer = {
            one.id for one in book.promotions if one.limits.per_customer is not None
        }

    def used(self, customer: str) -> Mapping[str, Used]:
        """Return what was taken so far, as somebody's cart must know it."""
        return {
            name: Used(
                counts.total,
                counts.customers.get(customer, 0),
                counts.codes,
                counts.spent,
                counts.units,
                counts.own_units.get(customer, {}),
            )
            for name, counts in self._counts.items()
            if counts.total
        }

    def take(self, customer: str, result: Result) -> None:
        """Take what a cart was given."""
        for usage in result.usage:
            counts = self._counts.get(usage.promotion)
            if counts is None:
                continue
            counts.total += usage.uses
            counts.spent += usage.spend
            if customer and usage.promotion in self._by_customer:
                counts.customers[customer] = counts.customers.get(customer, 0) + usage.uses
            if usage.code:
                counts.codes[usage.code] = counts.codes.get(usage.code, 0) + usage.uses
            each = {item for item, _, most in usage.bounds if most is not None}
            for item, units in usage.units:
                counts.units[item] = counts.units.get(item, 0) + units
                if customer and item in each:
                    own = counts.own_units.setdefault(customer, {})
                    own[item] = own.get(item, 0) + units
