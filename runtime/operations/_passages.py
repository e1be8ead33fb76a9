"""Where a record has been: the rows of its workflows' log, and what is still to come by itself.

Read by the timeline, by the picture of a workflow and by the steps of a record's page. Who took a
step, what they answered and why is part of the history; where the record was is part of the record.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from generator.model.entity import Entity
from runtime.runtime import Runtime
from runtime.store.prepared import prepared
from runtime.store.workflow_tables import ARMED


@dataclass(frozen=True)
class Passage:
    """One edge that a record took."""

    id: str
    at: datetime
    since: datetime | None
    """When the step before it was taken; None for the first."""
    workflow: str
    transition: str
    before: str
    after: str
    actor_id: int
    actor_name: str
    actor_kind: str
    source: str
    """user, api, auto, timer, event, system, import or migration."""
    skipped: bool = False
    """An optional transition was refused: nothing moved."""
    reason: str = ""
    answers: Mapping[str, Any] = field(default_factory=dict)
    """What was said in the form, as a payload holds it; personal answers as `***`."""
    changed_from: Mapping[str, Any] = field(default_factory=dict)
    changed_to: Mapping[str, Any] = field(default_factory=dict)
    """Fields that it set, before and after."""
    batch: bool = False


@dataclass(frozen=True)
class Due:
    """Something that happens by itself at a moment."""

    workflow: str
    transition: str
    kind: str
    """transition, watchdog or reminder."""
    due_at: datetime
    id: str
    state: str
    armed_at: datetime


@dataclass(frozen=True)
class Task:
    """Something people are asked to do while a record stays where it is."""

    id: str
    name: str
    roles: tuple[str, ...]
    entity: str
    record_id: str
    title: str
    workflow: str
    state: str
    at: datetime


def steps(
    connection: sa.Connection,
    runtime: Runtime,
    entity: str,
    record_id: str,
    limit: int,
    before: str = "",
) -> list[Any]:
    """Return rows of the log of a record, the newest first: one statement."""
    log = runtime.system.workflow_log

    def make() -> sa.Select[Any]:
        at: Any = log.c.at.type
        since = sa.func.lag(log.c.at, type_=at).over(partition_by=log.c.workflow, order_by=log.c.id)
        every = sa.select(log, since.label("since")).where(*_of_record(log)).subquery()
        found = sa.select(every).order_by(every.c.id.desc()).limit(sa.bindparam("most"))
        return found.where(every.c.id < sa.bindparam("below")) if before else found

    asked = prepared(log, ("steps", bool(before)), connection.dialect, make)
    values = {**_place(entity, record_id), "most": limit}
    if before:
        values["below"] = before
    names = (*log.c.keys(), "since")
    return [
        SimpleNamespace(**dict(zip(names, row, strict=True)))
        for row in asked.rows(connection, values)
    ]


def _of_record(table: sa.Table) -> tuple[sa.ColumnElement[bool], ...]:
    """Return that a row is about the record of `_place`."""
    return (
        table.c.entity == sa.bindparam("of_entity"),
        table.c.record_id == sa.bindparam("of_record"),
    )


def _place(entity: str, record_id: str) -> dict[str, Any]:
    return {"of_entity": entity, "of_record": record_id}


def passage(row: Any, model: Entity, readable: Collection[str] | None) -> Passage:
    """Return a row of the log; without the history (None) only where the record was and when."""
    plain = Passage(
        row.id,
        row.at,
        row.since,
        row.workflow,
        row.transition,
        row.from_state,
        row.to_state,
        0,
        "",
        row.actor_kind,
        row.source,
        row.outcome == "skipped",
    )
    if readable is None:
        return plain
    seen = frozenset(readable)

    def cut(values: Mapping[str, Any] | None) -> Mapping[str, Any]:
        """Leave out what the reader does not see of the record itself."""
        return {
            name: value
            for name, value in (values or {}).items()
            if name in seen or name not in model.fields
        }

    fields = frozenset(model.fields)
    return Passage(
        plain.id,
        plain.at,
        plain.since,
        plain.workflow,
        plain.transition,
        plain.before,
        plain.after,
        row.actor_id or 0,
        row.actor_name,
        row.actor_kind,
        row.source,
        plain.skipped,
        row.reason or "",
        cut(row.input),
        {name: value for name, value in cut(row.before).items() if name in fields},
        {name: value for name, value in cut(row.after).items() if name in fields},
        bool(row.batch_id),
    )


def due(
    connection: sa.Connection, runtime: Runtime, entity: str, record_id: str
) -> tuple[Due, ...]:
    """Return what a record waits for, the next first."""
    timer = runtime.system.timer

    def make() -> sa.Select[Any]:
        return (
            sa.select(
                timer.c.workflow,
                timer.c.transition,
                timer.c.kind,
                timer.c.next_at,
                timer.c.id,
                timer.c.state,
                timer.c.armed_at,
            )
            .where(*_of_record(timer), timer.c.status == ARMED)
            .order_by(timer.c.next_at)
            .limit(20)
        )

    asked = prepared(timer, "due", connection.dialect, make)
    return tuple(Due(*row) for row in asked.rows(connection, _place(entity, record_id)))


def open_tasks(
    connection: sa.Connection, runtime: Runtime, entity: str, record_id: str
) -> tuple[Task, ...]:
    """Return what people are asked to do about a record, the oldest first."""
    task = runtime.system.task

    def make() -> sa.Select[Any]:
        return (
            sa.select(task)
            .where(*_of_record(task), task.c.closed_at.is_(None))
            .order_by(task.c.id)
            .limit(20)
        )

    asked = prepared(task, "open", connection.dialect, make)
    names = task.c.keys()
    return tuple(
        as_task(SimpleNamespace(**dict(zip(names, row, strict=True))))
        for row in asked.rows(connection, _place(entity, record_id))
    )


def as_task(row: Any) -> Task:
    """Return a row of the tasks."""
    return Task(
        row.id,
        row.name,
        tuple(row.roles or ()),
        row.entity,
        row.record_id,
        row.title or "",
        row.workflow,
        row.state,
        row.opened_at,
    )
