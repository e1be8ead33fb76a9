"""Which lines or shipments a rule speaks of: `include`, less `exclude`.

What hangs on items and labels is found through the cart's index and remembered for the whole
evaluation; what hangs on prices is asked each time, because prices change between lanes.
"""

from __future__ import annotations

from dataclasses import dataclass

from rules.pricing.amounts import Amount
from rules.pricing.cart import Shipment
from rules.pricing.desk import Desk


@dataclass(frozen=True, slots=True)
class Match:
    """A filter of lines or shipments: one of each list that is given, and every bound."""

    items: frozenset[str] | None = None
    labels: tuple[tuple[str, frozenset[str]], ...] = ()
    methods: frozenset[str] | None = None
    """Of delivery; only for shipments."""
    price_from: Amount | None = None
    """Of one unit, after the lane of prices."""
    price_to: Amount | None = None
    list_from: Amount | None = None
    """Of one unit, before any reduction."""
    list_to: Amount | None = None
    reduced: bool | None = None

    @property
    def is_fixed(self) -> bool:
        """Return whether prices do not matter to it."""
        return self.reduced is None and not (
            self.price_from or self.price_to or self.list_from or self.list_to
        )

    @property
    def names_lines(self) -> bool:
        """Return whether it names items or labels, so that an index can find its lines."""
        return self.items is not None or bool(self.labels)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a rule speaks of; `exclude` wins."""

    include: Match | None = None
    exclude: Match | None = None

    def lines(self, desk: Desk) -> list[int]:
        """Return the positions of its lines in the cart's order."""
        found = desk.matched.get(id(self))
        if found is None:
            found = self._named(desk)
            desk.matched[id(self)] = found
        if self.include is not None and not self.include.is_fixed:
            include = self.include
            found = [at for at in found if _priced(include, desk, at)]
        if self.exclude is not None and not self.exclude.is_fixed:
            exclude = self.exclude
            found = [at for at in found if not _excluded(exclude, desk, at)]
        return found

    def ships(self, desk: Desk) -> list[int]:
        """Return the positions of its shipments."""
        return [
            at
            for at, shipment in enumerate(desk.cart.shipments)
            if (self.include is None or _delivers(self.include, shipment))
            and not (self.exclude is not None and self.exclude.methods is not None
                     and _delivers(self.exclude, shipment))
        ]  # fmt: skip

    def _named(self, desk: Desk) -> list[int]:
        every = range(len(desk.amounts))
        found = named(self.include, desk) if self.include is not None else None
        out: list[int] = list(every) if found is None else found
        if self.exclude is not None and self.exclude.is_fixed:
            gone = named(self.exclude, desk)
            out = [] if gone is None else [at for at in out if at not in set(gone)]
        return out


EVERYTHING = Scope()


def named(match: Match, desk: Desk) -> list[int] | None:
    """Return the lines with the items and labels of a filter; None when it names none."""
    found: set[int] | None = None
    if match.items is not None:
        found = {at for item in match.items for at in desk.index.get(("item", item), ())}
    for facet, values in match.labels:
        lines = {at for value in values for at in desk.index.get((facet, value), ())}
        found = lines if found is None else found & lines
    return None if found is None else sorted(found)


def _excluded(match: Match, desk: Desk, at: int) -> bool:
    found = named(match, desk)
    return (found is None or at in found) and _priced(match, desk, at)


def _priced(match: Match, desk: Desk, at: int) -> bool:
    line, currency = desk.cart.lines[at], desk.cart.currency
    listed = line.price if line.was is None else line.was
    selling, low, high = desk.selling[at], match.price_from, match.price_to
    if low is not None and selling < low.of(currency) * line.quantity:
        return False
    if high is not None and selling > high.of(currency) * line.quantity:
        return False
    if match.list_from is not None and listed < match.list_from.of(currency):
        return False
    if match.list_to is not None and listed > match.list_to.of(currency):
        return False
    return match.reduced is None or match.reduced == is_reduced(desk, at)


def is_reduced(desk: Desk, at: int) -> bool:
    """Return whether a line sells below its list price, by itself or by the lane of prices."""
    line = desk.cart.lines[at]
    return line.reduced or desk.priced[at] or (line.was is not None and line.was > line.price)


def _delivers(match: Match, shipment: Shipment) -> bool:
    return match.methods is None or shipment.method in match.methods
