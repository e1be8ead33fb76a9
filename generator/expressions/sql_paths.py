"""Paths of fields → columns: references are scalar subqueries, child rows a correlated table."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from generator.expressions import tree as t
from generator.expressions.sql_rows import Element, Row, Test, value
from generator.expressions.types import Reference


def owner(path: tuple[str, ...], entities: tuple[str, ...], row: Row, outer: bool) -> Element:
    """Return the id of the row that holds the rows at the end of a path."""
    source = row.outer if outer else row.source
    if len(path) == 1:
        return source.c.id
    return column(source, path[:-1], entities[:-1], row, is_reference=True)


def field(node: t.Field, row: Row) -> Element:
    source = row.outer if node.outer else row.source
    path, entities = node.path, node.entities
    is_reference = isinstance(node.type, Reference)
    if len(path) > 1 and path[-1] == "id":
        path, is_reference = path[:-1], True
    return column(source, path, entities, row, is_reference=is_reference)


def wide_field(node: t.Field, row: Row) -> Element:
    """Return a field to compute with: PostgreSQL would compute narrow columns in 32 bits."""
    element = field(node, row)
    if isinstance(element.type, sa.Integer) and not isinstance(element.type, sa.BigInteger):
        return sa.cast(element, sa.BigInteger())
    return element


def bare(node: t.Tree, row: Row) -> Element:
    """Return a value to compare: a field is its column as it is, so that an index serves."""
    return field(node, row) if isinstance(node, t.Field) else value(node, row)


def column(
    source: sa.FromClause,
    path: tuple[str, ...],
    entities: tuple[str, ...],
    row: Row,
    *,
    is_reference: bool,
) -> Element:
    """Return the column at the end of a path: each reference on the way is a subquery."""
    tables = row.tables
    if len(path) == 1:
        if path[0] not in source.c and not is_reference:
            computed = tables.computed(entities[0], path[0])
            return value(computed.tree, row.at(source))
        if not is_reference or path[0] == "id":
            return source.c[path[0]]
        return source.c[tables.reference(entities[0], path[0])[0]]
    local, target = tables.reference(entities[0], path[0])
    other = tables.table(target).alias()
    end = column(other, path[1:], entities[1:], row, is_reference=is_reference)
    found: sa.Select[Any] = sa.select(end).select_from(other).where(other.c.id == source.c[local])
    return found.correlate_except(other).scalar_subquery()


def children(node: t.Aggregate, row: Row) -> tuple[sa.FromClause, Test]:
    """Return the rows of an aggregate and the test that they belong to the row at hand."""
    rows = node.rows
    holder = owner(rows.path, rows.entities, row, rows.outer)
    if rows.linked:
        table, own, other = row.tables.links(rows.entities[-1], rows.path[-1])
        link, target = table.alias(), row.tables.table(rows.entity).alias()
        ids = sa.select(link.c[other]).where(link.c[own] == holder).correlate_except(link)
        return target, target.c.id.in_(ids)
    entity, foreign = row.tables.children(rows.entities[-1], rows.path[-1])
    child = row.tables.table(entity).alias()
    return child, child.c[foreign] == holder
