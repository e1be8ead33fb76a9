"""What price lists say of the items of a cart, read for rules.

Comes in: the keys of items and the cart's currency. Goes out: by item every price that a list has,
with where the list holds. Two statements, and one more for each thing that a list may hold for
several of; where no list has a price of these items, one. Whether a list holds is the rules' word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import sqlalchemy as sa

from generator.field_types._locales import zone
from generator.field_types.money import Money
from generator.model.entity import Entity
from generator.model.pricing import ListFacts
from rules.pricing.cart import Listed, PriceList
from rules.pricing.result import Listing
from rules.pricing.result import Result as Priced
from runtime.messages import Actor
from runtime.operations import _reading
from runtime.runtime import Runtime
from runtime.store.filters import Clause
from runtime.store.guard import system, system_grant
from runtime.store.paths import Path
from runtime.store.plan import QueryPlan

MOST = 100_000
WHY = "where price lists hold"
READER = Actor(0, "price lists", frozenset(), kind="system")
Row = Mapping[str, Any]


def listed(
    connection: sa.Connection, runtime: Runtime, items: Iterable[str], currency: str
) -> Mapping[str, tuple[Listed, ...]]:
    """Return, by item, what lists of a currency say that it costs."""
    pricing = runtime.app.pricing
    facts, wanted = pricing.lists if pricing is not None else None, tuple(sorted(set(items)))
    if pricing is None or facts is None or not wanted:
        return {}
    if not facts.currency and currency != pricing.home:
        return {}
    reads = _Lists(connection, runtime, facts)
    rows = reads.prices(wanted, currency)
    lists = reads.lists({str(row[reads.list_id]) for row in rows}, currency)
    found: dict[str, list[Listed]] = {}
    decimals = pricing.currencies.get(currency, 2)
    for row in rows:
        prices = lists.get(str(row[reads.list_id]))
        amount = reads.amount(row, facts.price, decimals)
        if prices is not None and amount is not None:
            was = reads.amount(row, facts.list_price, decimals) if facts.list_price else None
            lowest = reads.amount(row, reads.lowest, decimals) if reads.lowest else None
            least = int(row[facts.from_quantity] or 1) if facts.from_quantity else 1
            one = Listed(prices, amount, max(1, least), was, lowest)
            found.setdefault(str(row[facts.item]), []).append(one)
    return {item: tuple(ones) for item, ones in found.items()}


def told(priced: Priced, runtime: Runtime, actor: Actor) -> Priced:
    """Return the price as the caller may read it: lists that did not hold are for their readers."""
    pricing = runtime.app.pricing
    facts = pricing.lists if pricing is not None else None
    if facts is None or actor.kind == "system" or not priced.listings:
        return priced
    grant = runtime.matrix.grant(actor.roles, facts.entity, "read")
    if grant is not None and grant.is_wide:
        return priced
    kept = tuple(one for one in priced.listings if one.verdict == "applied")
    return replace(priced, listings=tuple(replace(one, by="") for one in kept))


def unpriced(priced: Priced) -> tuple[Listing, ...]:
    """Return the lines that nothing has a price for."""
    return tuple(one for one in priced.listings if one.verdict == "unpriced")


class _Lists:
    """Reads the prices of some items, and the lists they stand in."""

    def __init__(self, connection: sa.Connection, runtime: Runtime, facts: ListFacts) -> None:
        self.connection, self.runtime, self.facts = connection, runtime, facts
        self.entity = runtime.app.entities[facts.entity]
        self.part = runtime.app.entities[facts.part]
        self.list_id = self.part.child_of
        self.lowest = facts.history.lowest if facts.history is not None else ""

    def prices(self, items: tuple[str, ...], currency: str) -> list[Row]:
        facts = self.facts
        named = (facts.item, facts.price, facts.from_quantity, facts.list_price, self.lowest)
        clauses = [Clause(self._path(self.part, facts.item), "in", items)]
        if facts.currency:
            path = self._path(self.part, f"{self.list_id}.{facts.currency}")
            clauses.append(Clause(path, "eq", (currency,)))
        plan = self._plan(self.part, [self.list_id, *(text for text in named if text)])
        return self._rows(plan.with_values(clauses=tuple(clauses)))

    def lists(self, ids: set[str], currency: str) -> dict[str, PriceList]:
        facts, wanted = self.facts, tuple(sorted(ids))
        if not wanted:
            return {}
        scoped = {"channels": facts.channels, "groups": facts.groups, **facts.facts}
        many = {text for text in scoped.values() if text and self._leads_to_many(text)}
        own = [facts.key, facts.label, facts.priority, facts.since, facts.until]
        texts = [text for text in (*own, *scoped.values()) if text and text not in many]
        plan = self._plan(self.entity, ["id", *texts]).with_values(ids=wanted)
        if facts.where is not None:
            plan = plan.with_values(where=(facts.where,))
        rows = self._rows(plan)
        sets = {text: self._linked(text, wanted) for text in many}

        def among(row: Row, text: str) -> frozenset[str] | None:
            found = sets[text].get(str(row["id"])) if text in many else row[text] if text else None
            values = [found] if isinstance(found, str) else list(found or ())
            return frozenset(str(one) for one in values) or None

        return {str(row["id"]): self._list(row, currency, among) for row in rows}

    def _list(
        self, row: Row, currency: str, among: Callable[[Row, str], frozenset[str] | None]
    ) -> PriceList:
        facts = self.facts
        label = row[facts.label] if facts.label else None
        by_fact = {name: among(row, text) for name, text in facts.facts.items()}
        return PriceList(
            str(row[facts.key]),
            currency,
            int(row[facts.priority] or 0) if facts.priority else 0,
            among(row, facts.channels),
            among(row, facts.groups),
            {name: values for name, values in by_fact.items() if values is not None},
            self._moment(row[facts.since] if facts.since else None, 0),
            self._moment(row[facts.until] if facts.until else None, 1),
            dict(label) if isinstance(label, Mapping) else {"": str(label)} if label else {},
        )

    def _moment(self, value: Any, days: int) -> datetime | None:
        """Return a moment; a day begins at midnight of the shop, so many days later."""
        if isinstance(value, datetime) or value is None:
            return value
        assert isinstance(value, date)
        here = zone(self.runtime.app.time_zone)
        return datetime.combine(value + timedelta(days=days), time(), here)

    def amount(self, row: Row, path: str, decimals: int) -> int | None:
        """Return an amount in smallest units, half up where its field keeps more decimals."""
        if row[path] is None:
            return None
        field = self._path(self.part, path).field
        kind = self.runtime.compiled.field_types[field.type]
        assert isinstance(kind, Money)
        exact = Decimal(row[path]).scaleb(decimals - kind.places(field))
        return int(exact.quantize(Decimal(1), ROUND_HALF_UP))

    def _leads_to_many(self, text: str) -> bool:
        field = self.entity.fields[text.partition(".")[0]]
        words: Any = self.runtime.compiled.field_types[field.type]
        return bool(words.relation == "references")

    def _linked(self, text: str, ids: tuple[str, ...]) -> Mapping[str, list[str]]:
        """Return, by list, the values at the end of a path over many records."""
        name, _, key = text.partition(".")
        tables = self.runtime.schema.tables
        link, target = tables[f"{self.entity.name}.{name}"], tables[self.entity.fields[name].target]
        asked = sa.select(link.c.source_id, target.c[key]).where(
            link.c.target_id == target.c.id, link.c.source_id.in_(ids)
        )
        found: dict[str, list[str]] = {}
        for source, value in self.connection.execute(system(asked, WHY)):
            found.setdefault(str(source), []).append(str(value))
        return found

    def _rows(self, plan: QueryPlan) -> list[Row]:
        selection = self.runtime.statements.page(plan)
        rows = selection.rows(self.connection, self.runtime.statements.values(plan))
        places = {path.text: selection.position[path.text] for path in plan.paths}
        return [{text: row[place] for text, place in places.items()} for row in rows]

    def _plan(self, entity: Entity, texts: Iterable[str]) -> QueryPlan:
        return QueryPlan(
            entity=entity,
            grant=system_grant(entity.name),
            roles=frozenset(),
            paths=tuple(self._path(entity, text) for text in dict.fromkeys(texts)),
            limit=MOST,
            facts=_reading.context(self.runtime, READER),
            for_engine=True,
        )

    def _path(self, entity: Entity, text: str) -> Path:
        steps = self.runtime.app.walk(entity.name, text)
        assert steps is not None, text
        return Path(text, steps)
