"""Values → SQL: one writer for each kind of node, null where the value is unknown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from generator.expressions import constructs as c
from generator.expressions import tree as t
from generator.expressions.sql_aggregates import aggregate
from generator.expressions.sql_functions import SQL
from generator.expressions.sql_paths import bare, wide_field
from generator.expressions.sql_rows import Element, Row, constant, sql_type, text
from generator.expressions.sql_tests import compare, contained, pair, true
from generator.expressions.types import Date


def value(node: t.Tree, row: Row) -> Element:
    """Return the value of a node, null where it is unknown."""
    writer: Callable[[Any, Row], Element] = _VALUES[type(node)]
    return writer(node, row)


def _literal_value(node: t.Literal, row: Row) -> Element:
    return constant(node, sql_type(node.type))


def _context_value(node: t.Context, row: Row) -> Element:
    return constant(node, sql_type(node.type))


def _arithmetic(node: t.Arithmetic, row: Row) -> Element:
    left, right = value(node.left, row), value(node.right, row)
    construct = _LIMITED.get(node.operator) if node.limited else _EXACT.get(node.operator)
    if construct is not None:
        return construct(sa.BigInteger(), left, right)
    plain: Element = {"+": left.__add__, "-": left.__sub__, "*": left.__mul__}[node.operator](right)
    return plain


_LIMITED = {"+": c.LimitedAdd, "-": c.LimitedSubtract, "*": c.LimitedMultiply}


_EXACT = {"//": c.FloorDivide, "%": c.Modulo}


def _rescale(node: t.Rescale, row: Row) -> Element:
    operand = value(node.operand, row)
    factor = sa.literal(10**node.places, sa.BigInteger())
    if node.limited:
        return c.LimitedMultiply(sa.BigInteger(), operand, factor)
    return operand * factor


def _limit(node: t.Limit, row: Row) -> Element:
    return c.Limited(sa.BigInteger(), value(node.operand, row))


def _round(node: t.Round, row: Row) -> Element:
    return c.RoundDivide(sa.BigInteger(), value(node.over, row), value(node.under, row))


def _concat(node: t.Concat, row: Row) -> Element:
    left, right = text(node.left, row), text(node.right, row)
    return left.op("||", return_type=sa.String())(right)


def _shift(node: t.Shift, row: Row) -> Element:
    operand, seconds = value(node.operand, row), value(node.duration, row)
    if node.sign < 0:
        seconds = sa.literal(0, sa.BigInteger()) - seconds
    if isinstance(node.type, Date):
        return c.ShiftDate(sa.Date(), operand, seconds)
    return c.ShiftMoment(operand.type, operand, seconds)


def _difference(node: t.Difference, row: Row) -> Element:
    left, right = pair(node.left, node.right, row)
    if isinstance(node.left.type, Date):
        return c.DaysBetween(sa.BigInteger(), left, right)
    return c.Epoch(sa.BigInteger(), left) - c.Epoch(sa.BigInteger(), right)


def _comparison(node: t.Compare, row: Row) -> Element:
    return compare(node, row, node.operator)


def _is_null(node: t.IsNull, row: Row) -> Element:
    return bare(node.operand, row).is_(None)


def _not(node: t.Not, row: Row) -> Element:
    # Not SQL's NOT: SQLAlchemy writes `NOT a IS NULL`, which is read as NOT (a IS NULL).
    return value(node.operand, row) == sa.false()


def _and(node: t.And, row: Row) -> Element:
    return sa.and_(*(value(part, row) for part in node.parts))


def _or(node: t.Or, row: Row) -> Element:
    return sa.or_(*(value(part, row) for part in node.parts))


def _if(node: t.If, row: Row) -> Element:
    then, other = text(node.then, row), text(node.other, row)
    chosen = sa.case((true(node.test, row), then), else_=other)
    return sa.type_coerce(chosen, sql_type(node.type))


def _coalesce(node: t.Coalesce, row: Row) -> Element:
    operands = [text(operand, row) for operand in node.operands]
    return sa.type_coerce(sa.func.coalesce(*operands), sql_type(node.type))


def _extreme(node: t.Extreme, row: Row) -> Element:
    construct = c.Smallest if node.word == "min" else c.Largest
    operands = (value(operand, row) for operand in node.operands)
    return construct(sql_type(node.type), *operands)


def _call(node: t.Call, row: Row) -> Element:
    arguments = (text(argument, row) for argument in node.arguments)
    return SQL[node.function](sql_type(node.type), *arguments)


_VALUES: Mapping[type, Callable[[Any, Row], Element]] = {
    t.Literal: _literal_value,
    t.Field: wide_field,
    t.Context: _context_value,
    t.Arithmetic: _arithmetic,
    t.Rescale: _rescale,
    t.Limit: _limit,
    t.Round: _round,
    t.Concat: _concat,
    t.Shift: _shift,
    t.Difference: _difference,
    t.Compare: _comparison,
    t.Among: contained,
    t.Within: contained,
    t.IsNull: _is_null,
    t.Not: _not,
    t.And: _and,
    t.Or: _or,
    t.If: _if,
    t.Coalesce: _coalesce,
    t.Extreme: _extreme,
    t.Call: _call,
    t.Aggregate: aggregate,
}
