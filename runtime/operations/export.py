"""`export`: every record that matches, page by page, whatever their number; now, or by a job.

The same plan as the list, walked by its cursor: a page is a statement of its own, so no transaction
is held open for as long as somebody downloads, and never more than one page is in memory. Only what
the caller may read has a column. A record that is changed on the way is exported as it is when its
page comes; a job, for which nobody's line is slow, reads one state of the database instead.

`lines.amount` is a column of parts: the row of a record stands once for each of its parts, with the
record's own cells repeated, as an import of such rows wants them.

Masked values leave masked. With the action `export_plain` asked for beside (`also`) they leave in
clear where a line gives that, for a reason that the audit keeps with the fields concerned; what is
filtered and sorted by is what the ordinary export may be filtered and sorted by.

The audit tells first what leaves, and at the end how much: a file whose first line cannot be
written down is not begun. Where a line gives only so many rows a day, they are counted and taken
before the first one leaves, in one transaction: what is more than that is refused whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from generator.model.text import Label
from rules.permissions import Grant
from rules.unmasking import EXPORT_PLAIN
from runtime import alarms
from runtime.errors import FieldError, Forbidden, Invalid, TooMany
from runtime.jobs import runs
from runtime.messages import Actor, Incoming, Result
from runtime.operations import _export_parts, _reading, _sensitive
from runtime.operations._export_parts import Parts
from runtime.operations._told_query import told_query
from runtime.runtime import Runtime
from runtime.store import exported, fetch, written
from runtime.store.cursor import read_cursor
from runtime.store.engine import one_state, write
from runtime.store.plan import QueryPlan
from runtime.store.trail import DENIED, EXPORT, EXPORT_ENDED, Note, Trail

ACTION = "export"
JOB = "export_rows"
"""The job that writes a file which somebody does not wait for."""
PAGE = 1000
"""Rows of one statement."""
PAGE_OF_PARTS = 200
"""Records of one statement that bring their parts."""
UNMASKED = "unmasked"
"""What a job's request says where the values that are masked leave in clear."""
SHORTEST, LONGEST = 3, 500
"""Characters of the reason for which they do."""
WHY = Label(
    {
        "en": f"Say why the values leave unmasked, in {SHORTEST} to {LONGEST} characters.",
        "zh": f"请填写明文导出的原因（{SHORTEST} 到 {LONGEST} 个字符）。",
    }
)
PROVED = "proved"
"""What a job's request says in place of a payload: what is sensitive was asked when it was made."""


@dataclass(frozen=True)
class Call:
    """What is asked for, and by whom: the audit tells it."""

    incoming: Incoming
    read: _reading.ReadCall
    parts: Mapping[str, tuple[str, ...]]
    """Columns of parts, by the field that holds them."""
    usual: Grant
    """The right to export as one sees it; what is asked is understood inside this."""


@dataclass(frozen=True)
class Plan:
    """A page of what is asked for, as the list would read it."""

    incoming: Incoming
    query: QueryPlan
    parts: tuple[Parts, ...]
    unmasked: tuple[str, ...] = ()
    """The columns that leave in clear by `export_plain` alone."""


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Call:
    query, parts = _export_parts.apart(incoming, runtime)
    usual = _usual(incoming, grant, runtime)
    read = _reading.parse_read(replace(incoming, query=query), usual, runtime)
    return Call(incoming, replace(read, includes=(), after="", before=""), parts, usual)


def plan(call: Call, grant: Grant, runtime: Runtime) -> Plan:
    usual = _reading.plan_read(call.read, call.usual, runtime)
    found = usual if call.usual is grant else replace(usual, grant=grant)
    most = PAGE_OF_PARTS if call.parts else PAGE
    found = found.with_values(limit=min(most, grant.limits.get("export", most)), cursor=None)
    parts = _export_parts.planned(call.parts, usual, call, runtime)
    shown = [path for path in found.shown if not path.sights]
    lifted = [
        one.text
        for one in shown
        if one.field.name in call.usual.veiled
        and any(one.field.name in line.masked for line in call.usual.lines)
        and any(one.field.name in line.clear for line in grant.lines)
    ]
    return Plan(call.incoming, found, parts, tuple(lifted) if found is not usual else ())


def _usual(incoming: Incoming, grant: Grant, runtime: Runtime) -> Grant:
    """Return the right to the same export with its masks."""
    actor = incoming.actor
    if EXPORT_PLAIN not in incoming.also or actor is None:
        return grant
    others = tuple(one for one in incoming.also if one != EXPORT_PLAIN)
    found = runtime.matrix.together(actor.roles, incoming.entity, ACTION, *others)
    return found if found is not None else grant


def execute(plan: Plan, runtime: Runtime) -> Result:
    asked = plan.incoming
    if EXPORT_PLAIN in asked.also:
        _may_unmask(asked)
    if not (asked.source == "job" and asked.values == PROVED):
        _sensitive.ask_to_export(runtime, asked)
    if asked.source != "job":
        alarms.ask_at_night(runtime, asked.actor, asked.entity)
    if isinstance(asked.values, Mapping):
        return _later(plan, runtime)
    trail = Trail(runtime, asked.actor, asked.source, asked.request_id, asked.address)
    told = {
        "fields": [path.text for path in (*plan.query.paths, *_paths(plan))],
        "query": told_query(
            {name: texts for name, texts in asked.query.items() if name != "fields"},
            runtime.app.entities[asked.entity],
            runtime,
        ),
    }
    if plan.unmasked:
        told["unmasked"] = list(plan.unmasked)
    note = Note(EXPORT, asked.entity, after=told, reason=asked.reason)
    taken = _take(plan, runtime, trail, note)
    alarms.count_exports(runtime, asked.actor, asked.entity, refused=False)
    shown = plan.query
    if plan.parts:
        # what is there for the cursor alone stands before the parts, so it is shown like the rest
        shown = replace(shown, paths=(*shown.paths, *_paths(plan)), hidden=0)
    return Result(plan=shown, pages=Pages(plan, runtime, taken, trail))


def _may_unmask(asked: Incoming) -> None:
    """Refuse what leaves in clear without a reason, or with somebody else's eyes.

    Raises:
        Forbidden: somebody looks with another's eyes.
        Invalid: they do not say why.

    """
    actor = asked.actor
    if actor is not None and actor.real_id:
        raise Forbidden()
    if is_unexplained(asked.reason):
        code: Any = "required"
        raise Invalid(WHY, (FieldError("reason", code, WHY),))


def is_unexplained(reason: str) -> bool:
    """Return whether a text does not say why values leave unmasked."""
    return not SHORTEST <= len(reason.strip()) <= LONGEST


class Pages:
    """What an export brings, to be read once: rows of stored values, or texts of a file."""

    def __init__(self, plan: Plan, runtime: Runtime, left: int | None, trail: Trail) -> None:
        self._plan, self._runtime, self._left, self._trail = plan, runtime, left, trail

    def __iter__(self) -> Iterator[Sequence[Any]]:
        return self._told(_walk(self._plan, self._runtime, self._left))

    @property
    def veiled(self) -> frozenset[str]:
        """The paths that some row does not show in clear."""
        return self._plan.query.veiled

    def are_writable(self, zones: Iterable[str]) -> bool:
        """Return whether the database may write cells itself, with moments of these zones."""
        plan, engine = self._plan, self._runtime.engine
        if plan.incoming.source != "job" or plan.parts or engine.dialect.name != "postgresql":
            return False
        with fetch.connection(engine) as connection:
            return all(written.knows_zone(connection, zone) for zone in zones)

    def texts(self, shape: written.Shape) -> Iterator[Sequence[Any]]:
        """Yield rows as `runtime.store.written` makes them; ask `are_writable` first."""
        return self._told(self._texts(shape))

    def _texts(self, shape: written.Shape) -> Iterator[Sequence[Any]]:
        if self._left == 0:
            return
        statements, query = self._runtime.statements, self._plan.query
        with one_state(self._runtime.engine) as connection:
            yield from written.rows(connection, statements, query, shape, self._left)

    def _told(self, pages: Iterator[Sequence[Any]]) -> Iterator[Sequence[Any]]:
        """Yield the pages; tell in the audit how many left, also when nobody took the rest."""
        rows = 0
        try:
            for page in pages:
                rows += len(page)
                yield page
        finally:
            entity = self._plan.incoming.entity
            self._trail.alone(Note(EXPORT_ENDED, entity, after={"rows": rows}))


def _paths(plan: Plan) -> list[Any]:
    return [path for parts in plan.parts for path in parts.paths]


def _later(plan: Plan, runtime: Runtime) -> Result:
    """Have a job write the file: in the name of whoever asks, with the rights of that moment.

    Raises:
        Forbidden: somebody looks with another's eyes; nothing may be left in their name.

    """
    asked = plan.incoming
    actor = asked.actor
    assert actor is not None
    if actor.real_id:
        raise Forbidden()
    with fetch.connection(runtime.engine) as connection:
        rows, exact = fetch.count(connection, runtime.statements, plan.query, exact=False)
    given = {**told_of(actor), **asked.values, "entity": asked.entity, PROVED: True}
    given["query"] = {name: list(texts) for name, texts in asked.query.items()}
    given["request"], given["reason"] = asked.request_id, asked.reason
    given[UNMASKED] = EXPORT_PLAIN in asked.also
    run = runs.NewRun(JOB, queue="bulk", input=given, created_by=str(actor.id), source="person")
    with write(runtime.engine) as connection:
        run_id = runs.create(connection, run, runtime.clock())
    return Result(row=run_id, total=rows, total_is_exact=exact)


def told_of(actor: Actor) -> dict[str, Any]:
    """Return what a job must know of somebody beside who they are: their rights it looks up."""
    return {
        "time_zone": actor.time_zone,
        "locale": actor.locale,
        "scopes": None if actor.scopes is None else sorted(actor.scopes),
    }


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
    once = plan.incoming.request_id if plan.incoming.source == "job" else ""
    with write(runtime.engine) as connection:
        setting, who = runtime.system.setting, actor.real_id or actor.id
        entity, now = plan.incoming.entity, runtime.clock()
        left = exported.take(connection, setting, who, entity, rows, a_day, now, today, once)
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


def _walk(plan: Plan, runtime: Runtime, left: int | None) -> Iterator[Sequence[Any]]:
    """Yield the pages, each as it is asked for, until nothing is left."""
    if left == 0:
        return
    query = plan.query
    in_one = one_state(runtime.engine) if plan.incoming.source == "job" else nullcontext()
    with in_one as together:
        while True:
            with _reading_of(runtime, together) as connection:
                page = fetch.page(connection, runtime.statements, query)
                rows = page.rows if left is None else page.rows[:left]
                found = _export_parts.joined(connection, runtime, query, plan.parts, rows)
            if found:
                yield found
            left = None if left is None else left - len(rows)
            if not page.next_cursor or left == 0:
                return
            cursor = read_cursor(page.next_cursor, query.sort, backwards=False)
            query = query.with_values(cursor=cursor)


def _reading_of(
    runtime: Runtime, together: sa.Connection | None
) -> AbstractContextManager[sa.Connection]:
    return fetch.connection(runtime.engine) if together is None else nullcontext(together)
