"""Several query plans in one statement: what a search over everything or a home page reads.

Comes in: plans, each already inside its grant. Goes out: the rows of each, as `fetch.page` would
give them. Every plan becomes one branch of a UNION ALL whose rows travel as JSON arrays, so tables
of any columns fit together and the number of statements does not grow with the entities.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.sql import visitors

from generator.field_types._times import Utc
from runtime.store.building import is_one, page_size
from runtime.store.plan import QueryPlan
from runtime.store.prepared import Prepared, Row
from runtime.store.selection import Selection
from runtime.store.statements import Statements

BRANCHES = 200
"""Of one statement; SQLite takes 500."""
Convert = Callable[[Any], Any]


class _Union:
    """The statement of plans of these forms, compiled once, and what its cells become."""

    def __init__(self, selections: Sequence[Selection], dialect: sa.Dialect) -> None:
        branches = [_branch(place, one, dialect) for place, one in enumerate(selections)]
        statement: Any = sa.union_all(*branches) if len(branches) > 1 else branches[0]
        self.prepared = Prepared(statement, dialect)
        self.cells = [_converters(one, dialect) for one in selections]
        self.selections = tuple(selections)


def fetch_together(
    connection: sa.Connection, statements: Statements, plans: Sequence[QueryPlan]
) -> list[list[Row]]:
    """Return the first rows of every plan, cut at its limit: one statement for 200 plans.

    What is selected must be columns; a formula that is not kept has no place here.
    """
    found: list[list[Row]] = [[] for _ in plans]
    for start in range(0, len(plans), BRANCHES):
        part = plans[start : start + BRANCHES]
        union = _union(connection, statements, part)
        values: dict[str, Any] = {}
        for place, plan in enumerate(part):
            for name, value in statements.values(plan).items():
                values[_bound(place, name)] = value
        for place, text in union.prepared.rows(connection, values):
            cells = zip(union.cells[place], orjson.loads(text), strict=True)
            row = tuple([value if make is None else make(value) for make, value in cells])
            found[start + place].append(row)
        for place, selection in enumerate(union.selections):
            found[start + place] = selection.seen(found[start + place])
    return [rows[: plan.limit] for rows, plan in zip(found, plans, strict=True)]


def _union(connection: sa.Connection, statements: Statements, plans: Sequence[QueryPlan]) -> _Union:
    form = tuple([(plan.shape, page_size(plan), is_one(plan.ids)) for plan in plans])
    found: _Union = statements.remembered(
        form, lambda: _Union([statements.page(plan) for plan in plans], connection.dialect)
    )
    return found


def _bound(place: int, name: str) -> str:
    return f"u{place}_{name}"


def _branch(place: int, selection: Selection, dialect: sa.Dialect) -> sa.Select[Any]:
    def rename(bind: Any) -> None:
        if bind.value is None and bind.callable is None:
            bind.key = _bound(place, bind.key)

    page = visitors.cloned_traverse(selection.statement, {}, {"bindparam": rename}).subquery()
    array = sa.func.json_build_array if dialect.name == "postgresql" else sa.func.json_array
    row = sa.cast(array(*page.c), sa.Text())
    number: Any = sa.literal_column(str(place)).label("place")
    return sa.select(number, row.label("row"))


def _converters(selection: Selection, dialect: sa.Dialect) -> tuple[Convert | None, ...]:
    """Return what brings each value back from JSON to its stored form."""
    types = [column.type for column in selection.statement.selected_columns]
    if dialect.name == "sqlite":
        return tuple(kind._cached_result_processor(dialect, None) for kind in types)
    return tuple(_from_json(kind) for kind in types)


def _from_json(kind: sa.types.TypeEngine[Any]) -> Convert | None:
    """PostgreSQL writes moments, days and times into JSON as ISO 8601; the rest stays itself."""
    if isinstance(kind, (Utc, sa.DateTime)):
        return lambda value: value and dt.datetime.fromisoformat(value).astimezone(dt.UTC)
    if isinstance(kind, sa.Date):
        return lambda value: value and dt.date.fromisoformat(value)
    if isinstance(kind, sa.Time):
        return lambda value: value and dt.time.fromisoformat(value)
    return None
