"""The life of a run: queued → running → succeeded, failed or cancelled; each step one statement.

A run is claimed under a lease with a fresh token. Every later write names the token, so a worker
that was thought dead and comes back changes nothing (`LeaseLost`). Progress, checkpoint and
success take the caller's connection: written in the transaction of the effect they describe,
they make the effect happen once, whatever dies between.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import sqlalchemy.exc
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from runtime.jobs.outbox import FIRST_DELAY, LONGEST_ERROR, OUTBOX, back_off, new_id
from runtime.jobs.tables import FILE, FINAL, LOG, ROW, RUN

LONGEST_MESSAGE = 500


class LeaseLost(Exception):
    """Another worker has the run now; what this one had not committed must be rolled back."""


class RunCancelled(Exception):
    """A person asked for the run to stop; raised from `advance` so that the chunk is undone."""


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run somebody asks for."""

    job: str
    queue: str = "default"
    input: Mapping[str, Any] = field(default_factory=dict)
    created_by: str | None = None
    """The person on whose behalf the job acts; rights are looked up again when it runs."""
    unique_key: str | None = None
    """Two requests with one key are one run, also after it has finished."""
    max_attempts: int = 5
    due_at: datetime | None = None
    outbox_id: str | None = None
    alone: str = ""
    """Two runs with this key never work at once."""
    source: str = "system"
    """schedule, person, workflow or system: who wanted it."""
    slot_at: datetime | None = None
    """The time of the schedule it stands for."""
    retry_of: str | None = None
    """The run whose refused records it tries again."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a run, until its lease ends."""

    run_id: str
    token: str
    attempt: int
    max_attempts: int
    input: Mapping[str, Any]
    checkpoint: Any
    created_by: str | None
    outbox_id: str | None


def create(
    connection: sa.Connection,
    run: NewRun,
    now: datetime,
    make_id: Callable[[], str] = new_id,
) -> str:
    """Queue a run in the caller's transaction; return its id, or the one that has its key."""
    values = {
        "id": make_id(),
        "job": run.job,
        "queue": run.queue,
        "unique_key": run.unique_key,
        "state": "queued",
        "input": dict(run.input),
        "created_by": run.created_by,
        "outbox_id": run.outbox_id,
        "created_at": now,
        "due_at": run.due_at or now,
        "max_attempts": run.max_attempts,
        "attempt": 0,
        "done": 0,
        "cancel_requested": False,
        "source": run.source,
        "slot_at": run.slot_at,
        "alone": run.alone or None,
        "retry_of": run.retry_of,
    }
    if run.unique_key is None:
        connection.execute(RUN.insert().values(values))
        return str(values["id"])
    # psycopg reports rowcount -1 for ON CONFLICT DO NOTHING, so the returned row tells the truth
    inserted = connection.execute(_insert_once(connection, values)).first()
    if inserted is not None:
        return str(inserted.id)
    existing = sa.select(RUN.c.id).where(RUN.c.unique_key == run.unique_key)
    return str(connection.execute(existing).scalar_one())


def claim(
    connection: sa.Connection,
    run_id: str,
    job: str,
    worker: str,
    now: datetime,
    lease: timedelta,
    make_token: Callable[[], str] = new_id,
) -> Claim | None:
    """Take a queued run that is due; None when it is not, or when it is another job's.

    Also None while a run with the same key `alone` works; it is then handed over again when that
    has ended. An index of the database decides between two that come at once.
    """
    token = make_token()
    savepoint = connection.begin_nested()
    try:
        taken = connection.execute(_taken(run_id, job, worker, now, lease, token)).first()
    except sqlalchemy.exc.IntegrityError:
        savepoint.rollback()
        connection.execute(
            RUN.update().where(RUN.c.id == run_id, RUN.c.state == "queued").values(handed_at=None)
        )
        return None
    savepoint.commit()
    return None if taken is None else Claim(run_id, token, *taken)


def _taken(
    run_id: str, job: str, worker: str, now: datetime, lease: timedelta, token: str
) -> sa.Executable:
    return (
        RUN.update()
        .where(RUN.c.id == run_id, RUN.c.job == job, RUN.c.state == "queued", RUN.c.due_at <= now)
        .values(
            state="running",
            attempt=RUN.c.attempt + 1,
            attempt_at=now,
            started_at=sa.func.coalesce(RUN.c.started_at, sa.literal(now, RUN.c.started_at.type)),
            lease_until=now + lease,
            lease_token=token,
            worker=worker[:100],
            error=None,
        )
        .returning(
            RUN.c.attempt,
            RUN.c.max_attempts,
            RUN.c.input,
            RUN.c.checkpoint,
            RUN.c.created_by,
            RUN.c.outbox_id,
        )
    )


def extend(connection: sa.Connection, held: Claim, now: datetime, lease: timedelta) -> bool:
    """Keep a lease alive; False when it was lost."""
    kept = connection.execute(
        _held(held).values(lease_until=now + lease).returning(RUN.c.id)
    ).first()
    return kept is not None


def advance(
    connection: sa.Connection,
    held: Claim,
    now: datetime,
    lease: timedelta,
    changes: Mapping[str, Any],
) -> None:
    """Write progress (done, total, message, checkpoint) with the chunk's effects.

    Raises LeaseLost or RunCancelled; the caller's transaction must then roll back.
    """
    values = {"lease_until": now + lease, **changes}
    if values.get("message"):
        values["message"] = str(values["message"])[:LONGEST_MESSAGE]
    row = connection.execute(_held(held).values(values).returning(RUN.c.cancel_requested)).first()
    if row is None:
        raise LeaseLost(held.run_id)
    if row.cancel_requested:
        raise RunCancelled(held.run_id)


def succeed(connection: sa.Connection, held: Claim, now: datetime, result: Any = None) -> None:
    """Finish a run, with its last effects or after them; LeaseLost when it is another worker's."""
    _finish(connection, held, now, state="succeeded", result=result, error=None)


def cancelled(connection: sa.Connection, held: Claim, now: datetime) -> None:
    """Finish a run that a person stopped; what its earlier chunks did stays done."""
    _finish(connection, held, now, state="cancelled")


def fail(
    connection: sa.Connection,
    held: Claim,
    now: datetime,
    error: str,
    first: timedelta = FIRST_DELAY,
) -> str:
    """Queue a run again after a pause, or give it up after its last attempt; return which."""
    if held.attempt >= held.max_attempts:
        _finish(connection, held, now, state="failed", error=error[-LONGEST_ERROR:])
        return "failed"
    _release(connection, held, now + back_off(held.attempt, first), error=error[-LONGEST_ERROR:])
    return "queued"


def pause(connection: sa.Connection, held: Claim, now: datetime) -> None:
    """Give a run back when its worker is asked to stop; the attempt does not count."""
    _release(connection, held, now, attempt=RUN.c.attempt - 1)


def ask_to_cancel(connection: sa.Connection, run_id: str, now: datetime) -> str | None:
    """Cancel a queued run now, a running one at its next chunk; return its state, or None."""
    waits = RUN.c.state == "queued"
    row = connection.execute(
        RUN.update()
        .where(RUN.c.id == run_id, RUN.c.state.not_in(FINAL))
        .values(
            cancel_requested=True,
            state=sa.case((waits, "cancelled"), else_=RUN.c.state),
            finished_at=sa.case(
                (waits, sa.literal(now, RUN.c.finished_at.type)), else_=RUN.c.finished_at
            ),
        )
        .returning(RUN.c.state)
    ).first()
    if row is not None:
        return str(row.state)
    return connection.execute(sa.select(RUN.c.state).where(RUN.c.id == run_id)).scalar()


def retry(connection: sa.Connection, run_id: str, now: datetime) -> bool:
    """Queue a failed or cancelled run again with all its attempts; it resumes at its checkpoint."""
    again = connection.execute(
        RUN.update()
        .where(RUN.c.id == run_id, RUN.c.state.in_(("failed", "cancelled")))
        .values(
            state="queued",
            attempt=0,
            due_at=now,
            handed_at=None,
            finished_at=None,
            cancel_requested=False,
            error=None,
        )
        .returning(RUN.c.id)
    ).first()
    return again is not None


def requeue_lost(engine: sa.Engine, now: datetime, limit: int = 100) -> int:
    """Find running runs whose lease has ended and queue them again, or fail them; return how many.

    A worker that dies counts as an attempt, so a run that kills its workers ends as failed.
    """
    with engine.begin() as connection:
        lost = connection.execute(
            sa.select(RUN.c.id, RUN.c.attempt, RUN.c.max_attempts, RUN.c.cancel_requested)
            .where(RUN.c.state == "running", RUN.c.lease_until <= now)
            .order_by(RUN.c.lease_until)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        for row in lost:
            given_up = row.cancel_requested or row.attempt >= row.max_attempts
            final = "cancelled" if row.cancel_requested else "failed"
            connection.execute(
                RUN.update()
                .where(RUN.c.id == row.id)
                .values(
                    state=final if given_up else "queued",
                    finished_at=now if given_up else None,
                    due_at=now,
                    handed_at=None,
                    lease_until=None,
                    lease_token=None,
                    error=f"the worker stopped answering in attempt {row.attempt}",
                )
            )
            write_log(
                connection,
                row.id,
                now,
                "warning",
                "The worker stopped answering.",
                code="worker_lost",
            )
    return len(lost)


def expire_lease(connection: sa.Connection, run_id: str, worker: str, now: datetime) -> bool:
    """End the lease of a run whose process its worker saw die: the watchdog need not wait."""
    expired = connection.execute(
        RUN.update()
        .where(RUN.c.id == run_id, RUN.c.state == "running", RUN.c.worker == worker)
        .values(lease_until=now)
        .returning(RUN.c.id)
    )
    return expired.first() is not None


def write_log(
    connection: sa.Connection,
    run_id: str,
    now: datetime,
    level: str,
    text: str,
    make_id: Callable[[], str] = new_id,
    code: str = "",
    params: Mapping[str, Any] | None = None,
) -> None:
    """Add a line to a run's log; levels are info, warning and error.

    A line with a code is worded by the page in the reader's language out of `params`; `text` is
    what it is in English.
    """
    connection.execute(
        LOG.insert().values(
            id=make_id(),
            run_id=run_id,
            at=now,
            level=level,
            text=text,
            code=code or None,
            params=dict(params) if params else None,
        )
    )


def forget_finished(connection: sa.Connection, before: datetime) -> int:
    """Delete runs and logs that ended well or were cancelled before a time; failures stay."""
    old = sa.and_(RUN.c.state.in_(("succeeded", "cancelled")), RUN.c.finished_at < before)
    # its files are forgotten with their bytes before, so a run that still has one stays
    old = sa.and_(old, RUN.c.id.not_in(sa.select(FILE.c.run_id)))
    ids = sa.select(RUN.c.id).where(old)
    for table in (LOG, ROW):
        connection.execute(table.delete().where(table.c.run_id.in_(ids)))
    return connection.execute(RUN.delete().where(old)).rowcount


def _held(held: Claim) -> sa.Update:
    return RUN.update().where(
        RUN.c.id == held.run_id, RUN.c.state == "running", RUN.c.lease_token == held.token
    )


def _finish(connection: sa.Connection, held: Claim, now: datetime, **values: Any) -> None:
    row = connection.execute(
        _held(held)
        .values(finished_at=now, lease_until=None, lease_token=None, **values)
        .returning(RUN.c.id)
    ).first()
    if row is None:
        raise LeaseLost(held.run_id)
    if held.outbox_id is not None and values["state"] == "succeeded":
        connection.execute(
            OUTBOX.update()
            .where(OUTBOX.c.id == held.outbox_id, OUTBOX.c.done_at.is_(None))
            .values(done_at=now)
        )


def _release(connection: sa.Connection, held: Claim, due_at: datetime, **values: Any) -> None:
    row = connection.execute(
        _held(held)
        .values(
            state="queued",
            due_at=due_at,
            handed_at=None,
            lease_until=None,
            lease_token=None,
            **values,
        )
        .returning(RUN.c.id)
    ).first()
    if row is None:
        raise LeaseLost(held.run_id)


def _insert_once(connection: sa.Connection, values: Mapping[str, Any]) -> sa.Executable:
    if connection.dialect.name == "sqlite":
        lite = sqlite_insert(RUN).values(values)
        return lite.on_conflict_do_nothing(index_elements=["unique_key"]).returning(RUN.c.id)
    full = postgresql_insert(RUN).values(values)
    return full.on_conflict_do_nothing(index_elements=["unique_key"]).returning(RUN.c.id)
