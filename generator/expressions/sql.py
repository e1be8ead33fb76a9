"""Expression → SQLAlchemy Core for both databases: `condition` for WHERE, `value` for columns.

A condition is compiled twice over: `true` is "p is true", `false` is "p is false", and `not`
swaps them. SQL's NOT is never put over a subquery that may be unknown, so null cannot turn into
true (`semantics/permissions.md` §3.5). Above the leaves only AND and OR remain, and each part is
visited once, so the statement grows with the expression and no faster.

References become scalar subqueries and child rows become EXISTS or aggregates, both correlated:
the outer query needs no join and can be filtered, counted and paged as it is.

Values of the context are named binds, `ctx_actor_id`; `binds` takes their values for one run, so a
statement is built once and run for every actor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from generator.expressions import sql_tests, sql_values
from generator.expressions import tree as t
from generator.expressions.compile import Expression
from generator.expressions.sql_rows import Row, Tables, bind_name
from generator.expressions.types import ListOf, Reference, is_link


def condition(
    expression: Expression, tables: Tables, source: sa.FromClause | None = None
) -> sa.ColumnElement[bool]:
    """Return "the expression is true" for WHERE: rows where it is false or unknown do not pass.

    `source` is the table or alias of the outer query that stands for the entity, by default its
    table. Run the statement with `binds(expression, context)`.
    """
    return sql_tests.true(expression.tree, _row(expression, tables, source))


def refutation(
    expression: Expression, tables: Tables, source: sa.FromClause | None = None
) -> sa.ColumnElement[bool]:
    """Return "the expression is false" for WHERE: what probes need to find offending rows."""
    return sql_tests.false(expression.tree, _row(expression, tables, source))


def value(
    expression: Expression, tables: Tables, source: sa.FromClause | None = None
) -> sa.ColumnElement[Any]:
    """Return the value of an expression in its stored form, for columns and sorts."""
    return sql_values.value(expression.tree, _row(expression, tables, source))


def binds(
    expression: Expression, context: Mapping[str, Any], tables: Tables | None = None
) -> dict[str, Any]:
    """Return the parameters of a statement that holds the expression, out of one context.

    With `tables`, what the computed fields it reads ask of the context is there too.
    Raises `ValueError` for a list that is None: SQL has no unknown list, so nothing is asked.
    """
    asked = asked_of(expression, tables)
    return {name: context_value(node, context) for name, node in asked.items()}


def asked_of(expression: Expression, tables: Tables | None = None) -> dict[str, t.Context]:
    """Return what an expression asks of the context, by the names its SQL binds it under."""
    trees = [expression.tree] if tables is None else _with_computed(expression.tree, tables)
    nodes = (node for tree in trees for node in t.walk(tree))
    return {bind_name(node): node for node in nodes if isinstance(node, t.Context)}


def _with_computed(tree: t.Tree, tables: Tables) -> list[t.Tree]:
    """Return a tree and those of the computed fields it reads that have no column."""
    found, waiting = [tree], [tree]
    while waiting:
        for node in t.walk(waiting.pop()):
            if not isinstance(node, t.Field) or isinstance(node.type, Reference):
                continue
            entity, name = node.entities[-1], node.path[-1]
            if name in tables.table(entity).c or is_link(node.type):
                continue
            computed = tables.computed(entity, name).tree
            if computed not in found:
                found.append(computed)
                waiting.append(computed)
    return found


def context_value(node: t.Context, context: Mapping[str, Any]) -> Any:
    """Return the value of one question to the context, as it is bound."""
    if node.path == ("utc_offset",):
        return context.get("utc_offset", 0)
    current: Any = context
    for name in node.path:
        current = None if current is None else current[name]
    if isinstance(node.type, Reference) and isinstance(current, Mapping):
        return current["id"]
    if not isinstance(node.type, ListOf):
        return current
    if current is None:
        raise ValueError(f"'{'.'.join(node.path)}' is no list")
    return list(current)


def _row(expression: Expression, tables: Tables, source: sa.FromClause | None) -> Row:
    # An expression without an entity reads no field, so its row is never asked for a column.
    if source is None:
        source = tables.table(expression.entity) if expression.entity else sa.table("nothing")
    return Row(tables, source, source, sql_values.value)
