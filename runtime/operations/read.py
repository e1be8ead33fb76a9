"""`read`: one record, with its children and links when they are asked for."""

from __future__ import annotations

from dataclasses import dataclass

from generator.model.text import Label
from rules.permissions import Grant
from runtime.errors import NotFound
from runtime.messages import Incoming, Result
from runtime.operations import _reading
from runtime.operations._asked import is_shown
from runtime.runtime import Runtime
from runtime.store import fetch
from runtime.store.plan import QueryPlan

ACTION = "read"


@dataclass(frozen=True)
class Call:
    """A record and what of it."""

    record_id: str
    read: _reading.ReadCall


@dataclass(frozen=True)
class Plan:
    """The read of one record; a record out of scope is simply not found."""

    query: QueryPlan


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Call:
    read = _reading.parse_read(incoming, grant, runtime)
    return Call(incoming.record_id, read.but(tells_asked=is_shown(incoming)))


def plan(call: Call, grant: Grant, runtime: Runtime) -> Plan:
    one = call.read.but(
        sort=("id",), ids=(call.record_id,), limit=1, archived="all", after="", before=""
    )
    return Plan(_reading.plan_read(one, grant, runtime))


def execute(plan: Plan, runtime: Runtime) -> Result:
    with fetch.for_pages(runtime.engine) as connection:
        page = fetch.page(connection, runtime.statements, plan.query)
        if not page.rows:
            raise not_found()
        included = fetch.includes(connection, runtime.statements, plan.query, page.rows)
    return Result(row=page.rows[0], rows=page.rows, plan=plan.query, included=included)


def not_found() -> NotFound:
    """Refuse a record that is not there or not in the caller's scope: the same words for both."""
    return NotFound(Label({"en": "There is no such record.", "zh": "没有这条记录。"}))
