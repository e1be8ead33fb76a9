"""`list`: a page of records, with what they include and, if asked for, how many there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.operations import _reading
from runtime.runtime import Runtime
from runtime.store import fetch
from runtime.store.cursor import seal_cursor
from runtime.store.plan import QueryPlan

ACTION = "list"


@dataclass(frozen=True)
class Plan:
    """A page and how far to count."""

    query: QueryPlan
    count: str
    """none, capped or exact."""
    reader: str = ""
    """Who asks and for which rows, as the links to other pages are sealed."""

    @property
    def asked(self) -> Mapping[str, str]:
        """What `explain` prints beside the SQL."""
        return {"count": self.count}


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> _reading.ReadCall:
    return _reading.parse_read(incoming, grant, runtime)


def plan(call: _reading.ReadCall, grant: Grant, runtime: Runtime) -> Plan:
    return Plan(_reading.plan_read(call, grant, runtime), call.count, call.asked)


def execute(plan: Plan, runtime: Runtime) -> Result:
    with fetch.for_pages(runtime.engine) as connection:
        page = fetch.page(connection, runtime.statements, plan.query)
        included = fetch.includes(connection, runtime.statements, plan.query, page.rows)
        total, exact = None, True
        if plan.count != "none":
            total, exact = fetch.count(
                connection, runtime.statements, plan.query, exact=plan.count == "exact"
            )
    return Result(
        rows=page.rows,
        plan=plan.query,
        total=total,
        total_is_exact=exact,
        next_cursor=seal_cursor(page.next_cursor, runtime.audit_key, plan.reader),
        previous_cursor=seal_cursor(page.previous_cursor, runtime.audit_key, plan.reader),
        included=included,
    )
