"""`list`: a page of records, with what they include and, if asked for, how many there are.

It alone looks records up by what the caller sees masked (`match`), because it counts and logs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.operations import _looking, _reading
from runtime.operations._asked import is_printed
from runtime.runtime import Runtime
from runtime.store import fetch
from runtime.store.cursor import seal_cursor
from runtime.store.plan import QueryPlan

ACTION = "list"


@dataclass(frozen=True)
class Call:
    """What is read, and the request that asks."""

    read: _reading.ReadCall
    incoming: Incoming


@dataclass(frozen=True)
class Plan:
    """A page and how far to count."""

    query: QueryPlan
    count: str
    """none, capped or exact."""
    reader: str = ""
    """Who asks and for which rows, as the links to other pages are sealed."""
    incoming: Incoming | None = None
    """The request, for what is counted and logged of it."""

    @property
    def asked(self) -> Mapping[str, str]:
        """What `explain` prints beside the SQL."""
        return {"count": self.count}


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Call:
    assert incoming.actor is not None
    looking = _looking.right(runtime, incoming.actor, incoming.entity)
    read = _reading.parse_read(incoming, grant, runtime, looking)
    return Call(read.but(tells_asked=is_printed(incoming)), incoming)


def plan(call: Call, grant: Grant, runtime: Runtime) -> Plan:
    query = _reading.plan_read(call.read, grant, runtime)
    return Plan(query, call.read.count, call.read.asked, call.incoming)


def execute(plan: Plan, runtime: Runtime) -> Result:
    with fetch.for_pages(runtime.engine) as connection:
        page = fetch.page(connection, runtime.statements, plan.query)
        included = fetch.includes(connection, runtime.statements, plan.query, page.rows)
        total, exact = None, True
        if plan.count != "none":
            total, exact = fetch.count(
                connection, runtime.statements, plan.query, exact=plan.count == "exact"
            )
    if plan.query.look_ups and plan.incoming is not None:
        _looking.note(runtime, plan.incoming, plan.query, len(page.rows))
    return Result(
        rows=page.rows,
        plan=plan.query,
        total=total,
        total_is_exact=exact,
        next_cursor=seal_cursor(page.next_cursor, runtime.audit_key, plan.reader),
        previous_cursor=seal_cursor(page.previous_cursor, runtime.audit_key, plan.reader),
        included=included,
    )
