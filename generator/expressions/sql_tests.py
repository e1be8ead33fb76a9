"""Conditions → SQL, twice over: `true` is "it is true", `false` is "it is false"; `not` swaps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import sqlalchemy as sa

from generator.expressions import constructs as c
from generator.expressions import tree as t
from generator.expressions.sql_paths import bare, children, owner
from generator.expressions.sql_rows import (
    Element,
    Row,
    Test,
    alike,
    as_text,
    bind_name,
    is_plain,
    like,
    sql_type,
    value,
)
from generator.expressions.sql_through import beyond, common_step
from generator.expressions.types import TEXTUAL, Boolean, Duration, ListOf, Number, is_link


def true(node: t.Tree, row: Row) -> Test:
    """Return SQL that is true where the node is true, and false or null elsewhere."""
    match node:
        case t.And(parts=parts):
            return sa.and_(*(true(part, row) for part in parts))
        case t.Or(parts=parts):
            return sa.or_(*(true(part, row) for part in parts))
        case t.Not(operand=operand):
            return false(operand, row)
        case t.Aggregate(word="any"):
            return exists(node, row, true)
        case t.Aggregate(word="all"):
            return ~exists(node, row, _not_true)
        case t.Literal():
            return sa.true() if node.value else sa.false()
    return leaf(node, row, sure=True)


def false(node: t.Tree, row: Row) -> Test:
    """Return SQL that is true where the node is false, and false or null elsewhere."""
    match node:
        case t.And(parts=parts):
            return sa.or_(*(false(part, row) for part in parts))
        case t.Or(parts=parts):
            return sa.and_(*(false(part, row) for part in parts))
        case t.Not(operand=operand):
            return true(operand, row)
        case t.Aggregate(word="any"):
            return ~exists(node, row, _not_false)
        case t.Aggregate(word="all"):
            return exists(node, row, false)
        case t.Literal():
            return sa.true() if node.value is False else sa.false()
    return leaf(node, row, sure=False)


def leaf(node: t.Tree, row: Row, *, sure: bool) -> Test:
    """Return "the node is true" (or false) for a node without parts to negate."""
    step = common_step(node)
    if step is not None:
        return beyond(node, step, row, partial(leaf, sure=sure))
    match node:
        case t.Compare():
            return compare(node, row, node.operator if sure else _OPPOSITE[node.operator])
        case t.IsNull(operand=operand):
            element = bare(operand, row)
            return element.is_(None) if sure else element.is_not(None)
        case t.Within(list=t.Field(type=kind)) if is_link(kind):
            found, known = _linked(node, row)
            return found if sure else sa.and_(known, ~found)
        case t.Among() | t.Within(list=t.Context()):
            # Not NOT IN: that is true of an unknown value where the list is empty.
            found = contained(node, row)
            return found if sure else found == sa.false()
    return value(node, row) == (sa.true() if sure else sa.false())


def _not_true(node: t.Tree, row: Row) -> Test:
    """Return "false or unknown", itself never unknown."""
    return sa.func.coalesce(true(node, row), sa.false()) == sa.false()


def _not_false(node: t.Tree, row: Row) -> Test:
    """Return "true or unknown", itself never unknown."""
    return sa.func.coalesce(false(node, row), sa.false()) == sa.false()


def exists(node: t.Aggregate, row: Row, test: Callable[[t.Tree, Row], Test]) -> Test:
    """Return "there is a child row that passes the test of the element"."""
    child, belongs = children(node, row)
    element = node.element or t.Literal(True, Boolean())
    found: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(child)
    found = found.where(belongs, test(element, replace(row, source=child)))
    return found.correlate_except(child).exists()


_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


_OPERATORS: Mapping[str, Callable[[Element, Element], Test]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def compare(node: t.Compare, row: Row, operator: str) -> Test:
    left, right = pair(node.left, node.right, row)
    return _OPERATORS[operator](left, right)


def pair(left: t.Tree, right: t.Tree, row: Row) -> tuple[Element, Element]:
    """Return both sides; a constant beside a stored text or moment takes the type of its column.

    Ids are `uuid` on PostgreSQL: beside a text that is computed they are compared as text.
    """
    one, two = bare(left, row), bare(right, row)
    one, two = like(left, one, two), like(right, two, one)
    if isinstance(left.type, TEXTUAL) and is_plain(one) != is_plain(two):
        return as_text(one), as_text(two)
    return one, two


def contained(node: t.Among | t.Within, row: Row) -> Test:
    operand = bare(node.operand, row)
    if isinstance(node, t.Within):
        kind = _item_type(node, operand)
        if is_link(node.list.type) and isinstance(node.list, t.Field):
            found, known = _linked(node, row)
            return sa.case((known, found), else_=None)
        if not isinstance(node.list, t.Context):
            return c.ListHas(sa.Boolean(), as_text(operand), value(node.list, row))
        name = bind_name(node.list)
        return c.OneOf(sa.Boolean(), operand, sa.bindparam(name, type_=c.Many(kind)))
    if not node.items:
        return sa.false()
    if len(node.items) == 1:
        # Not IN: PostgreSQL reads `x IN ((SELECT …))` as a set, where no row is false, not null.
        return _OPERATORS["=="](*pair(node.operand, node.items[0], row))
    items = [like(item, value(item, row), operand) for item in node.items]
    if isinstance(node.operand.type, TEXTUAL) and not alike([operand, *items]):
        return as_text(operand).in_([as_text(item) for item in items])
    return operand.in_(items)


def _linked(node: t.Within, row: Row) -> tuple[Test, Test]:
    """Return "a many-to-many field holds the id", and "both are known"."""
    assert isinstance(node.list, t.Field)
    path, entities = node.list.path, node.list.entities
    holder = owner(path, entities, row, node.list.outer)
    table, own, other = row.tables.links(entities[-1], path[-1])
    link = table.alias()
    operand = like(node.operand, bare(node.operand, row), link.c[other])
    target: Element = link.c[other]
    if not alike([operand, target]):
        operand, target = as_text(operand), as_text(target)
    found: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(link)
    found = found.where(link.c[own] == holder, target == operand)
    known = sa.and_(operand.is_not(None), holder.is_not(None))
    return found.correlate_except(link).exists(), known


def _item_type(node: t.Within, operand: Element) -> sa.types.TypeEngine[Any]:
    item = node.list.type.item if isinstance(node.list.type, ListOf) else node.operand.type
    if isinstance(item, (Number, Duration)) or isinstance(operand.type, sa.types.NullType):
        return sql_type(item)
    return operand.type
