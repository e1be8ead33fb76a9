"""`export`: every record that matches, page by page, whatever their number.

The same plan as the list, walked by its cursor: a page is a statement of its own, so no transaction
is held open for as long as somebody downloads, and never more than one page is in memory. Only what
the caller may read has a column. A record that is changed on the way is exported as it is when its
page comes. The audit tells first what leaves, and at the end how much: a file whose first line
cannot be written down is not begun. Where a line gives only so many rows a day, they are counted
and taken before the first one leaves, in one transaction: what is more than that is refused whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from generator.model.text import Label
from rules.permissions import Grant
from runtime import alarms
from runtime.errors import TooMany
from runtime.messages import Incoming, Result
from runtime.operations import _reading, _sensitive
from runtime.runtime import Runtime
from runtime.store import exported, fetch
from runtime.store.cursor import read_cursor
from runtime.store.engine import write
from runtime.store.plan import QueryPlan
from runtime.store.trail import DENIED, EXPORT, EXPORT_ENDED, Note, Trail

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
    note = Note(EXPORT, asked.entity, after=told, reason=asked.reason)
    taken = _take(plan, runtime, trail, note)
    alarms.count_exports(runtime, asked.actor, asked.entity, refused=False)
    pages = _walk(plan.query, runtime, taken)
    return Result(plan=plan.query, pages=_told(pages, trail, asked.entity))


def _take(plan: Plan, runtime: Runtime, trail: Trail, note: Note) -> int | None:
    """Tell of the export and count its rows; return how many may leave, None for all.

    Raises:
        TooMany: they are more than what is left of the day.

    """
    most, a_day = (plan.query.grant.limits.get(name) for name in ("export", "export_day"))
    actor = plan.incoming.actor
    if a_day is None or actor is None or actor.kind == "system":
        trail.alone(note)
        return most
    with fetch.connection(runtime.engine) as connection:
        rows, _ = fetch.count(connection, runtime.statements, plan.query, exact=True)
    rows = rows if most is None else min(rows, most)
    today = _reading.context(runtime, actor)["today"]
    with write(runtime.engine) as connection:
        setting, who = runtime.system.setting, actor.real_id or actor.id
        entity, now = plan.incoming.entity, runtime.clock()
        left = exported.take(connection, setting, who, entity, rows, a_day, now, today)
        if left is None:
            trail.write(connection, note)
    if left is not None:
        told = {"action": "export", "why": "a_day", "rows": rows, "left": left}
        trail.alone(Note(DENIED, plan.incoming.entity, after=told, reason=plan.incoming.reason))
        alarms.count_exports(runtime, actor, plan.incoming.entity, refused=True)
        said = {
            "en": f"These are {rows} rows; {left} of {a_day} a day are left to you today.",
            "zh": f"共 {rows} 行；您今天的 {a_day} 行额度还剩 {left} 行。",
        }
        raise TooMany(Label(said), retry_after=3600)
    return rows


def _told(pages: Iterator[Sequence[Any]], trail: Trail, entity: str) -> Iterator[Sequence[Any]]:
    """Yield the pages; tell in the audit how many rows left, also when nobody took the rest."""
    rows = 0
    try:
        for page in pages:
            rows += len(page)
            yield page
    finally:
        trail.alone(Note(EXPORT_ENDED, entity, after={"rows": rows}))


def _walk(plan: QueryPlan, runtime: Runtime, left: int | None) -> Iterator[Sequence[Any]]:
    """Yield the pages, each as it is asked for, until nothing is left."""
    if left == 0:
        return
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
