"""A test that reads one referenced record only → "the record exists and the test holds for it".

Inside EXISTS the database may join and use the indexes of the other table; a scalar subquery beside
every field would be asked for every row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from generator.expressions import tree as t
from generator.expressions.sql_rows import Row, Test

_STRICT = (
    t.Literal,
    t.Context,
    t.Arithmetic,
    t.Rescale,
    t.Limit,
    t.Round,
    t.Concat,
    t.Shift,
    t.Difference,
    t.Compare,
    t.Call,
)
"""Nodes that are unknown if a field in them is: with a missing record they are neither way."""


def common_step(node: t.Tree) -> tuple[str, str] | None:
    """Return the entity and reference that every field of a strict leaf goes through first."""
    found = list(t.walk(node))
    steps = {_first_step(part) for part in found if isinstance(part, t.Field)}
    if len(steps) != 1 or not all(_is_strict(part) for part in found):
        return None
    return steps.pop()


def _is_strict(node: t.Tree) -> bool:
    if isinstance(node, t.Among):
        # `x in []` is false and `1 in [x, 1]` true whatever x is.
        constant = all(isinstance(item, (t.Literal, t.Context)) for item in node.items)
        return constant and bool(node.items)
    return isinstance(node, (*_STRICT, t.Field))


def _first_step(field: t.Field) -> tuple[str, str] | None:
    direct = len(field.path) == 1 or field.path[1:] == ("id",) or field.outer
    return None if direct else (field.entities[0], field.path[0])


def beyond(
    node: t.Tree, step: tuple[str, str], row: Row, leaf: Callable[[t.Tree, Row], Test]
) -> Test:
    """Return "the referenced record exists and the leaf holds for it": the database may join."""
    local, target = row.tables.reference(*step)
    other = row.tables.table(target).alias()
    found: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(other)
    test = leaf(_from_there(node), replace(row, source=other))
    found = found.where(other.c.id == row.source.c[local], test)
    return found.correlate_except(other).exists()


def _from_there(node: t.Tree) -> t.Tree:
    """Return a leaf with the first step of every path taken."""
    if isinstance(node, t.Field):
        return replace(node, path=node.path[1:], entities=node.entities[1:])
    return t.rebuilt(node, _from_there)
