"""Aggregates over child rows → correlated SQL: counts, sums that cannot overflow, extremes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from generator.expressions import constructs as c
from generator.expressions import tree as t
from generator.expressions.sql_paths import children
from generator.expressions.sql_rows import Element, Row, sql_type, value
from generator.expressions.sql_tests import false, true


def aggregate(node: t.Aggregate, row: Row) -> Element:
    if node.word in ("any", "all"):
        return sa.case((true(node, row), sa.true()), (false(node, row), sa.false()), else_=None)
    child, belongs = children(node, row)
    inner = replace(row, source=child)
    if node.element is None or node.word == "count":
        tests = [belongs] if node.element is None else [belongs, true(node.element, inner)]
        number: sa.Select[Any] = sa.select(sa.func.count(type_=sa.BigInteger()))
        number = number.select_from(child).where(*tests)
        return number.correlate_except(child).scalar_subquery()
    kind = sql_type(node.type)
    values = sa.select(value(node.element, inner).label("sw_value")).where(belongs)
    # Aggregating outside keeps an aggregate of outer values from belonging to the outer query.
    found = values.select_from(child).correlate_except(child).subquery()
    operand = found.c.sw_value
    if node.word == "sum":
        halves = sa.select(
            c.HighSum(kind, operand).label("sw_high"), c.LowSum(kind, operand).label("sw_low")
        ).subquery()
        return sa.select(c.Total(kind, halves.c.sw_high, halves.c.sw_low)).scalar_subquery()
    name = "count" if node.word == "known" else node.word
    return sa.select(getattr(sa.func, name)(operand, type_=kind)).scalar_subquery()
