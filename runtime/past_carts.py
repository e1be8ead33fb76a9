"""Carts of the past, made of the records that `past:` of `pricing:` names, in the order of time.

Comes in: how many of the latest. Goes out: batches of carts with their moment, their buyer and what
their goods cost the shop. A batch is a fixed number of statements, and only one is in memory; what
carts say is frozen in the records, what they lie in and who buys is as it is today.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import sqlalchemy as sa

from generator.field_types.money import Money
from generator.model.entity import Entity
from generator.model.past import Past
from generator.model.pricing import Pricing
from rules.pricing.cart import Cart, Customer, Line
from runtime.messages import Actor
from runtime.operations import _cart_facts, _reading
from runtime.runtime import Runtime
from runtime.store import fetch
from runtime.store.cursor import read_cursor
from runtime.store.engine import read
from runtime.store.filters import Clause
from runtime.store.guard import system, system_grant
from runtime.store.paths import Path
from runtime.store.plan import QueryPlan, Sort

BATCH = 200
STRIDE = 5_000
"""Records passed over at once while the first one is looked for."""
MOST_PARTS = 1_000_000
WHY = "how many orders somebody had before"
MACHINE = Actor(0, "replay", frozenset(), kind="system")


@dataclass(frozen=True, slots=True)
class PastCart:
    """One cart as it was bought."""

    record: str
    at: datetime
    cart: Cart
    customer: Customer
    channel: str
    costs: Mapping[str, int]
    """What the shop pays: by line for all its units, by item for one."""


@dataclass
class Passed:
    """What was not played through, and why."""

    counts: dict[str, int] = field(default_factory=dict)
    """currency: in another one; empty: nothing that could be bought."""

    def add(self, why: str) -> None:
        self.counts[why] = self.counts.get(why, 0) + 1


class PastCarts:
    """Reads carts of one currency."""

    def __init__(self, runtime: Runtime, currency: str = "") -> None:
        pricing = runtime.app.pricing
        assert pricing is not None
        assert pricing.past is not None
        self.runtime = runtime
        self.pricing: Pricing = pricing
        self.past: Past = pricing.past
        self.currency = currency or pricing.home
        self.passed = Passed()

    def batches(self, last: int) -> Iterator[Sequence[PastCart]]:
        """Yield the latest carts, the oldest of them first.

        Args:
            last: how many records; with those of the same moment as the first there may be more.

        """
        begins = self._begins(last)
        if begins is None:
            return
        past, entity = self.past, self.runtime.app.entities[self.past.entity]
        own = [one for one in (past.currency, past.customer, past.channel) if one]
        plan = self._plan(entity, ("id", past.at, *own), BATCH)
        since = Clause(self._path(entity, past.at), "gte", (begins,))
        plan = plan.with_values(clauses=(since,))
        following = ""
        while True:
            if following:
                cursor = read_cursor(following, plan.sort, backwards=False)
                plan = plan.with_values(cursor=cursor)
            with read(self.runtime.engine) as connection:
                page = fetch.page(connection, self.runtime.statements, plan)
                carts = self._carts(connection, [self._named(plan, row) for row in page.rows])
            yield carts
            if not page.next_cursor:
                return
            following = page.next_cursor

    def _begins(self, last: int) -> datetime | None:
        """Return the moment of the oldest of the latest records."""
        entity = self.runtime.app.entities[self.past.entity]
        plan = self._plan(entity, ("id", self.past.at), min(STRIDE, max(1, last)), newest=True)
        left, found = last, None
        while left > 0:
            with read(self.runtime.engine) as connection:
                page = fetch.page(connection, self.runtime.statements, plan)
            rows = page.rows[:left]
            if not rows:
                break
            found = self._named(plan, rows[-1])[self.past.at]
            left -= len(rows)
            if not page.next_cursor:
                break
            cursor = read_cursor(page.next_cursor, plan.sort, backwards=False)
            plan = plan.with_values(cursor=cursor)
        return found

    def _carts(
        self, connection: sa.Connection, rows: Sequence[Mapping[str, Any]]
    ) -> list[PastCart]:  # fmt: skip
        past, ids = self.past, tuple(str(row["id"]) for row in rows)
        parts = self._parts(connection, past.part, (past.item, past.quantity, past.price,
                                                    past.cost), ids)  # fmt: skip
        facts = _cart_facts.Facts(connection, self.runtime, MACHINE)
        keys = {
            str(part[past.item]) for found in parts.values() for part in found if part[past.item]
        }
        items = facts.items(keys)
        codes = self._codes(connection, ids)
        buyers = self._buyers(connection, facts, rows)
        made = []
        for row in rows:
            record = str(row["id"])
            key = str(row[past.customer] or "") if past.customer else ""
            buyer = buyers.get(key, Customer(key))
            if buyer.orders is not None:
                buyers[key] = Customer(key, buyer.groups, buyer.orders + 1)
            found = self._cart(row, parts.get(record, ()), items, codes.get(record, ()))
            if found is not None:
                channel = str(row[past.channel] or "") if past.channel else ""
                made.append(PastCart(record, row[past.at], found[0], buyer, channel, found[1]))
        return made

    def _cart(
        self,
        row: Mapping[str, Any],
        parts: Iterable[Mapping[str, Any]],
        items: Mapping[str, _cart_facts.Item],
        codes: Sequence[str],
    ) -> tuple[Cart, Mapping[str, int]] | None:
        """Return a cart and its costs; None where nothing could have been bought."""
        past = self.past
        currency = str(row[past.currency]) if past.currency else self.pricing.home
        if currency != self.currency:
            self.passed.add("currency")
            return None
        lines, costs = [], dict[str, int]()
        for number, part in enumerate(parts, 1):
            key, count = str(part[past.item] or ""), part[past.quantity]
            price = self._minor(past.price, part[past.price])
            if not isinstance(count, int) or count <= 0 or price is None or price < 0:
                continue
            item = items.get(key)
            if item is not None and item.currency != currency:
                item = None
            name = f"#{number}"
            lines.append(_line(name, key, count, price, item, self._decimals))
            cost = self._minor(past.cost, part[past.cost]) if past.cost else None
            if cost is not None:
                costs[name] = cost * count
                costs.setdefault(key, cost)
        if not lines:
            self.passed.add("empty")
            return None
        return Cart(currency, tuple(lines), codes=tuple(codes), gross=True), costs

    @property
    def _decimals(self) -> int:
        return self.pricing.currencies.get(self.currency, 2)

    def _minor(self, path: str, stored: Any) -> int | None:
        """Return a stored amount of a line in smallest units."""
        if stored is None:
            return None
        steps = self.runtime.app.walk(self.past.part, path)
        assert steps is not None
        kind = self.runtime.compiled.field_types[steps[-1].type]
        assert isinstance(kind, Money)
        return _rounded(Decimal(stored).scaleb(-kind.places(steps[-1])), self._decimals)

    def _parts(
        self, connection: sa.Connection, name: str, paths: Sequence[str], ids: tuple[str, ...]
    ) -> Mapping[str, list[Mapping[str, Any]]]:
        """Return the parts of some records in their order: one statement."""
        entity = self.runtime.app.entities[name]
        texts = ("id", "position", entity.child_of, *(path for path in paths if path))
        plan = self._plan(entity, texts, MOST_PARTS, sort=("position", "id"))
        plan = plan.with_values(parent=(entity.child_of, ids))
        found: dict[str, list[Mapping[str, Any]]] = {}
        selection = self.runtime.statements.page(plan)
        for row in selection.rows(connection, self.runtime.statements.values(plan)):
            named = self._named(plan, row)
            found.setdefault(str(named[entity.child_of]), []).append(named)
        return found

    def _codes(
        self, connection: sa.Connection, ids: tuple[str, ...]
    ) -> Mapping[str, Sequence[str]]:  # fmt: skip
        if self.past.code is None or not ids:
            return {}
        _, part, path = self.past.code
        found = self._parts(connection, part, (path,), ids)
        return {
            record: tuple(dict.fromkeys(str(one[path]) for one in some if one[path]))
            for record, some in found.items()
        }

    def _buyers(
        self,
        connection: sa.Connection,
        facts: _cart_facts.Facts,
        rows: Sequence[Mapping[str, Any]],
    ) -> dict[str, Customer]:
        """Return who buys: groups of today, and how many orders there were before this batch."""
        past, known = self.past, self.pricing.customer
        if not past.customer or known is None or not rows:
            return {}
        keys = {str(row[past.customer]) for row in rows if row[past.customer]}
        groups = facts.groups(keys)
        before = self._before(connection, rows[0], groups)
        return {
            key: Customer(key, held, before.get(record) if before is not None else None)
            for key, (record, held) in groups.items()
        }

    def _before(
        self,
        connection: sa.Connection,
        first: Mapping[str, Any],
        groups: Mapping[str, tuple[str, tuple[str, ...]]],
    ) -> Mapping[str, int] | None:
        """Return how many orders each had before the first of a batch; None if nobody knows."""
        known, past = self.pricing.customer, self.past
        if known is None or known.orders is None or known.orders[0] != past.entity:
            return None
        table = self.runtime.schema.tables[past.entity]
        buyer, at = table.c[known.orders[1]], table.c[past.at]
        ids = sorted(record for record, _ in groups.values())
        asked = (
            sa.select(buyer, sa.func.count())
            .where(buyer.in_(ids), at < first[past.at])
            .group_by(buyer)
        )
        found = {str(row[0]): int(row[1]) for row in connection.execute(system(asked, WHY))}
        return {record: found.get(record, 0) for record in ids}

    def _plan(
        self,
        entity: Entity,
        texts: Iterable[str],
        limit: int,
        *,
        newest: bool = False,
        sort: tuple[str, ...] | None = None,
    ) -> QueryPlan:
        keys = sort or (self.past.at, "id")
        whole = entity.name == self.past.entity
        return QueryPlan(
            entity=entity,
            grant=system_grant(entity.name),
            roles=frozenset(),
            paths=tuple(self._path(entity, text) for text in dict.fromkeys(texts)),
            where=(self.past.where,) if whole and self.past.where is not None else (),
            sort=tuple(Sort(self._path(entity, key), newest) for key in keys),
            limit=limit,
            facts=_reading.context(self.runtime, MACHINE),
            for_engine=True,
        )

    def _path(self, entity: Entity, text: str) -> Path:
        steps = self.runtime.app.walk(entity.name, text)
        assert steps is not None, text
        return Path(text, steps)

    def _named(self, plan: QueryPlan, row: Any) -> Mapping[str, Any]:
        position = self.runtime.statements.page(plan).position
        return {path.text: row[position[path.text]] for path in plan.paths}


def _line(
    number: str, key: str, count: int, price: int, item: _cart_facts.Item | None, decimals: int
) -> Line:
    if item is None:
        return Line(number, key, count, price)
    listed = item.list_price
    was = _rounded(listed, decimals) if listed is not None else None
    least = min(_rounded(item.least, decimals), price)
    return Line(number, key, count, price, item.labels, was if was and was > price else None, least)


def _rounded(amount: Decimal, decimals: int) -> int:
    return int(amount.scaleb(decimals).quantize(Decimal(1), ROUND_HALF_UP))
