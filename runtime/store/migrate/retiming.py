"""Timers whose length or calendar a release changes: counted by the plan, moved when asked.

Comes in: the clocks that changed. Goes out: how many timers are armed by each and how many would be
due at once, and, on
`apply --timers recompute` or `stagger`, the timers armed as if the new definitions had held when
their states were entered. A state that is timed for the first time counts the records that stand in
it; they wait for nothing until then. What a person moved stays where it was put.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import uuid_utils

from generator.field_types import FieldType
from generator.model.entity import Field
from generator.model.workflow import Reminder, Transition, Workflow
from rules.workflow.timers import due_of, next_notice, start_of
from runtime.store.inserts import insert_many
from runtime.store.migrate.clocks import STAGGER, Clock, Counted, Retiming, changed_clocks
from runtime.store.migrate.facts import known_stored, stored
from runtime.store.migrate.plan import Finding
from runtime.store.migrate.probes import Prober
from runtime.store.migrate.target import Target
from runtime.store.system_tables import own_tables
from runtime.store.workflow_tables import ARMED, WATCHDOG

AT_ONCE = 1000


@dataclass(frozen=True)
class Records:
    """The table of an entity as a statement finds it: by its old names, or by its new ones."""

    table: sa.TableClause
    state: str
    date: str
    """'' where the date is not there yet, or not yet a date."""


@dataclass(frozen=True)
class Due:
    """One timer as it should be: armed already (`id`), or still to be armed."""

    clock: Clock
    id: str
    record_id: str
    entered: str
    armed_at: datetime
    due: datetime
    next: datetime
    attempts: int


def records_before(prober: Prober, clock: Clock) -> Records | None:
    """Return the records of a clock as the plan finds them; None where there are none yet."""
    workflow, system = clock.workflow, own_tables()
    for own in (system.timer, system.workflow_log):
        shape = prober.current.get(own.name)
        if shape is None or not {column.name for column in own.c} <= shape.columns.keys():
            return None
    table, names = workflow.entity, prober.renames
    old = names.old_table(table)
    state = names.old_column(table, workflow.field)
    if old not in prober.current or state not in prober.current[old].columns:
        return None
    date = ""
    if clock.date:
        was = known_stored(prober.facts, old, names.old_column(table, clock.date))
        field = prober.target.entities[table].fields[clock.date]
        is_same = was is not None and was.kind == stored(field, _kind(prober.target, field)).kind
        date = names.old_column(table, clock.date) if is_same else ""
    return Records(_table(prober.target, workflow, old, (state, date, clock.date)), state, date)


def records_after(target: Target, clock: Clock) -> Records:
    """Return the records of a clock once every step of a plan is done."""
    workflow = clock.workflow
    names = (workflow.field, clock.date, clock.date)
    table = _table(target, workflow, workflow.entity, names)
    return Records(table, workflow.field, clock.date)


def _table(
    target: Target, workflow: Workflow, name: str, columns: tuple[str, str, str]
) -> sa.TableClause:
    """Return a table by its name in the database; `columns`: state, date, the date's new name."""
    state, date, new = columns
    types = target.metadata.tables[workflow.entity].c
    found: list[sa.ColumnClause[Any]] = [
        sa.column("id"),
        sa.column("archived_at"),
        sa.column(state),
    ]
    found.append(sa.column("created_at", types["created_at"].type))
    if date and date != "created_at":
        found.append(sa.column(date, types[new].type))
    return sa.table(name, *found)


def _kind(target: Target, field: Field) -> FieldType:
    kind: FieldType = target.compiled.field_types[field.type]
    return kind


def counted(prober: Prober, now: datetime) -> tuple[Counted, ...]:
    """Return how many timers each changed clock is about, where there are any."""
    app = prober.target.compiled.app
    found = []
    for clock in changed_clocks(app, prober.facts, prober.renames.tables):
        records = records_before(prober, clock)
        if records is not None:
            found.append(count(prober.connection, clock, records, now))
    return tuple(one for one in found if one.armed)


def findings(prober: Prober, counts: Iterable[Counted]) -> Iterator[Finding]:
    """Yield in words what `apply --timers` decides about."""
    for one in counts:
        clock = one.clock
        code = "TIMERS_NEW" if clock.is_new else "TIMERS_KEPT"
        where = clock.workflow.entity, (clock.workflow.field,)
        name = clock.name or f"{WATCHDOG} {clock.state}"
        yield prober.finding(code, *where, one.armed, option=name, at_once=one.at_once)


def due_times(
    connection: sa.Connection, clock: Clock, records: Records, now: datetime
) -> Iterator[Due]:
    """Yield every timer of a changed clock as the new definitions would have it."""
    for row in connection.execute(_new(clock, records) if clock.is_new else _armed(clock, records)):
        found = _due(clock, row, now)
        if found is not None:
            yield found


def count(connection: sa.Connection, clock: Clock, records: Records, now: datetime) -> Counted:
    """Return how many timers a changed clock is about; nothing is written."""
    found = list(due_times(connection, clock, records, now))
    armed = len(found)
    if not clock.is_new:
        timer = own_tables().timer
        many = sa.select(sa.func.count()).where(*_mine(clock, timer), timer.c.status == ARMED)
        armed = connection.execute(many).scalar_one()
    return Counted(clock, armed, sum(one.next <= now for one in found))


def retime(
    connection: sa.Connection,
    clocks: Iterable[tuple[Clock, Records]],
    how: Retiming,
    now: datetime,
) -> dict[str, int]:
    """Move and arm timers as asked; return how many were moved, armed and spread."""
    found = [one for clock, table in clocks for one in due_times(connection, clock, table, now)]
    late = sorted((one for one in found if one.next <= now), key=lambda one: (one.next, one.id))
    slots: dict[int, datetime] = {}
    if how.choice == STAGGER:
        step = timedelta(seconds=how.over) / max(len(late), 1)
        slots = {id(one): now + step * place for place, one in enumerate(late, start=1)}
    timer = own_tables().timer
    moved: list[dict[str, Any]] = []
    new: list[dict[str, Any]] = []
    for one in found:
        at = slots.get(id(one))
        times = {"due_at": at or one.due, "next_at": at or one.next, "attempts": one.attempts}
        if one.id:
            moved.append({"b_id": one.id, **times})
        else:
            new.append({**_row(one), **times})
    change = (
        timer.update()
        .where(timer.c.id == sa.bindparam("b_id"), timer.c.status == ARMED)
        .values({name: sa.bindparam(name) for name in ("due_at", "next_at", "attempts")})
    )
    for begin in range(0, len(moved), AT_ONCE):
        connection.execute(change, moved[begin : begin + AT_ONCE])
    insert_many(connection, timer, new)
    return {"moved": len(moved), "armed": len(new), "spread": len(slots)}


def _row(one: Due) -> dict[str, Any]:
    workflow = one.clock.workflow
    return {
        "id": str(uuid_utils.uuid7()),
        "kind": one.clock.kind,
        "entity": workflow.entity,
        "record_id": one.record_id,
        "workflow": workflow.name,
        "state": one.clock.state,
        "transition": one.clock.name,
        "entered": one.entered,
        "armed_at": one.armed_at,
        "status": ARMED,
    }


def _mine(clock: Clock, timer: sa.Table) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        timer.c.entity == clock.workflow.entity,
        timer.c.workflow == clock.workflow.name,
        timer.c.state == clock.state,
        timer.c.kind == clock.kind,
        timer.c.transition == clock.name,
    )


def _id(table: sa.TableClause) -> sa.ColumnElement[str]:
    """Return the id of a record as the engine's own tables keep it."""
    return sa.cast(table.c.id, sa.String(36))


def _armed(clock: Clock, records: Records) -> sa.Select[Any]:
    """Return the question for the armed timers of a clock, but for those that a person moved."""
    timer, log = own_tables().timer, own_tables().workflow_log
    table = records.table
    date = table.c[records.date] if records.date else sa.null()
    return (
        sa.select(
            timer.c.id,
            timer.c.record_id,
            timer.c.entered,
            timer.c.armed_at,
            timer.c.due_at,
            timer.c.next_at,
            timer.c.attempts,
            date.label("date"),
            log.c.transition.label("came_by"),
        )
        .select_from(
            timer.outerjoin(table, _id(table) == timer.c.record_id).outerjoin(
                log, log.c.id == timer.c.entered
            )
        )
        .where(*_mine(clock, timer), timer.c.status == ARMED, timer.c.updated_by.is_(None))
        .order_by(timer.c.id)
    )


def _new(clock: Clock, records: Records) -> sa.Select[Any]:
    """Return the question for the records that stand in a state and wait for nothing yet."""
    timer, log = own_tables().timer, own_tables().workflow_log
    table = records.table
    date = table.c[records.date] if records.date else sa.null()
    last = (
        sa.select(sa.func.max(log.c.id))
        .where(
            log.c.entity == clock.workflow.entity,
            log.c.record_id == _id(table),
            log.c.workflow == clock.workflow.name,
            log.c.outcome == "fired",
        )
        .correlate(table)
        .scalar_subquery()
    )
    standing = (
        sa.select(_id(table).label("id"), table.c.created_at, date.label("date"), last.label("log"))
        .where(table.c[records.state] == clock.state, table.c.archived_at.is_(None))
        .subquery("standing")
    )
    entered = sa.func.coalesce(standing.c.log, standing.c.id)
    waits = sa.and_(
        timer.c.entered == entered,
        timer.c.kind == clock.kind,
        timer.c.transition == clock.name,
    )
    joined = standing.outerjoin(log, log.c.id == standing.c.log).outerjoin(timer, waits)
    return (
        sa.select(
            sa.literal("").label("id"),
            standing.c.id.label("record_id"),
            entered.label("entered"),
            sa.func.coalesce(log.c.at, standing.c.created_at).label("armed_at"),
            standing.c.date,
        )
        .select_from(joined)
        .where(timer.c.id.is_(None))
        .order_by(standing.c.id)
    )


def _due(clock: Clock, row: Any, now: datetime) -> Due | None:
    """Return one timer as it should be; None where there is nothing to count from."""
    source, entered = clock.source, row.armed_at
    due: datetime | None = None
    if isinstance(source, Transition) and source.timer is not None:
        start = start_of(source, {source.timer.start: row.date}, entered)
        if start is not None:
            due = due_of(source.timer, start)
        if source.timer.every and not clock.is_new and row.came_by == clock.name:
            # it came round already: what counts is the beat
            due = entered + timedelta(seconds=source.timer.every)
    elif isinstance(source, Reminder):
        due = due_of(source.after, entered)
    elif (watchdog := clock.workflow.states[clock.state].watchdog) is not None:
        due = due_of(watchdog, entered)
    if due is None:
        return None
    about = (clock, row.id, row.record_id, row.entered, entered, due)
    return Due(*about, *((due, 0) if clock.is_new else _next(source, row, due, now)))


def _next(
    source: Transition | Reminder | None, row: Any, due: datetime, now: datetime
) -> tuple[datetime, int]:
    """Return when an armed timer is looked at next, and its attempts.

    One that was put off, because it was refused or people were told already, comes no sooner than
    it would have.
    """
    if isinstance(source, Reminder) and row.attempts:
        next_at = next_notice(source, due, now) if source.every else row.next_at
        return next_at, row.attempts
    if due <= now and row.next_at > row.due_at:
        return max(row.next_at, now + timedelta(seconds=1)), row.attempts
    return due, 0 if due > now else row.attempts
