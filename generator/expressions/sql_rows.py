"""What all SQL of expressions stands on: whose rows are read, how constants are written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import sqlalchemy as sa

from generator.expressions import tree as t
from generator.expressions.compile import Expression
from generator.expressions.types import (
    TEXTUAL,
    Boolean,
    Date,
    DateTime,
    Duration,
    Number,
    Time,
    Type,
)
from generator.field_types._times import Utc

Element = sa.ColumnElement[Any]


Test = sa.ColumnElement[bool]


class Tables(Protocol):
    """Where entities and their relations are stored."""

    def table(self, entity: str) -> sa.Table:
        """Return the table of an entity; a plain field is the column of its name."""
        ...

    def reference(self, entity: str, field: str) -> tuple[str, str]:
        """Return the local column of a reference and the entity it points at."""
        ...

    def children(self, entity: str, field: str) -> tuple[str, str]:
        """Return the child entity and its column that points back."""
        ...

    def links(self, entity: str, field: str) -> tuple[sa.Table, str, str]:
        """Return the link table of a many-to-many field, its column of the owner, of the target."""
        ...

    def computed(self, entity: str, field: str) -> Expression:
        """Return the expression of a computed field; asked for a field without a column."""
        ...


@dataclass(frozen=True, slots=True)
class Row:
    """Which rows the names of a tree are read from."""

    tables: Tables
    source: sa.FromClause
    outer: sa.FromClause
    write: Callable[[t.Tree, Row], Element]
    """Writes the value of any node; here, so that paths and tests need not know every kind."""

    def at(self, source: sa.FromClause) -> Row:
        """Return the row of another table, for a tree of its own."""
        return replace(self, source=source, outer=source)


def value(node: t.Tree, row: Row) -> Element:
    """Return the value of a node, null where it is unknown."""
    return row.write(node, row)


def text(node: t.Tree, row: Row) -> Element:
    """Return a value; an id as text."""
    element = value(node, row)
    return as_text(element) if isinstance(node.type, TEXTUAL) else element


def sql_type(kind: Type) -> sa.types.TypeEngine[Any]:
    """Return the column type of the stored form of a type."""
    match kind:
        case Number() | Duration():
            return sa.BigInteger()
        case Boolean():
            return sa.Boolean()
        case Date():
            return sa.Date()
        case DateTime():
            return Utc()
        case Time():
            return sa.Time()
    return sa.String()


def bind_name(node: t.Context) -> str:
    return "ctx_" + "_".join(node.path)


def constant(node: t.Literal | t.Context, kind: sa.types.TypeEngine[Any]) -> Element:
    if isinstance(node, t.Context):
        bind = sa.bindparam(bind_name(node), type_=kind)
        # PostgreSQL is told the type of every other bind by its driver.
        return sa.cast(bind, kind) if isinstance(kind, sa.Boolean) else bind
    if node.value is None:
        return sa.null()
    if isinstance(node.value, bool):
        return sa.true() if node.value else sa.false()
    return sa.literal(node.value, kind)


def like(node: t.Tree, element: Element, other: Element) -> Element:
    if not isinstance(node, (t.Literal, t.Context)):
        return element
    if isinstance(node.type, (Number, Duration, Boolean)) or isinstance(
        other.type, sa.types.NullType
    ):
        return element
    return constant(node, other.type)


def is_plain(element: Element) -> bool:
    return isinstance(element.type, sa.String)


def as_text(element: Element) -> Element:
    return element if is_plain(element) else sa.cast(element, sa.String())


def alike(elements: list[Element]) -> bool:
    return len({is_plain(element) for element in elements}) == 1
