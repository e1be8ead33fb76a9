"""The clock of the shop: schedules become runs at their slots, and the house keeps itself tidy.

Each schedule has one row with its next slot. Whoever moves that slot forward, in one guarded
UPDATE, writes the slot's run in the same transaction: any number of schedulers make one run. Which
slots there are, `rules/schedules.py` says. A clock that was set ahead and back again finds its last
slot in the future and begins at now; a slot has one run, ever, because its key names it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from generator.model.job import RUN_ONCE
from generator.model.job import Schedule as Rule
from rules.schedules import due_runs, next_run
from runtime.jobs import dispatch, outbox, runs
from runtime.jobs.outbox import Deliver, Watch
from runtime.jobs.queue import JobQueue
from runtime.jobs.registry import JobKind
from runtime.jobs.tables import SCHEDULE

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""The next slot of a rule that has none."""

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Schedule:
    """A job that runs by the clock."""

    name: str
    job: str
    rule: Rule
    missed: str = RUN_ONCE
    """What to do with slots that passed while no scheduler ran: skip, run_once or run_all."""
    input: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Periodic:
    """Internal work that any number of processes may do at once, such as the relay."""

    name: str
    every: timedelta
    do: Callable[[], object]


def tick(
    engine: sa.Engine,
    schedules: Sequence[Schedule],
    kinds: Mapping[str, JobKind],
    now: datetime,
) -> int:
    """Make a run for each slot that has come; return how many. Safe in any number of processes."""
    with engine.begin() as connection:
        known = {row.name: row for row in connection.execute(sa.select(SCHEDULE))}
    made = 0
    for schedule in schedules:
        row = known.get(schedule.name)
        if row is not None and not _wants_a_look(row, schedule, now):
            continue
        with engine.begin() as connection:
            made += _tick_one(connection, schedule, kinds[schedule.job], now)
    return made


def pause(connection: sa.Connection, name: str, by: str, now: datetime | None) -> bool:
    """Stop a schedule, or let it go on where `now` is None; what passes meanwhile is not run."""
    changed = connection.execute(
        SCHEDULE.update()
        .where(SCHEDULE.c.name == name)
        .values(paused_at=now, paused_by=by[:200] if now else None)
        .returning(SCHEDULE.c.name)
    )
    return changed.first() is not None


def housekeeping(
    engine: sa.Engine,
    queue: JobQueue,
    kinds: Mapping[str, JobKind],
    deliver: Deliver,
    topics: Sequence[str],
    clock: Clock,
    keep: timedelta = timedelta(days=30),
    again_after: timedelta = dispatch.HAND_AGAIN_AFTER,
    watch: Watch | None = None,
    tidy: Callable[[], object] | None = None,
    spread: Watch | None = None,
) -> tuple[Periodic, ...]:
    """Return the internal work: relay, hand-over, watchdog, and forgetting what is long done.

    `watch` and `spread` see what the relay takes out; `tidy` is done once an hour with the
    forgetting.
    """

    def forget() -> None:
        with engine.begin() as connection:
            outbox.forget_done(connection, clock() - keep)
            runs.forget_finished(connection, clock() - keep)
        if tidy is not None:
            tidy()

    def relay() -> None:
        outbox.relay_once(
            engine, deliver, 500, topics=topics, now=clock(), watch=watch, spread=spread
        )

    def hand_over() -> None:
        dispatch.hand_over(engine, queue, kinds, clock(), again_after=again_after)

    second = timedelta(seconds=1)
    return (
        Periodic("relay", second, relay),
        Periodic("hand_over", second, hand_over),
        Periodic("watchdog", 10 * second, lambda: runs.requeue_lost(engine, clock())),
        Periodic("forget", timedelta(hours=1), forget),
    )


def run_scheduler(
    engine: sa.Engine,
    schedules: Sequence[Schedule],
    kinds: Mapping[str, JobKind],
    periodics: Sequence[Periodic],
    clock: Clock,
    stop: threading.Event,
    pause: float = 0.5,
) -> None:
    """Run schedules and internal work until `stop` is set; a failing part does not stop it."""

    def tick_now() -> None:
        tick(engine, schedules, kinds, clock())

    work = (Periodic("schedules", timedelta(seconds=1), tick_now), *periodics)
    # by a clock that nobody sets: one that is set back must not stop the shop for an hour
    due = {each.name: time.monotonic() for each in work}
    while not stop.is_set():
        for each in work:
            if time.monotonic() >= due[each.name] and not stop.is_set():
                due[each.name] = time.monotonic() + each.every.total_seconds()
                _do(each)
        stop.wait(pause)


def _do(each: Periodic) -> None:
    try:
        each.do()
    except Exception:
        log.exception("periodic work %s failed and is tried again in %s", each.name, each.every)


def _wants_a_look(row: Any, schedule: Schedule, now: datetime) -> bool:
    """Say whether a slot has come, the rule is another one, or the clock went back."""
    return (
        row.rule != _rule(schedule)
        or row.next_at <= now
        or (row.last_at is not None and row.last_at > now)
    )


def _tick_one(connection: sa.Connection, schedule: Schedule, kind: JobKind, now: datetime) -> int:
    rule = _rule(schedule)
    asked = sa.select(SCHEDULE).where(SCHEDULE.c.name == schedule.name)
    row = connection.execute(asked).first()
    if row is None:
        _remember(connection, schedule, rule, now)
        return 0
    went_back = row.last_at is not None and row.last_at > now
    if row.rule != rule or went_back or (row.paused_at is not None and row.next_at <= now):
        following = next_run(schedule.rule, now) or NEVER
        values = {"next_at": following, "rule": rule, "last_at": now if went_back else row.last_at}
        _move(connection, schedule, row.next_at, values)
        return 0
    if row.next_at > now:
        return 0
    slots, after = due_runs(schedule.rule, schedule.missed, row.next_at, now)
    values = {"next_at": after or NEVER, "rule": rule, "last_at": now}
    if not _move(connection, schedule, row.next_at, values):
        return 0
    for slot in slots:
        run = runs.NewRun(
            job=schedule.job,
            queue=kind.queue,
            input={**schedule.input, "slot": slot.isoformat()},
            unique_key=f"cron-{schedule.name}-{slot:%Y%m%dT%H%M%SZ}",
            max_attempts=kind.attempts,
            alone=kind.alone,
            source="schedule",
            slot_at=slot,
        )
        runs.create(connection, run, now)
    return len(slots)


def _rule(schedule: Schedule) -> str:
    """Return what a change of the rule is seen by; a calendar's days are asked at each slot."""
    calendar = schedule.rule.calendar
    named = f" {calendar.name}" if calendar is not None else ""
    return f"{schedule.rule.text} {schedule.rule.zone}{named}"


def _remember(connection: sa.Connection, schedule: Schedule, rule: str, now: datetime) -> None:
    insert = sqlite_insert if connection.dialect.name == "sqlite" else postgresql_insert
    following = next_run(schedule.rule, now) or NEVER
    connection.execute(
        insert(SCHEDULE)
        .values(name=schedule.name, rule=rule, next_at=following, known_at=now)
        .on_conflict_do_nothing(index_elements=["name"])
    )


def _move(
    connection: sa.Connection, schedule: Schedule, seen: datetime, values: Mapping[str, Any]
) -> bool:
    moved = connection.execute(
        SCHEDULE.update()
        .where(SCHEDULE.c.name == schedule.name, SCHEDULE.c.next_at == seen)
        .values(values)
        .returning(SCHEDULE.c.name)
    )
    return moved.first() is not None
