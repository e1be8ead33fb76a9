"""From the database to Redis: queued runs that are due go in, messages for the workers come out.

Every run that is `queued` and was not handed over lately is handed over again. That one rule
covers a new run, a retry after its pause, a run whose worker died, and a Redis that came back
empty. A message twice does no harm: the second one finds the run claimed. Only a few messages of a
queue are ahead at a time, taken in turn from everybody who waits, so that a person with a thousand
runs is not served before one with a single run.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from generator.model.job import QUEUES
from runtime.jobs import runs
from runtime.jobs.outbox import Deliver, OutboxRow
from runtime.jobs.queue import JobQueue, QueueUnavailable
from runtime.jobs.registry import JobKind
from runtime.jobs.tables import RUN

HAND_AGAIN_AFTER = timedelta(seconds=30)
AHEAD: Mapping[str, int] = {"critical": 200, "default": 50, "bulk": 20}
"""Messages that wait in Redis at most, for the workers to take while nobody hands over more."""

log = logging.getLogger(__name__)


def hand_over(
    engine: sa.Engine,
    queue: JobQueue,
    kinds: Mapping[str, JobKind],
    now: datetime,
    ahead: Mapping[str, int] = AHEAD,
    again_after: timedelta = HAND_AGAIN_AFTER,
) -> int:
    """Hand queued runs that are due to the workers; return how many. Safe in any number.

    `ahead` is how many messages of a queue wait in Redis at most, so a hundred thousand bulk runs
    do not hold back a critical one. When Redis is away, the runs are released at once and the next
    call tries them again.
    """
    with engine.begin() as connection:
        due = [
            row
            for name in QUEUES
            for row in connection.execute(_due(name, now, again_after, ahead[name])).all()
        ]
        if due:
            _mark(connection, [row.id for row in due], now)
    for position, row in enumerate(due):
        kind = kinds.get(row.job)
        timeout = kind.timeout if kind is not None else 60
        try:
            queue.enqueue(row.job, row.id, row.queue, f"{row.id}-{row.attempt}", timeout)
        except QueueUnavailable as error:
            log.warning("Redis is away, runs wait in the database: %s", error)
            with engine.begin() as connection:
                _mark(connection, [each.id for each in due[position:]], None)
            return position
    return len(due)


def deliver_to_jobs(
    subscriptions: Mapping[str, tuple[str, ...]],
    kinds: Mapping[str, JobKind],
    clock: Callable[[], datetime],
) -> Deliver:
    """Return a delivery that turns an event into one run for each job subscribed to its topic.

    The run's key is the event's id and the job's name, so an event makes a run once, ever.
    """

    def deliver(connection: sa.Connection, row: OutboxRow) -> None:
        for job in subscriptions.get(row.topic, ()):
            kind = kinds[job]
            run = runs.NewRun(
                job=job,
                queue=kind.queue,
                input={"topic": row.topic, "entity": row.entity, "record": row.record_id},
                unique_key=f"{row.id}-{job}",
                max_attempts=kind.attempts,
                outbox_id=row.id,
            )
            runs.create(connection, run, clock())

    return deliver


def _due(
    queue: str, now: datetime, again_after: timedelta, limit: int
) -> sa.Select[tuple[str, str, str, int]]:
    waiting = (
        RUN.c.state == "queued",
        RUN.c.queue == queue,
        RUN.c.due_at <= now,
        sa.or_(RUN.c.handed_at.is_(None), RUN.c.handed_at < now - again_after),
    )
    other = RUN.alias()
    busy = sa.select(other.c.id).where(other.c.state == "running", other.c.alone == RUN.c.alone)
    who = sa.func.coalesce(RUN.c.created_by, RUN.c.job)
    turn = sa.func.row_number().over(partition_by=who, order_by=(RUN.c.due_at, RUN.c.id))
    in_turn = (
        sa.select(RUN.c.id, turn.label("turn"))
        .where(*waiting, sa.or_(RUN.c.alone.is_(None), ~busy.exists()))
        .subquery()
    )
    ahead = (
        sa.select(sa.func.count())
        .select_from(other)
        .where(
            other.c.state == "queued",
            other.c.queue == queue,
            other.c.handed_at >= now - again_after,
        )
        .scalar_subquery()
    )
    room = sa.case((ahead < limit, limit - ahead), else_=0)
    first = (
        sa.select(in_turn).order_by(in_turn.c.turn, in_turn.c.id).limit(room).subquery("first_ones")
    )
    return (
        sa.select(RUN.c.id, RUN.c.job, RUN.c.queue, RUN.c.attempt)
        .join(first, first.c.id == RUN.c.id)
        .where(*waiting)
        .order_by(first.c.turn, RUN.c.id)
        .with_for_update(skip_locked=True, of=RUN)
    )


def _mark(connection: sa.Connection, run_ids: list[str], at: datetime | None) -> None:
    connection.execute(
        RUN.update().where(RUN.c.id.in_(run_ids), RUN.c.state == "queued").values(handed_at=at)
    )
