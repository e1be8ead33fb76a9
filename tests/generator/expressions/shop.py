"""A small shop for the tests of expressions: its scope, its tables, rows full of edges.

The rows come from a seed: nulls everywhere, numbers at their limits, Chinese text, wildcard and
case traps, empty and long lists, orders without lines, lines without products.
"""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from generator.expressions import types as t
from generator.expressions.compile import Expression, parse
from generator.expressions.scope import FixedScope
from generator.field_types._ids import id_type
from generator.field_types._json import JsonType
from generator.field_types._times import Utc
from generator.model.text import NOWHERE

ENTITIES: Mapping[str, Mapping[str, t.Type]] = {
    "order": {
        "total": t.Number(2),
        "discount": t.Number(2),
        "rate": t.Number(4),
        "quantity": t.Number(0),
        "note": t.Text(),
        "code": t.Text(),
        "status": t.Choice(("draft", "paid", "shipped")),
        "urgent": t.Boolean(),
        "due": t.Date(),
        "placed": t.DateTime(),
        "opens": t.Time(),
        "lead": t.Duration(),
        "tags": t.ListOf(t.Text()),
        "customer": t.Reference("customer"),
        "levels": t.ListOf(t.Reference("level")),
        "net": t.Number(2),
        "overdue": t.Number(0),
        "lines": t.Children("line"),
    },
    "customer": {
        "name": t.Text(),
        "credit": t.Number(2),
        "active": t.Boolean(),
        "born": t.Date(),
        "level": t.Reference("level"),
        "orders": t.Children("order"),
    },
    "level": {"name": t.Text(), "rank": t.Number(0)},
    "line": {
        "amount": t.Number(2),
        "pieces": t.Number(0),
        "sku": t.Text(),
        "gift": t.Boolean(),
        "promised": t.Date(),
        "product": t.Reference("product"),
        "parts": t.Children("part"),
    },
    "product": {"price": t.Number(2), "name": t.Text()},
    "part": {"weight": t.Number(3), "name": t.Text()},
}

NAMES: Mapping[str, t.Type] = {
    "actor": t.Record(
        {
            "id": t.Text(),
            "name": t.Text(),
            "customer": t.Reference("customer"),
            "customers": t.ListOf(t.Text()),
            "limit": t.Number(2),
            "senior": t.Boolean(),
        }
    ),
    "today": t.Date(),
    "now": t.DateTime(),
}

SCOPE = FixedScope("order", ENTITIES, NAMES)

_metadata = sa.MetaData()


def _table(name: str, *columns: sa.Column[Any]) -> sa.Table:
    return sa.Table(name, _metadata, sa.Column("id", id_type(), primary_key=True), *columns)


_TABLES = {
    "level": _table("level", sa.Column("name", sa.Text), sa.Column("rank", sa.Integer)),
    "customer": _table(
        "customer",
        sa.Column("name", sa.String(80)),
        sa.Column("credit", sa.BigInteger),
        sa.Column("active", sa.Boolean),
        sa.Column("born", sa.Date),
        sa.Column("level_id", id_type(), sa.ForeignKey("level.id")),
    ),
    "product": _table(
        "product", sa.Column("price", sa.BigInteger), sa.Column("name", sa.String(80))
    ),
    "order": _table(
        "order",
        sa.Column("total", sa.BigInteger),
        sa.Column("discount", sa.BigInteger),
        sa.Column("rate", sa.BigInteger),
        sa.Column("quantity", sa.Integer),
        sa.Column("note", sa.Text),
        sa.Column("code", sa.String(80)),
        sa.Column("status", sa.String(20)),
        sa.Column("urgent", sa.Boolean),
        sa.Column("due", sa.Date),
        sa.Column("placed", Utc()),
        sa.Column("opens", sa.Time),
        sa.Column("lead", sa.BigInteger),
        sa.Column("tags", JsonType()),
        sa.Column("customer_id", id_type(), sa.ForeignKey("customer.id")),
    ),
    "line": _table(
        "line",
        sa.Column("order_id", id_type(), sa.ForeignKey("order.id")),
        sa.Column("amount", sa.BigInteger),
        sa.Column("pieces", sa.Integer),
        sa.Column("sku", sa.String(80)),
        sa.Column("gift", sa.Boolean),
        sa.Column("promised", sa.Date),
        sa.Column("product_id", id_type(), sa.ForeignKey("product.id")),
    ),
    "part": _table(
        "part",
        sa.Column("line_id", id_type(), sa.ForeignKey("line.id")),
        sa.Column("weight", sa.BigInteger),
        sa.Column("name", sa.String(80)),
    ),
}

_LINKS = sa.Table(
    "order__levels",
    _metadata,
    sa.Column("source_id", id_type(), sa.ForeignKey("order.id"), primary_key=True),
    sa.Column("target_id", id_type(), sa.ForeignKey("level.id"), primary_key=True),
)
_TABLES["order__levels"] = _LINKS

_CHILDREN = {
    ("order", "lines"): ("line", "order_id"),
    ("line", "parts"): ("part", "line_id"),
    ("customer", "orders"): ("order", "customer_id"),
}


class Tables:
    """Where the shop is stored."""

    def table(self, entity: str) -> sa.Table:
        return _TABLES[entity]

    def reference(self, entity: str, field: str) -> tuple[str, str]:
        return f"{field}_id", field

    def links(self, entity: str, field: str) -> tuple[sa.Table, str, str]:
        return _LINKS, "source_id", "target_id"

    def computed(self, entity: str, field: str) -> Expression:
        return COMPUTED[entity, field]

    def children(self, entity: str, field: str) -> tuple[str, str]:
        return _CHILDREN[entity, field]


TABLES = Tables()


def _computed(text: str, kind: t.Type) -> Expression:
    found, problems = parse(text, NOWHERE, SCOPE, kind)
    assert found is not None, problems
    return found


COMPUTED = {
    ("order", "net"): _computed("total - discount - sum(lines.amount)", t.Number(2)),
    ("order", "overdue"): _computed("today - due", t.Number(0)),
}
"""Fields without a column: SQL works them out where they are read."""

TEXTS = (
    "",
    "a",
    "A",
    "ab",
    "aB",
    "100%",
    "a_b",
    "a\\b",
    "É",
    "é",
    "中文",
    "张三丰",
    "'",
    "a b",
    "x",
)
NUMBERS = (
    0,
    1,
    -1,
    2,
    3,
    -7,
    50,
    99,
    100,
    101,
    12_345,
    -12_345,
    10**9,
    10**15 + 1,
    -(10**17),
    10**18 - 1,
)
DATES = ("0001-01-01", "1969-12-31", "2024-02-29", "2026-11-22", "2026-11-23", "9999-12-31")
MOMENTS = (
    "1969-12-31T23:59:59.999999+00:00",
    "2026-11-22T00:00:00+00:00",
    "2026-11-22T16:00:00+00:00",
    "2026-11-22T15:59:59.999999+00:00",
    "2026-11-22T08:30:00.500000+00:00",
    "1000-01-02T00:00:00+00:00",
    "9999-12-30T23:59:59+00:00",
)
DURATIONS = (0, 1, -1, 59, 86_399, 86_400, -86_401, 10**9, 10**13)
CONTEXT: Mapping[str, Any] = {
    "actor": {
        "id": "00000000-0000-7000-8000-000000000001",
        "name": "张三丰",
        "customer": "00000000-0000-7000-8000-000000000002",
        "customers": [f"00000000-0000-7000-8000-00000000000{n}" for n in (1, 2, 3)],
        "limit": 100,
        "senior": True,
    },
    "today": dt.date(2026, 11, 22),
    "now": dt.datetime(2026, 11, 22, 16, 0, tzinfo=dt.UTC),
    "utc_offset": 8 * 3600,
}
NOBODY: Mapping[str, Any] = {
    "actor": {
        "id": None,
        "name": None,
        "customer": None,
        "customers": [],
        "limit": None,
        "senior": None,
    },
    "today": dt.date(2026, 11, 22),
    "now": dt.datetime(2026, 11, 22, 16, 0, tzinfo=dt.UTC),
}


@dataclass(frozen=True)
class Shop:
    """Rows as the tables hold them, and the same rows as facts."""

    rows: Mapping[str, Sequence[dict[str, Any]]]
    orders: Mapping[str, dict[str, Any]]
    """Facts of each order by id."""


def shop(seed: int, orders: int = 60) -> Shop:
    """Return the shop of a seed."""
    pick = _Picker(random.Random(seed))
    levels = [{"id": _id(n), "name": pick.text(), "rank": pick.small()} for n in range(3)]
    customers = [
        {
            "id": _id(n),
            "name": pick.text(),
            "credit": pick.number(),
            "active": pick.boolean(),
            "born": pick.date(),
            "level_id": pick.maybe(lambda: pick.one(levels)["id"]),
        }
        for n in range(8)
    ]
    products = [{"id": _id(n), "price": pick.number(), "name": pick.text()} for n in range(4)]
    heads = [
        {
            "id": _id(n),
            "total": pick.number(),
            "discount": pick.number(),
            "rate": pick.number(),
            "quantity": pick.small(),
            "note": pick.text(),
            "code": pick.text(),
            "status": pick.maybe(lambda: pick.one(("draft", "paid", "shipped"))),
            "urgent": pick.boolean(),
            "due": pick.date(),
            "placed": pick.moment(),
            "opens": pick.maybe(lambda: dt.time(pick.one((0, 9, 23)), 30)),
            "lead": pick.maybe(lambda: pick.one(DURATIONS)),
            "tags": pick.maybe(lambda: [pick.one(TEXTS) for _ in range(pick.one((0, 1, 3)))]),
            "customer_id": pick.maybe(lambda: pick.one(customers)["id"]),
        }
        for n in range(orders)
    ]
    lines = [
        {
            "id": _id(n),
            "order_id": pick.one(heads[: orders * 3 // 4])["id"],
            "amount": pick.number(),
            "pieces": pick.small(),
            "sku": pick.text(),
            "gift": pick.boolean(),
            "promised": pick.date(),
            "product_id": pick.maybe(lambda: pick.one(products)["id"]),
        }
        for n in range(orders * 2)
    ]
    parts = [
        {
            "id": _id(n),
            "line_id": pick.one(lines)["id"],
            "weight": pick.number(),
            "name": pick.text(),
        }
        for n in range(orders)
    ]
    links = [
        {"source_id": head["id"], "target_id": level["id"]}
        for head in heads
        for level in levels
        if pick.one((True, False, False))
    ]
    rows = {
        "level": levels,
        "customer": customers,
        "product": products,
        "order": heads,
        "line": lines,
        "part": parts,
        "order__levels": links,
    }
    return Shop(rows, _facts(rows))


def fill(engine: sa.Engine, rows: Mapping[str, Sequence[dict[str, Any]]]) -> None:
    """Create the tables anew and insert the rows."""
    with engine.begin() as connection:
        _metadata.drop_all(connection)
        _metadata.create_all(connection)
        for name, found in rows.items():
            connection.execute(_TABLES[name].insert(), [dict(row) for row in found])


def _facts(rows: Mapping[str, Sequence[dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    entities = {name: found for name, found in rows.items() if name in ENTITIES}
    copies = {name: {row["id"]: dict(row) for row in found} for name, found in entities.items()}
    for customer in copies["customer"].values():
        customer["level"] = copies["level"].get(customer["level_id"])
        customer["orders"] = []
    for order in copies["order"].values():
        order["customer"] = copies["customer"].get(order["customer_id"])
        order["lines"] = []
        order["levels"] = [
            copies["level"][link["target_id"]]
            for link in rows["order__levels"]
            if link["source_id"] == order["id"]
        ]
        if order["customer"] is not None:
            order["customer"]["orders"].append(order)
    for line in copies["line"].values():
        line["product"] = copies["product"].get(line["product_id"])
        line["parts"] = []
        copies["order"][line["order_id"]]["lines"].append(line)
    for part in copies["part"].values():
        copies["line"][part["line_id"]]["parts"].append(part)
    for order in copies["order"].values():
        for (_, name), expression in COMPUTED.items():
            order[name] = expression.function(order, CONTEXT)
    return copies["order"]


def _id(number: int) -> str:
    return f"00000000-0000-7000-8000-{number:012d}"


@dataclass(frozen=True)
class _Picker:
    random: random.Random

    def one(self, among: Sequence[Any]) -> Any:
        return self.random.choice(among)

    def maybe(self, make: Callable[[], Any]) -> Any:
        return None if self.random.random() < 0.2 else make()

    def text(self) -> Any:
        return self.maybe(lambda: self.one(TEXTS))

    def number(self) -> Any:
        return self.maybe(lambda: self.one(NUMBERS))

    def small(self) -> Any:
        return self.maybe(lambda: self.one((0, 1, 2, 3, -1, -4, 2**31 - 1, -(2**31))))

    def boolean(self) -> Any:
        return self.maybe(lambda: self.one((True, False)))

    def date(self) -> Any:
        return self.maybe(lambda: dt.date.fromisoformat(self.one(DATES)))

    def moment(self) -> Any:
        return self.maybe(lambda: dt.datetime.fromisoformat(self.one(MOMENTS)))


def written(text: str) -> str:
    """Return a text as an author writes it in an expression."""
    return json.dumps(text, ensure_ascii=False)
