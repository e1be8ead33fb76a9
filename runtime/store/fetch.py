"""Carries a `QueryPlan` out: a page, what it includes, how many there are.

A fixed number of statements, whatever the rows: one for the page, one for each include, one for
the count when it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from generator.model.text import Label
from runtime.errors import TooLarge
from runtime.store.cursor import write_cursor
from runtime.store.engine import read
from runtime.store.guard import system
from runtime.store.measures import Measure
from runtime.store.paths import Path
from runtime.store.plan import Include, QueryPlan
from runtime.store.statements import Statements

COUNT_CAP = 1000
"""Counts are exact up to here; beyond, the count would cost more than the page."""


@dataclass(frozen=True)
class Page:
    """Rows in order, and where the pages beside it start."""

    rows: Sequence[Any]
    next_cursor: str
    previous_cursor: str


def connection(engine: sa.Engine) -> AbstractContextManager[sa.Connection]:
    """Return a connection to read with."""
    return read(engine)


def for_pages(engine: sa.Engine) -> AbstractContextManager[sa.Connection]:
    """Return a connection of which a page is asked first."""
    return read(engine, proving=True)


def page(connection: sa.Connection, statements: Statements, plan: QueryPlan) -> Page:
    """Fetch one page: one statement."""
    selection = statements.page(plan)
    rows = selection.rows(connection, statements.values(plan))
    more = len(rows) > plan.limit
    rows = rows[: plan.limit]
    backwards = plan.cursor is not None and plan.cursor.backwards
    if backwards:
        rows.reverse()
    if not rows:
        return Page((), "", "")
    has_next = backwards or more
    has_previous = more if backwards else plan.cursor is not None
    places = [selection.position[key.path.text] for key in plan.sort]
    return Page(
        rows,
        _cursor(plan, rows[-1], places) if has_next else "",
        _cursor(plan, rows[0], places) if has_previous else "",
    )


def _cursor(plan: QueryPlan, row: Any, places: list[int]) -> str:
    return write_cursor(plan.sort, tuple(row[place] for place in places))


def count(
    connection: sa.Connection, statements: Statements, plan: QueryPlan, *, exact: bool
) -> tuple[int, bool]:
    """Return how many records match, and whether that is exact: one statement, or none.

    What matched more than `COUNT_CAP` a moment ago is not counted again: the answer says no more
    than "many" and would cost more than the page beside it.
    """
    uncut = plan.with_values(cursor=None)
    values = statements.values(uncut)
    if exact:
        return int(statements.count(uncut, None).rows(connection, values)[0][0]), True
    if statements.many.has(uncut.shape, values):
        return COUNT_CAP, False
    found = int(statements.count(uncut, COUNT_CAP + 1).rows(connection, values)[0][0])
    if found <= COUNT_CAP:
        return found, True
    statements.many.add(uncut.shape, values)
    return COUNT_CAP, False


def tally(
    connection: sa.Connection, statements: Statements, plans: Sequence[QueryPlan]
) -> tuple[int, ...]:
    """Return how many records each of several plans matches, up to one more than a thousand."""
    selection = statements.tally(plans, COUNT_CAP + 1)
    row = selection.rows(connection, statements.tally_values(plans))[0]
    return tuple(int(number) for number in row)


def groups(
    connection: sa.Connection,
    statements: Statements,
    plan: QueryPlan,
    by: tuple[Path, ...],
    measures: tuple[Measure, ...],
) -> tuple[Sequence[Any], bool]:
    """Return the largest groups of what a plan matches, and whether there are more."""
    selection = statements.groups(plan, by, measures, plan.limit)
    rows = selection.rows(connection, statements.values(plan, also=by))
    return rows[: plan.limit], len(rows) > plan.limit


def includes(
    connection: sa.Connection, statements: Statements, plan: QueryPlan, rows: Sequence[Any]
) -> Mapping[str, Mapping[str, Sequence[Any]]]:
    """Fetch what a page includes: one statement an include, its rows grouped by record."""
    if not plan.includes or not rows:
        return {}
    place = [path.text for path in plan.paths].index("id")
    ids = tuple(row[place] for row in rows)
    return {
        include.name: _included(connection, statements, plan, include, ids)
        for include in plan.includes
    }


def _included(
    connection: sa.Connection,
    statements: Statements,
    plan: QueryPlan,
    include: Include,
    ids: tuple[str, ...],
) -> Mapping[str, Sequence[Any]]:
    inner = include.plan
    if include.via == "references":
        return _linked(connection, statements, plan, include, ids)
    reference = inner.entity.child_of
    inner = inner.with_values(parent=(reference, ids))
    selection = statements.page(inner)
    rows = selection.rows(connection, statements.values(inner))
    place = selection.position[reference]
    if len(rows) > inner.limit:
        raise too_many(include)
    grouped: dict[str, list[Any]] = {}
    for row in rows:
        grouped.setdefault(str(row[place]), []).append(row)
    return grouped


def _linked(
    connection: sa.Connection,
    statements: Statements,
    plan: QueryPlan,
    include: Include,
    ids: tuple[str, ...],
) -> Mapping[str, Sequence[Any]]:
    """Fetch many-to-many records: the link rows, then the records themselves through their plan."""
    link = statements.schema.tables[f"{plan.entity.name}.{include.name}"]
    linked = (
        sa.select(link.c.source_id, link.c.target_id)
        .where(link.c.source_id.in_(sa.bindparam("sources", expanding=True)))
        .order_by(link.c.source_id, link.c.position)
    )
    pairs = connection.execute(system(linked, "links of a page"), {"sources": list(ids)}).all()
    targets = tuple(dict.fromkeys(str(pair.target_id) for pair in pairs))
    if len(targets) > include.plan.limit:
        raise too_many(include)
    inner = include.plan.with_values(ids=targets)
    selection = statements.page(inner)
    found = selection.rows(connection, statements.values(inner))
    place = selection.position["id"]
    by_id = {str(row[place]): row for row in found}
    grouped: dict[str, list[Any]] = {}
    for source, target in pairs:
        if str(target) in by_id:
            grouped.setdefault(str(source), []).append(by_id[str(target)])
    return grouped


def too_many(include: Include) -> TooLarge:
    """Refuse a page whose include would bring more rows than one answer holds."""
    name, most = include.name, include.plan.limit
    return TooLarge(
        Label(
            {
                "en": f"'{name}' brings more than {most} records; ask for fewer at once.",
                "zh": f"“{name}”包含的记录超过 {most} 条，请减少每次读取的数量。",
            }
        )
    )
