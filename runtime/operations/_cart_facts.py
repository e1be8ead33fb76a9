"""What a cart must know of the shop: prices and labels of items, groups and orders of a customer.

Records are read within the caller's right to read them; the cells are for rules, which see what is
there. Five statements at most, whatever the lines: items, the tree of each label that lies in one,
the customer, and how many orders they have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import sqlalchemy as sa

from generator.field_types._scaled import Scaled
from generator.model.entity import Entity
from generator.model.placing import HandedOut
from generator.model.pricing import Pricing
from rules.permissions import Grant
from rules.pricing.cart import CodeFact
from rules.pricing.codes import normalized
from runtime.messages import Actor
from runtime.operations import _reading
from runtime.runtime import Runtime
from runtime.store import fetch
from runtime.store.filters import Clause
from runtime.store.guard import system_grant
from runtime.store.paths import Path
from runtime.store.plan import QueryPlan

MOST_BRANCHES = 100_000


@dataclass(frozen=True)
class Item:
    """What is known of an item."""

    id: str
    price: Decimal
    currency: str
    list_price: Decimal | None
    least: Decimal
    labels: Mapping[str, tuple[str, ...]]
    tax: Fraction = Fraction(0)
    lowest: Decimal | None = None
    """The lowest price before it was reduced."""
    tax_class: str = ""


@dataclass(frozen=True)
class Buyer:
    """What is known of a customer."""

    id: str
    contact: str
    groups: tuple[str, ...]
    orders: int | None


class Facts:
    """Looks things up for one cart."""

    def __init__(self, connection: sa.Connection, runtime: Runtime, actor: Actor) -> None:
        self.connection, self.runtime, self.actor = connection, runtime, actor
        assert runtime.app.pricing is not None
        self.pricing: Pricing = runtime.app.pricing

    def items(self, keys: Iterable[str]) -> Mapping[str, Item]:
        """Return the items with these keys that the caller may read."""
        wanted, facts = tuple(sorted(set(keys))), self.pricing.item
        entity = self.runtime.app.entities[facts.entity]
        grant = self._grant(entity)
        if not wanted or grant is None:
            return {}
        lowest = facts.history.lowest if facts.history is not None else ""
        single = (facts.key, facts.price, facts.currency, facts.list_price, facts.least,
                  facts.tax, facts.tax_class, lowest)  # fmt: skip
        texts = ["id", *(text for text in (*single, *facts.labels.values()) if text)]
        rows = self._rows(entity, grant, texts, facts.key, wanted)
        above = {facet: self._above(path) for facet, path in facts.labels.items()}
        return {str(row[facts.key]): self._item(row, above) for row in rows}

    def _item(self, row: Mapping[str, Any], above: Mapping[str, Mapping[str, str]]) -> Item:
        facts = self.pricing.item
        found: dict[str, tuple[str, ...]] = {}
        for facet, path in facts.labels.items():
            value = row[path]
            values = [value] if isinstance(value, str) else list(value or ())
            found[facet] = tuple(dict.fromkeys(
                name for one in values for name in lineage(one, above[facet])
            ))  # fmt: skip
        return Item(
            str(row["id"]),
            self._amount(row, facts.price) or Decimal(0),
            row[facts.currency] if facts.currency else self.pricing.home,
            self._amount(row, facts.list_price),
            self._amount(row, facts.least) or Decimal(0),
            found,
            Fraction(self._amount(row, facts.tax) or Decimal(0)) / 100,
            self._amount(row, facts.history.lowest if facts.history is not None else ""),
            str(row[facts.tax_class] or "") if facts.tax_class else "",
        )

    def _amount(self, row: Mapping[str, Any], path: str) -> Decimal | None:
        """Return an amount as it is, whatever decimals its field keeps."""
        steps = self.runtime.app.walk(self.pricing.item.entity, path) if path else None
        if steps is None or row[path] is None:
            return None
        kind = self.runtime.compiled.field_types[steps[-1].type]
        assert isinstance(kind, Scaled)
        return Decimal(row[path]).scaleb(-kind.places(steps[-1]))

    def buyer(self, key: str) -> Buyer | None:
        """Return what is known of a customer; None for one who is not there for this caller."""
        facts = self.pricing.customer
        if facts is None:
            return None
        entity = self.runtime.app.entities[facts.entity]
        grant = self._grant(entity)
        if grant is None:
            return None
        texts = ["id", facts.key, *(one for one in (facts.groups, facts.contact) if one)]
        rows = self._rows(entity, grant, texts, facts.key, (key,))
        if not rows:
            return None
        groups = rows[0][facts.groups] if facts.groups else None
        held = (groups,) if isinstance(groups, str) else tuple(groups or ())
        found = str(rows[0]["id"])
        contact = str(rows[0][facts.contact] or "") if facts.contact else ""
        return Buyer(found, contact, held, self._orders(found))

    def groups(self, keys: Iterable[str]) -> Mapping[str, tuple[str, tuple[str, ...]]]:
        """Return, by key of a customer, the record and the groups: one statement."""
        facts, wanted = self.pricing.customer, tuple(sorted(set(keys)))
        entity = self.runtime.app.entities[facts.entity] if facts is not None else None
        grant = self._grant(entity) if entity is not None else None
        if facts is None or entity is None or grant is None or not wanted:
            return {}
        texts = ["id", facts.key, *([facts.groups] if facts.groups else [])]
        found = {}
        for row in self._rows(entity, grant, texts, facts.key, wanted):
            held = row[facts.groups] if facts.groups else None
            many = (held,) if isinstance(held, str) else tuple(held or ())
            found[str(row[facts.key])] = (str(row["id"]), many)
        return found

    def some(self, count: int) -> Sequence[str]:
        """Return the keys of a few items that the caller may read, to try things with."""
        facts = self.pricing.item
        entity = self.runtime.app.entities[facts.entity]
        grant = self._grant(entity)
        if grant is None:
            return ()
        texts = [text for text in (facts.key, facts.currency) if text]
        rows = self._read(self._plan(entity, grant, texts, count * 5))
        usual = [
            row for row in rows if not facts.currency or row[facts.currency] == self.pricing.home
        ]
        return [str(row[facts.key]) for row in usual[:count]]

    def missing(self, facet: str, values: Iterable[str]) -> Iterable[str]:
        """Return which items, or values of a label, are nowhere in the shop: one statement.

        A label that is written into the item itself, such as a tag, is whatever people write.
        """
        facts, wanted = self.pricing.item, tuple(sorted(set(values)))
        steps = self.runtime.app.walk(facts.entity, facts.labels[facet] if facet else facts.key)
        if steps is None or not wanted or (facet and len(steps) < 2) or steps[-1].type == "tags":
            return ()
        entity = self.runtime.app.entities[steps[-1].entity]
        name = steps[-1].name
        rows = self._rows(entity, system_grant(entity.name), [name], name, wanted)
        there = {str(row[name]) for row in rows}
        return [one for one in wanted if one not in there]

    def _orders(self, buyer: str) -> int | None:
        """Return how many orders a customer has."""
        facts = self.pricing.customer
        if facts is None or facts.orders is None:
            return None
        name, field = facts.orders
        entity = self.runtime.app.entities[name]
        plan = self._plan(entity, system_grant(name), ["id"], 1)
        plan = plan.with_values(clauses=(Clause(self._path(entity, field), "eq", (buyer,)),))
        return fetch.count(self.connection, self.runtime.statements, plan, exact=True)[0]

    def codes(self, typed: Iterable[str], now: datetime) -> Mapping[str, CodeFact]:
        """Return what is known of codes that were handed out singly: a statement an entity of them.

        Whoever types a code knows it: no right is asked, and nothing but its state is told.
        """
        wanted = {*typed, *map(normalized, typed)}
        found: dict[str, CodeFact] = {}
        for facts in self.pricing.codes if wanted else ():
            found |= self._codes(facts, wanted, now)
        return found

    def _codes(
        self, facts: HandedOut, wanted: Iterable[str], now: datetime
    ) -> Mapping[str, CodeFact]:
        entity = self.runtime.app.entities[facts.entity]
        texts = (facts.key, facts.promotion, facts.owner, facts.holder, facts.since, facts.until,
                 facts.state, facts.limit)  # fmt: skip
        rows = self._rows(
            entity,
            system_grant(entity.name),
            ["id", *(text for text in texts if text)],
            facts.key,
            tuple(sorted(wanted)),
        )
        return {
            normalized(str(row[facts.key])): _code_fact(facts, row, now)
            for row in rows
            if row[facts.promotion]
        }

    def _above(self, path: str) -> Mapping[str, str]:
        """Return what stands above each value of a label that lies in a tree; {} elsewhere."""
        steps = self.runtime.app.walk(self.pricing.item.entity, path)
        if steps is None or len(steps) < 2:
            return {}
        entity = self.runtime.app.entities[steps[-2].target]
        tree = next((field for field in entity.fields.values() if field.type == "tree"), None)
        if tree is None:
            return {}
        name = steps[-1].name
        texts = [name, f"{tree.name}.{name}"]
        plan = self._plan(entity, system_grant(entity.name), texts, MOST_BRANCHES)
        return {
            str(row[name]): str(row[texts[1]])
            for row in self._read(plan)
            if row[name] is not None and row[texts[1]] is not None
        }

    def _grant(self, entity: Entity) -> Grant | None:
        if self.actor.kind == "system":
            return system_grant(entity.name)
        return self.runtime.matrix.grant(self.actor.roles, entity.name, "read")

    def _rows(
        self, entity: Entity, grant: Grant, texts: Sequence[str], key: str, values: tuple[str, ...]
    ) -> list[Mapping[str, Any]]:
        plan = self._plan(entity, grant, texts, len(values))
        clause = Clause(self._path(entity, key), "in", values)
        return self._read(plan.with_values(clauses=(clause,)))

    def _read(self, plan: QueryPlan) -> list[Mapping[str, Any]]:
        selection = self.runtime.statements.page(plan)
        rows = selection.rows(self.connection, self.runtime.statements.values(plan))
        places = {path.text: selection.position[path.text] for path in plan.paths}
        return [{text: row[place] for text, place in places.items()} for row in rows]

    def _plan(self, entity: Entity, grant: Grant, texts: Iterable[str], limit: int) -> QueryPlan:
        return QueryPlan(
            entity=entity,
            grant=grant,
            roles=self.actor.roles,
            paths=tuple(self._path(entity, text) for text in dict.fromkeys(texts)),
            limit=limit,
            facts=_reading.context(self.runtime, self.actor),
            for_engine=True,
        )

    def _path(self, entity: Entity, text: str) -> Path:
        """Return a path as rules see it: it crosses what they look at, whoever asks."""
        steps = self.runtime.app.walk(entity.name, text)
        assert steps is not None, text
        return Path(text, steps)


def _code_fact(facts: HandedOut, row: Mapping[str, Any], now: datetime) -> CodeFact:
    since, until = (row[path] if path else None for path in (facts.since, facts.until))
    state = "open"
    if since is not None and now < since:
        state = "not_started"
    elif until is not None and now >= until:
        state = "ended"
    elif facts.state and row[facts.state] not in facts.usable:
        # it still holds, so that it was used or taken away: that is not `ended`
        state = "limit_reached"
    limit = row[facts.limit] if facts.limit else None
    owner = str(row[facts.owner] or "") if facts.owner else ""
    opened = str(row[facts.promotion])
    return CodeFact(
        f"{facts.offered}:{opened}" if facts.offered else opened,
        owner,
        1 if limit is None else int(limit),
        state,
        facts.each_once,
        (facts.entity, str(row["id"])),
        str(row[facts.holder] or "") if facts.holder else "",
    )


def lineage(value: str, above: Mapping[str, str]) -> Iterable[str]:
    """Yield a value and everything above it."""
    seen: set[str] = set()
    here: str | None = value
    while here is not None and here not in seen:
        seen.add(here)
        yield here
        here = above.get(here)


def minor(amount: Decimal, decimals: int) -> int:
    """Return an amount in smallest units, half up where its field keeps more decimals."""
    return int(amount.scaleb(decimals).quantize(Decimal(1), ROUND_HALF_UP))
