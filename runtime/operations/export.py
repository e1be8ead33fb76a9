"""`export`: every record that matches, page by page, whatever their number.

The same plan as the list, walked by its cursor: a page is a statement of its own, so no transaction
is held open for as long as somebody downloads, and never more than one page is in memory. Only what
the caller may read has a column. A record that is changed on the way is exported as it is when its
page comes. The audit tells first what leaves, and at the end how much: a file whose first line
cannot be written down is not begun.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.operations import _reading, _sensitive
from runtime.runtime import Runtime
from runtime.store import fetch
from runtime.store.cursor import read_cursor
from runtime.store.plan import QueryPlan
from runtime.store.trail import EXPORT, EXPORT_ENDED, Note, Trail

ACTION = "export"
PAGE = 1000
"""Rows of one statement."""


@dataclass(frozen=True)
class Call:
    """What is asked for, and by whom: the audit tells it."""

    incoming: Incoming
    read: _reading.ReadCall


@dataclass(frozen=True)
class Plan:
    """A page of what is asked for, as the list would read it."""

    incoming: Incoming
    query: QueryPlan


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Call:
    read = _reading.parse_read(incoming, grant, runtime)
    return Call(incoming, replace(read, includes=(), after="", before=""))


def plan(call: Call, grant: Grant, runtime: Runtime) -> Plan:
    found = _reading.plan_read(call.read, grant, runtime)
    most = min(PAGE, grant.limits.get("export", PAGE))
    return Plan(call.incoming, found.with_values(limit=most, cursor=None))


def execute(plan: Plan, runtime: Runtime) -> Result:
    asked = plan.incoming
    _sensitive.ask_to_export(runtime, asked)
    trail = Trail(runtime, asked.actor, asked.source, asked.request_id, asked.address)
    told = {
        "fields": [path.text for path in plan.query.paths],
        "query": {name: list(texts) for name, texts in asked.query.items() if name != "fields"},
    }
    trail.alone(Note(EXPORT, asked.entity, after=told, reason=asked.reason))
    return Result(plan=plan.query, pages=_told(_walk(plan.query, runtime), trail, asked.entity))


def _told(pages: Iterator[Sequence[Any]], trail: Trail, entity: str) -> Iterator[Sequence[Any]]:
    """Yield the pages; tell in the audit how many rows left, also when nobody took the rest."""
    rows = 0
    try:
        for page in pages:
            rows += len(page)
            yield page
    finally:
        trail.alone(Note(EXPORT_ENDED, entity, after={"rows": rows}))


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
