"""`export`: every record that matches, page by page, whatever their number.

The same plan as the list, walked by its cursor: a page is a statement of its own, so no transaction
is held open for as long as somebody downloads, and never more than one page is in memory. Only what
the caller may read has a column. A record that is changed on the way is exported as it is when its
page comes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.operations import _reading
from runtime.runtime import Runtime
from runtime.store import fetch
from runtime.store.cursor import read_cursor
from runtime.store.plan import QueryPlan

ACTION = "export"
PAGE = 1000
"""Rows of one statement."""


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> _reading.ReadCall:
    return replace(_reading.parse_read(incoming, grant, runtime), includes=(), after="", before="")


def plan(call: _reading.ReadCall, grant: Grant, runtime: Runtime) -> QueryPlan:
    found = _reading.plan_read(call, grant, runtime)
    return found.with_values(limit=min(PAGE, grant.limits.get("export", PAGE)), cursor=None)


def execute(plan: QueryPlan, runtime: Runtime) -> Result:
    return Result(plan=plan, pages=_walk(plan, runtime))


def _walk(plan: QueryPlan, runtime: Runtime) -> Iterator[Sequence[Any]]:
    """Yield the pages, each as it is asked for."""
    most = plan.grant.limits.get("export")
    left = most
    while True:
        with fetch.connection(runtime.engine) as connection:
            page = fetch.page(connection, runtime.statements, plan)
        rows = page.rows if left is None else page.rows[:left]
        if rows:
            yield rows
        left = None if left is None else left - len(rows)
        if not page.next_cursor or left == 0:
            return
        cursor = read_cursor(page.next_cursor, plan.sort, backwards=False)
        plan = plan.with_values(cursor=cursor)
