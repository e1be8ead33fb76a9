"""The watchdog of background work: what is late, stuck, failed or never runs becomes an incident.

Asked by the scheduler every half minute, and safe in any number: an incident about one thing is
open once. What settles itself, such as a late run that did begin, closes its incident. Nothing here
starts or ends a run.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from runtime.jobs.registry import JobKind
from runtime.jobs.scheduler import NEVER, Schedule
from runtime.jobs.tables import HEARTBEAT, RUN, SCHEDULE
from runtime.outside import incidents
from runtime.runtime import Runtime
from runtime.store import inserts
from runtime.store.engine import read, write
from runtime.store.outside_tables import CLOSED, OPEN

LATE, STUCK, FAILED, NEVER_RUN = "job_late", "job_stuck", "job_failed", "job_never_run"
GRACE = timedelta(minutes=5)
"""So long after its time-out a run that still works is stuck: the worker should have ended it."""
LOOKS_BACK = timedelta(days=7)
MOST = 200
_NAMES = uuid.UUID("6f3e8a52-5b0e-4a58-8a33-3d1f1e0f6c1b")


def watch_jobs(
    runtime: Runtime, kinds: Mapping[str, JobKind], schedules: Sequence[Schedule]
) -> int:
    """Open and close incidents about background work; return how many were opened."""
    now = runtime.clock()
    with read(runtime.engine) as connection:
        found = [
            *_late(connection, kinds, now),
            *_stuck(connection, kinds, now),
            *_failed(connection, runtime, now),
            *_never_run(connection, kinds, schedules, now),
        ]
        over = list(_over(connection, runtime, found))
    if not found and not over:
        return 0
    with write(runtime.engine) as connection:
        for kind, about_id, facts in found:
            about = (incidents.JOB, about_id)
            incidents.open_incident(connection, runtime, kind, about, ("", ""), facts)
        table = runtime.system.incident
        if over:
            connection.execute(
                table.update()
                .where(table.c.id.in_(over), table.c.state == OPEN)
                .values(state=CLOSED, closed_at=now, closed_by=0, outcome="done")
            )
    return len(found)


def schedule_id(name: str) -> str:
    """Return what an incident about a schedule is about: a name may be longer than an id."""
    return str(uuid.uuid5(_NAMES, name))


def beat(runtime: Runtime, name: str, kind: str, told: Mapping[str, Any]) -> None:
    """Say that a process is alive."""
    row = {"name": name[:100], "kind": kind, "at": runtime.clock(), "told": dict(told)}
    with write(runtime.engine) as connection:
        changed = connection.execute(
            HEARTBEAT.update().where(HEARTBEAT.c.name == row["name"]).values(row)
        )
        if not changed.rowcount:
            inserts.insert_many(connection, HEARTBEAT, [row])
        old = HEARTBEAT.c.at < runtime.clock() - timedelta(days=1)
        connection.execute(HEARTBEAT.delete().where(old))


Found = tuple[str, str, dict[str, Any]]


def _late(
    connection: sa.Connection, kinds: Mapping[str, JobKind], now: datetime
) -> Iterator[Found]:
    waiting = sa.select(RUN.c.id, RUN.c.job, RUN.c.due_at, RUN.c.queue).where(
        RUN.c.state == "queued", RUN.c.due_at < now - timedelta(minutes=1)
    )
    for row in connection.execute(waiting.order_by(RUN.c.due_at).limit(MOST)):
        kind = kinds.get(row.job)
        seconds = kind.late if kind is not None else 0
        if seconds and now - row.due_at > timedelta(seconds=seconds):
            facts = {"job": row.job, "queue": row.queue, "since": row.due_at.isoformat()}
            yield LATE, row.id, facts


def _stuck(
    connection: sa.Connection, kinds: Mapping[str, JobKind], now: datetime
) -> Iterator[Found]:
    working = sa.select(RUN.c.id, RUN.c.job, RUN.c.attempt_at, RUN.c.worker).where(
        RUN.c.state == "running", RUN.c.attempt_at < now - GRACE
    )
    for row in connection.execute(working.order_by(RUN.c.attempt_at).limit(MOST)):
        kind = kinds.get(row.job)
        if kind is not None and now - row.attempt_at > timedelta(seconds=kind.timeout) + GRACE:
            since = row.attempt_at.isoformat()
            yield STUCK, row.id, {"job": row.job, "worker": row.worker, "since": since}


def _failed(connection: sa.Connection, runtime: Runtime, now: datetime) -> Iterator[Found]:
    table = runtime.system.incident
    told = sa.select(table.c.id).where(
        table.c.about == incidents.JOB,
        table.c.about_id == RUN.c.id,
        table.c.kind == FAILED,
        # a run that was retried and failed again is told again
        table.c.opened_at >= RUN.c.finished_at,
    )
    failed = (
        sa.select(RUN.c.id, RUN.c.job, RUN.c.error, RUN.c.attempt, RUN.c.finished_at)
        .where(RUN.c.state == "failed", RUN.c.finished_at > now - LOOKS_BACK, ~told.exists())
        .limit(MOST)
    )
    for row in connection.execute(failed):
        lines = (row.error or "").strip().splitlines()
        facts = {"job": row.job, "attempts": row.attempt, "why": (lines or [""])[-1][:300]}
        yield FAILED, row.id, facts


def _never_run(
    connection: sa.Connection,
    kinds: Mapping[str, JobKind],
    schedules: Sequence[Schedule],
    now: datetime,
) -> Iterator[Found]:
    """Yield schedules whose time passed without a run: whoever should have made it did not."""
    late = {one.name: kinds[one.job].late for one in schedules if one.job in kinds}
    asked = sa.select(SCHEDULE).where(
        SCHEDULE.c.paused_at.is_(None),
        SCHEDULE.c.next_at < now,
        SCHEDULE.c.next_at < NEVER,
    )
    for row in connection.execute(asked):
        seconds = late.get(row.name, 0)
        if seconds and now - row.next_at > timedelta(seconds=seconds):
            since = row.next_at.isoformat()
            yield NEVER_RUN, schedule_id(row.name), {"job": row.name, "since": since}


def _over(connection: sa.Connection, runtime: Runtime, found: Sequence[Found]) -> Iterator[str]:
    """Yield the ids of open incidents that are so no longer."""
    table = runtime.system.incident
    still = {(kind, about_id) for kind, about_id, _ in found}
    asked = (
        sa.select(table.c.id, table.c.kind, table.c.about_id, RUN.c.state)
        .join_from(table, RUN, RUN.c.id == table.c.about_id, isouter=True)
        .where(
            table.c.about == incidents.JOB,
            table.c.state == OPEN,
            table.c.kind.in_((LATE, STUCK, FAILED, NEVER_RUN)),
        )
    )
    for row in connection.execute(asked):
        if row.kind == FAILED:
            if row.state != "failed":
                yield str(row.id)
        elif (row.kind, row.about_id) not in still:
            yield str(row.id)
