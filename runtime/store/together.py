"""Several query plans in one statement: what a search over everything or a home page reads.

Comes in: plans, each already inside its grant. Goes out: the rows of each, as `fetch.page` would
give them. Every plan becomes one branch of a UNION ALL whose rows travel as JSON arrays, so tables
of any columns fit together and the number of statements does not grow with the entities.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import visitors

from runtime.store.building import is_one, page_size
from runtime.store.packing import packed, unpacking
from runtime.store.plan import QueryPlan
from runtime.store.prepared import Prepared, Row
from runtime.store.selection import Selection
from runtime.store.statements import Statements

BRANCHES = 200
"""Of one statement; SQLite takes 500."""


class _Union:
    """The statement of plans of these forms, compiled once, and what its cells become."""

    def __init__(self, selections: Sequence[Selection], dialect: sa.Dialect) -> None:
        branches = [_branch(place, one, dialect) for place, one in enumerate(selections)]
        statement: Any = sa.union_all(*branches) if len(branches) > 1 else branches[0]
        self.prepared = Prepared(statement, dialect)
        self.unpack = [unpacking(one.statement.selected_columns, dialect) for one in selections]
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
            found[start + place].append(union.unpack[place](text))
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
    number: Any = sa.literal_column(str(place)).label("place")
    return sa.select(number, packed(page.c, dialect).label("row"))
