"""What people see of background work and do about it: rights first, then one statement each.

A job of the definitions is operated by the roles it names. A run is seen by who asked for it and by
whoever operates its job; one of the engine's own jobs by whoever may `operate` the entity that it
is about. What cannot be seen answers as what is not there. Everything done here is in the audit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import marshmallow as ma
import sqlalchemy as sa

from generator.field_types._refusals import Words
from generator.model.job import Job
from generator.model.text import Label
from rules.role_names import closure
from runtime.errors import Conflict, FieldError, Invalid, NotFound
from runtime.jobs import runs, scheduler
from runtime.jobs.own import own_job, own_jobs
from runtime.jobs.starting import start_run
from runtime.jobs.tables import FILE, FINAL, HEARTBEAT, LOG, ROW, RUN, SCHEDULE
from runtime.jobs.watching import FAILED, LATE, NEVER_RUN, STUCK
from runtime.messages import Actor
from runtime.operations import _incidents
from runtime.outside import incidents
from runtime.runtime import Runtime
from runtime.store.engine import read, write
from runtime.store.outside_tables import OPEN
from runtime.store.trail import Note, Trail

ABOUT = "@job"
"""What the audit calls jobs: no entity can have that name."""
MOST_RUNS, MOST_LINES, MOST_ROWS = 50, 200, 100
KINDS = (FAILED, STUCK, LATE, NEVER_RUN)
OPERATING = frozenset({"operate:*", "*:*"})
"""Scopes of a token that operates jobs."""
ASKING = ("read", "update", "import", "export", "bulk")
"""What a token may do with an entity that lets it follow its own runs."""
GONE = Label({"en": "There is no such run.", "zh": "没有这次运行。"})
NO_JOB = Label({"en": "There is no such job.", "zh": "没有这个任务。"})
OVER = Label({"en": "This run has ended already.", "zh": "这次运行已经结束。"})
NOT_OVER = Label({"en": "This run has not failed.", "zh": "这次运行没有失败。"})
EXPIRED = Label({"en": "This file is no longer kept.", "zh": "该文件已过保留期。"})


@dataclass(frozen=True)
class JobState:
    """A job of the definitions and how it stands."""

    job: Job
    next_at: datetime | None
    paused_at: datetime | None
    paused_by: str
    last: Any
    """Its latest run as a row; None where there was none."""


def operated(runtime: Runtime, actor: Actor) -> tuple[Job, ...]:
    """Return the jobs that somebody operates, those of the engine last; asks no database."""
    if actor.scopes is not None and not actor.scopes & OPERATING:
        return ()
    held = frozenset().union(*(closure(role, runtime.app.roles) for role in actor.roles))
    jobs = (*runtime.app.jobs.values(), *own_jobs(runtime))
    return tuple(job for job in jobs if held & {*job.operators})


def is_operator(runtime: Runtime, actor: Actor) -> bool:
    """Return whether somebody operates background work at all; asks no database."""
    return bool(operated(runtime, actor) or _incidents.operable(runtime, actor))


def job_of(runtime: Runtime, actor: Actor, name: str) -> Job:
    """Return a job that somebody operates.

    Raises:
        NotFound: there is none of that name, or not for them.

    """
    found = next((job for job in operated(runtime, actor) if job.name == name), None)
    if found is None:
        raise NotFound(NO_JOB)
    return found


def states(runtime: Runtime, actor: Actor) -> tuple[JobState, ...]:
    """Return the jobs somebody operates with their next and latest run: two statements."""
    jobs = operated(runtime, actor)
    if not jobs:
        return ()
    names = [job.name for job in jobs]
    latest = sa.select(sa.func.max(RUN.c.id)).where(RUN.c.job.in_(names)).group_by(RUN.c.job)
    with read(runtime.engine) as connection:
        found = connection.execute(sa.select(RUN).where(RUN.c.id.in_(latest)))
        last = {row.job: row for row in found}
        asked = sa.select(SCHEDULE).where(SCHEDULE.c.name.in_(names))
        planned = {row.name: row for row in connection.execute(asked)}
    return tuple(_state(job, planned.get(job.name), last.get(job.name)) for job in jobs)


def _state(job: Job, row: Any, last: Any) -> JobState:
    if row is None or job.schedule is None:
        return JobState(job, None, None, "", last)
    next_at = row.next_at if row.next_at < scheduler.NEVER else None
    return JobState(job, next_at, row.paused_at, row.paused_by or "", last)


def recent(runtime: Runtime, actor: Actor, job: str = "", limit: int = MOST_RUNS) -> Sequence[Any]:
    """Return the latest runs that somebody may see, newest first; of one job where it is named."""
    names = [one.name for one in operated(runtime, actor)]
    mine = RUN.c.created_by == str(actor.id) if actor.id else sa.false()
    asked = sa.select(RUN).where(sa.or_(mine, RUN.c.job.in_(names)))
    if job:
        asked = asked.where(RUN.c.job == job)
    with read(runtime.engine) as connection:
        return list(connection.execute(asked.order_by(RUN.c.id.desc()).limit(limit)))


def count_working(runtime: Runtime, actor: Actor) -> int:
    """Return how many of somebody's own runs wait or work: one small statement."""
    asked = sa.select(sa.func.count()).where(
        RUN.c.created_by == str(actor.id), RUN.c.state.in_(("queued", "running"))
    )
    with read(runtime.engine) as connection:
        return int(connection.execute(asked).scalar_one())


def find_run(runtime: Runtime, actor: Actor, run_id: str) -> Any:
    """Return a run that somebody may see.

    Raises:
        NotFound: there is none, or not for them.

    """
    with read(runtime.engine) as connection:
        run = connection.execute(sa.select(RUN).where(RUN.c.id == run_id)).first()
    if run is None or not (_is_own(runtime, actor, run) or operates_run(runtime, actor, run)):
        raise NotFound(GONE)
    return run


def operates_run(runtime: Runtime, actor: Actor, run: Any) -> bool:
    """Return whether somebody operates the job of a run, or what the engine does in it."""
    if run.job in runtime.app.jobs or own_job(runtime, run.job) is not None:
        return any(job.name == run.job for job in operated(runtime, actor))
    entity = str((run.input or {}).get("entity") or "")
    operable = _incidents.operable(runtime, actor)
    return entity in operable if entity else bool(operable) and run.created_by is None


def _is_own(runtime: Runtime, actor: Actor, run: Any) -> bool:
    """Return whether somebody asked for a run; a token sees those about what it reaches."""
    if not actor.id or run.created_by != str(actor.id):
        return False
    if actor.scopes is None or actor.scopes & OPERATING:
        return True
    entity = str((run.input or {}).get("entity") or "")
    return any(runtime.matrix.grant(actor.roles, entity, one) for one in ASKING)


def log_of(runtime: Runtime, run_id: str) -> Sequence[Any]:
    """Return the last lines of a run's log, in order."""
    asked = sa.select(LOG).where(LOG.c.run_id == run_id).order_by(LOG.c.id.desc())
    with read(runtime.engine) as connection:
        return list(connection.execute(asked.limit(MOST_LINES)))[::-1]


def rows_of(
    runtime: Runtime, run_id: str, *, refused: bool, after: int = -1, limit: int = MOST_ROWS
) -> Sequence[Any]:
    """Return what became of records, in order; `refused` leaves out what was done."""
    asked = sa.select(ROW).where(ROW.c.run_id == run_id, ROW.c.position > after)
    if refused:
        asked = asked.where(ROW.c.status != "ok")
    with read(runtime.engine) as connection:
        return list(connection.execute(asked.order_by(ROW.c.position).limit(limit)))


def files_of(runtime: Runtime, run_id: str) -> Sequence[Any]:
    """Return the files of a run that are still kept."""
    asked = sa.select(FILE).where(FILE.c.run_id == run_id, FILE.c.expires_at > runtime.clock())
    with read(runtime.engine) as connection:
        return list(connection.execute(asked.order_by(FILE.c.id)))


# --- what people do


def run_now(
    runtime: Runtime,
    trail: Trail,
    name: str,
    values: Mapping[str, Any],
    once: str | None = None,
) -> str:
    """Start a run of a job with what somebody typed, in API form; return its id.

    A second wish with the same key `once` is the same run.

    Raises:
        NotFound: there is no such job, or not for them.
        Invalid: a parameter is missing, unknown or cannot be read.

    """
    actor = _somebody(trail)
    job = job_of(runtime, actor, name)
    given = checked(runtime, job, values)
    with write(runtime.engine) as connection:
        told = {"parameters": given}
        run_id = start_run(runtime, name, told, by=actor, connection=connection, unique_key=once)
        trail.write(connection, Note("job_started", ABOUT, run_id, name, after=told))
    return run_id


def checked(runtime: Runtime, job: Job, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters in API form, each read once.

    Raises:
        Invalid: with every parameter that is unknown, missing or cannot be read.

    """
    errors: list[FieldError] = []
    given: dict[str, Any] = {}
    for key in values.keys() - job.parameters.keys():
        message = Label({"en": f"There is no '{key}' here.", "zh": f"这里没有“{key}”。"})
        errors.append(FieldError(str(key), "unknown_field", message))
    for name, field in job.parameters.items():
        value = values.get(name)
        if value is None or value == "":
            if field.required and field.default is None:
                message = Label({"en": "This is needed.", "zh": "必填。"})
                errors.append(FieldError(name, "required", message))
            elif name in values:
                given[name] = None
            continue
        try:
            runtime.compiled.field_types[field.type].schema(field).deserialize(value)
        except ma.ValidationError as error:
            errors.append(FieldError(name, "invalid", _why(error)))
        else:
            given[name] = value
    if errors:
        raise Invalid(errors[0].message, tuple(errors))
    return given


def cancel(runtime: Runtime, trail: Trail, run_id: str) -> str:
    """Stop a run: at once where it waits, at its next chunk where it works; return its state.

    Raises:
        NotFound: there is none, or not for them.
        Conflict: it has ended.

    """
    run = find_run(runtime, _somebody(trail), run_id)
    if run.state in FINAL:
        raise Conflict(OVER)
    with write(runtime.engine) as connection:
        state = runs.ask_to_cancel(connection, run_id, runtime.clock())
        trail.write(connection, Note("job_cancelled", ABOUT, run_id, run.job))
    return str(state)


def retry(runtime: Runtime, trail: Trail, run_id: str) -> None:
    """Begin a failed or cancelled run again, where it stopped.

    Raises:
        NotFound: there is none, or not for them.
        Conflict: it has not failed.

    """
    run = find_run(runtime, _somebody(trail), run_id)
    with write(runtime.engine) as connection:
        if not runs.retry(connection, run_id, runtime.clock()):
            raise Conflict(NOT_OVER)
        trail.write(connection, Note("job_retried", ABOUT, run_id, run.job))
        incidents.close_about(connection, runtime, incidents.JOB, run_id, "retry")


def pause(runtime: Runtime, trail: Trail, name: str, *, paused: bool) -> None:
    """Stop the schedule of a job, or let it go on.

    Raises:
        NotFound: there is none, or not for them.

    """
    actor = _somebody(trail)
    job = job_of(runtime, actor, name)
    with write(runtime.engine) as connection:
        at = runtime.clock() if paused else None
        if job.schedule is None or not scheduler.pause(connection, name, actor.name, at):
            raise NotFound(NO_JOB)
        trail.write(connection, Note("job_paused" if paused else "job_resumed", ABOUT, name, name))


def settle(runtime: Runtime, trail: Trail, incident_id: str) -> None:
    """Close an incident about a job that somebody has looked at.

    Raises:
        NotFound: there is none that is open, or not for them.

    """
    actor = _somebody(trail)
    one = next((each for each in troubles(runtime, actor) if each.id == incident_id), None)
    if one is None:
        raise NotFound(GONE)
    with write(runtime.engine) as connection:
        incidents.close(connection, runtime, one.id, (actor.id, actor.name), "done", "")
        trail.write(connection, Note("job_settled", ABOUT, one.about_id or "", one.facts["job"]))


def troubles(runtime: Runtime, actor: Actor) -> Sequence[Any]:
    """Return the open incidents about jobs that somebody operates, the oldest first."""
    names = {job.name for job in operated(runtime, actor)}
    is_wide = bool(_incidents.operable(runtime, actor))
    table = runtime.system.incident
    asked = (
        sa.select(table)
        .where(table.c.about == incidents.JOB, table.c.kind.in_(KINDS), table.c.state == OPEN)
        .order_by(table.c.id)
        .limit(MOST_RUNS)
    )
    known = runtime.app.jobs
    with read(runtime.engine) as connection:
        found = list(connection.execute(asked))
    return [
        one
        for one in found
        if one.facts["job"] in names or (is_wide and one.facts["job"] not in known)
    ]


@dataclass(frozen=True)
class Health:
    """How background work goes, in numbers."""

    queues: Mapping[str, tuple[int, int, datetime | None]]
    """By queue: how many wait, how many work, and since when the oldest of those due waits."""
    alive: Sequence[Any]
    """Who was seen in the last minute."""
    failed: int
    """Runs that failed in the last day."""


def health(runtime: Runtime) -> Health:
    """Return how the queues stand and who works on them: three statements."""
    now = runtime.clock()
    due = sa.case((sa.and_(RUN.c.state == "queued", RUN.c.due_at <= now), RUN.c.due_at))
    asked = (
        sa.select(
            RUN.c.queue,
            sa.func.count(sa.case((RUN.c.state == "queued", 1))),
            sa.func.count(sa.case((RUN.c.state == "running", 1))),
            sa.func.min(due),
        )
        .where(RUN.c.state.in_(("queued", "running")))
        .group_by(RUN.c.queue)
    )
    failed = sa.select(sa.func.count()).where(
        RUN.c.state == "failed", RUN.c.finished_at > now - timedelta(days=1)
    )
    alive = sa.select(HEARTBEAT).where(HEARTBEAT.c.at > now - timedelta(minutes=1))
    with read(runtime.engine) as connection:
        queues = {row[0]: (row[1], row[2], row[3]) for row in connection.execute(asked)}
        seen = list(connection.execute(alive.order_by(HEARTBEAT.c.kind, HEARTBEAT.c.name)))
        count = int(connection.execute(failed).scalar_one())
    return Health(queues, seen, count)


def _why(error: ma.ValidationError) -> Label:
    text = error.messages[0] if isinstance(error.messages, list) else ""
    if isinstance(text, Words):
        return Label({"en": str(text), "zh": text.zh})
    return Label({"en": "This cannot be read.", "zh": "格式不正确。"})


def _somebody(trail: Trail) -> Actor:
    assert trail.actor is not None, "whoever is not signed in was asked to before"
    return trail.actor
