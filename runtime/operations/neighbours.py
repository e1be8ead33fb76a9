"""`neighbours`: the records before and after one, in the order of a list and inside its filters.

Two statements whatever the list holds: the sort values of the record itself, and the nearest rows
on both sides of them; three where the list is sorted by a formula. The record need not match the
list any more: where it would stand counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.operations import _reading
from runtime.runtime import Runtime
from runtime.store import fetch
from runtime.store.plan import Cursor, QueryPlan
from runtime.store.together import fetch_together

ACTION = "list"


@dataclass(frozen=True)
class Plan:
    """The list, and the record alone with what the list sorts by."""

    listed: QueryPlan
    record: QueryPlan


@dataclass(frozen=True)
class Neighbours:
    """Ids of records; empty at an end of the list."""

    previous: str
    next: str


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> tuple[_reading.ReadCall, str]:
    asked = replace(incoming, query={**incoming.query, "fields": ("id",), "limit": ("1",)})
    call = replace(_reading.parse_read(asked, grant, runtime), after="", before="", includes=())
    return call, incoming.record_id


def plan(call: tuple[_reading.ReadCall, str], grant: Grant, runtime: Runtime) -> Plan:
    asked, record_id = call
    listed = _reading.plan_read(asked, grant, runtime)
    sort = tuple(("-" if key.descending else "") + key.path.text for key in listed.sort)
    alone = replace(asked, clauses=(), search="", view="", sort=sort, archived="all")
    record = _reading.plan_read(replace(alone, ids=(record_id,)), grant, runtime)
    return Plan(listed, record)


def execute(plan: Plan, runtime: Runtime) -> Result:
    with fetch.connection(runtime.engine) as connection:
        here = fetch.page(connection, runtime.statements, plan.record).rows
        if not here:
            return Result(row=Neighbours("", ""))
        values = _sort_values(plan.record, here[0])
        sides = [plan.listed.with_values(cursor=Cursor(values, back)) for back in (True, False)]
        if any(path.field.computed is not None for path in plan.listed.paths):
            rows = [list(fetch.page(connection, runtime.statements, one).rows) for one in sides]
        else:
            rows = fetch_together(connection, runtime.statements, sides)
    return Result(row=Neighbours(*map(_id, sides, rows)))


def _sort_values(plan: QueryPlan, row: Any) -> tuple[Any, ...]:
    places = {path.text: place for place, path in enumerate(plan.paths)}
    return tuple(row[places[key.path.text]] for key in plan.sort)


def _id(plan: QueryPlan, rows: Sequence[Any]) -> str:
    place = [path.text for path in plan.paths].index("id")
    return str(rows[0][place]) if rows else ""
