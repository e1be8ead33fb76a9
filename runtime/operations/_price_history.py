"""The prices that an item or a price list had, kept whenever one changes, whoever changes it.

In: the draft of a record with prices among its parts (`history:` of the priced item and of price
lists; "item" below is what has the price). Out: the same; an item whose price or list price is
another one has a new part that says since when, and the lowest price before its reduction. Of an
item that had a price before anything was kept, that one is kept first. These parts, and the lowest
price, are the engine's: others bring them only with the data a shop begins with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from generator.field_types.money import Money
from generator.model.entity import Entity
from generator.model.pricing import KeptPrice
from generator.model.text import Label
from rules.pricing.history import PriceChange, lowest_before
from runtime.errors import FieldError
from runtime.operations._work import Draft, Work
from runtime.store.forms import form_of

BEGINNING = "seed"
"""The source of the data that a shop begins with: it may bring what happened before."""
NOT_YOURS = Label({"en": "Prices of the past are not changed.", "zh": "历史价格不可修改。"})


def keep(work: Work, draft: Draft) -> None:
    """Keep the prices of every item among a record and its parts."""
    pricing = work.runtime.app.pricing
    kept = pricing.kept_prices if pricing is not None else {}
    if not kept:
        return
    for one in list(draft.everyone()):
        if one.entity.name in kept:
            _Kept(work, one, kept[one.entity.name]).run()


class _Kept:
    """The prices of one item."""

    def __init__(self, work: Work, item: Draft, facts: KeptPrice) -> None:
        self.work, self.item, self.facts, self.history = work, item, facts, facts.history
        self.entity: Entity = work.runtime.app.entities[facts.history.entity]

    def run(self) -> None:
        """Keep what is new, and tell the lowest price before a reduction."""
        if self._is_touched():
            return
        known = self._rows()
        news = self._news(known)
        for at, price, original in news:
            self._add(at, price, original)
        if (news or self.item.is_new) and self.history.lowest:
            changes = [*known, *(PriceChange(*one) for one in news)]
            changes.sort(key=lambda change: change.at)
            days, first = timedelta(days=self.history.days), self.history.first_step
            found = lowest_before(changes, days, first_step=first)
            self.item.facts[self.history.lowest] = self._scaled(
                found, self.entity, self.history.price, self.item.entity, self.history.lowest
            )

    def _is_touched(self) -> bool:
        """Return whether somebody sent prices of the past, which is an error."""
        if self.work.incoming.source == BEGINNING:
            return False
        into, lowest = self.history.into, self.history.lowest
        if lowest in self.item.sent and self.item.facts.get(lowest) != self._was(lowest):
            self.work.errors.append(FieldError(self.item.at(lowest), "read_only", NOT_YOURS))
            return True
        sent = [one for one in self.item.children.get(into, ()) if one.sent]
        if not sent and not self.item.removed.get(into):
            return False
        self.work.errors.append(FieldError(self.item.at(into), "read_only", NOT_YOURS))
        return True

    def _was(self, name: str) -> Any:
        return self.item.before.get(name) if self.item.before is not None else None

    def _rows(self) -> list[PriceChange]:
        """Return what is kept, in the order of time."""
        into, history = self.history.into, self.history
        rows: Sequence[Mapping[str, Any]] = (
            [one.facts for one in self.item.children[into]]
            if into in self.item.children
            else (self.item.before or {}).get(into, ())
        )
        found = [
            PriceChange(row[history.at], row[history.price], row.get(history.original))
            for row in rows
            if row.get(history.at) is not None and row.get(history.price) is not None
        ]
        return sorted(found, key=lambda change: change.at)

    def _news(self, known: list[PriceChange]) -> list[tuple[Any, int, int | None]]:
        """Return what must be kept: from when on, the price, and what it is a reduction of."""
        own = self._prices(self.item.facts)
        last = (known[-1].price, known[-1].original) if known else None
        if own is None or own == last:
            return []
        before = self.item.before
        former = self._prices(before) if before is not None else None
        if before is not None and former == own:
            return []
        found: list[tuple[Any, int, int | None]] = []
        if not known and before is not None and former is not None:
            found.append((before["created_at"], *former))
        return [*found, (self.work.now, *own)]

    def _prices(self, facts: Mapping[str, Any]) -> tuple[int, int | None] | None:
        """Return the price and the list price as they are kept; None without a price."""
        price = self._of(facts, self.facts.price, self.history.price)
        if price is None:
            return None
        if not self.facts.list_price or not self.history.original:
            return price, None
        return price, self._of(facts, self.facts.list_price, self.history.original)

    def _of(self, facts: Mapping[str, Any], name: str, kept: str) -> int | None:
        return self._scaled(facts.get(name), self.item.entity, name, self.entity, kept)

    def _scaled(
        self, value: int | None, source: Entity, name: str, target: Entity, into: str
    ) -> int | None:
        """Return an amount as another field keeps it."""
        if value is None:
            return None
        spare = self._places(target, into) - self._places(source, name)
        return value * int(10**spare) if spare >= 0 else value // int(10**-spare)

    def _places(self, entity: Entity, name: str) -> int:
        model = entity.fields[name]
        kind = self.work.runtime.compiled.field_types[model.type]
        assert isinstance(kind, Money)
        return kind.places(model)

    def _add(self, at: Any, price: int, original: int | None) -> None:
        """Add a part that says a price."""
        into, history = self.history.into, self.history
        rows = self.item.children.setdefault(into, [])
        number = len((self.item.before or {}).get(into, ())) + len(rows)
        facts: dict[str, Any] = dict(form_of(self.work.runtime, self.entity).blank)
        facts |= {history.at: at, history.price: price}
        if history.original:
            facts[history.original] = original
        if "position" in facts:
            facts["position"] = number
        rows.append(Draft(self.entity, facts, None, self.item.at(f"{into}.{number}")))
