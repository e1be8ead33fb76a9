"""The clock of the shop: schedules become runs at their slots, and the house keeps itself tidy.

Each schedule has one row with its next slot. Whoever moves that slot forward, in one guarded
UPDATE, writes the slot's run in the same transaction: any number of schedulers make one run.
Slots are wall-clock times of a named zone. Where clocks go back, a fixed hour runs once and a
wildcard hour runs in both; where they go forward, a skipped time runs at the moment of the jump.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from croniter import croniter
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from runtime.jobs import dispatch, outbox, runs
from runtime.jobs.outbox import Deliver, Watch
from runtime.jobs.queue import JobQueue
from runtime.jobs.registry import JobKind
from runtime.jobs.tables import SCHEDULE

MISSED_AFTER = timedelta(seconds=90)
"""A slot found later than this was missed: the scheduler was down or far behind."""

MOST_CAUGHT_UP = 200
"""Slots that `run_all` makes up for in one round; the rest follow in the next."""

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Schedule:
    """A job that runs by the clock."""

    name: str
    job: str
    cron: str
    """Five fields: minute, hour, day of month, month, day of week."""
    zone: str = "UTC"
    missed: Literal["skip", "run_once", "run_all"] = "run_once"
    """What to do with slots that passed while no scheduler ran."""
    input: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Periodic:
    """Internal work that any number of processes may do at once, such as the relay."""

    name: str
    every: timedelta
    do: Callable[[], object]


def check_schedule(schedule: Schedule) -> str | None:
    """Return what is wrong with a schedule's rule, or None."""
    if len(schedule.cron.split()) != 5 or not croniter.is_valid(schedule.cron):
        return f"'{schedule.cron}' is not a rule of five fields such as '30 2 * * *'"
    return None


def next_slot(schedule: Schedule, after: datetime) -> datetime:
    """Return the first slot later than a moment, as aware UTC."""
    fixed_hour = not schedule.cron.split()[1].startswith("*")
    slots = croniter(schedule.cron, after.astimezone(ZoneInfo(schedule.zone)))
    while True:
        slot: datetime = slots.get_next(datetime)
        if not (fixed_hour and slot.fold):
            return slot.astimezone(UTC)


def due_slots(
    schedule: Schedule, first: datetime, now: datetime
) -> tuple[Sequence[datetime], datetime]:
    """Return the slots to run from `first` to now, by the missed policy, and the next one."""
    if schedule.missed != "run_all":
        # only the last slot can matter, so a minute rule that slept for a year is not replayed
        latest = _last_slot(schedule, first, now)
        late = now - latest > MISSED_AFTER
        return (() if late and schedule.missed == "skip" else (latest,)), next_slot(schedule, now)
    slots: list[datetime] = []
    slot = first
    while slot <= now and len(slots) < MOST_CAUGHT_UP:
        slots.append(slot)
        slot = next_slot(schedule, slot)
    return slots, slot


def tick(
    engine: sa.Engine,
    schedules: Sequence[Schedule],
    kinds: Mapping[str, JobKind],
    now: datetime,
) -> int:
    """Make a run for each slot that has come; return how many. Safe in any number of processes."""
    with engine.begin() as connection:
        known = {
            row.name: (row.rule, row.next_at) for row in connection.execute(sa.select(SCHEDULE))
        }
    made = 0
    for schedule in schedules:
        rule, next_at = known.get(schedule.name, ("", now))
        if rule == _rule(schedule) and next_at > now:
            continue
        with engine.begin() as connection:
            made += _tick_one(connection, schedule, kinds[schedule.job], now)
    return made


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
) -> tuple[Periodic, ...]:
    """Return the internal work: relay, hand-over, watchdog, and forgetting what is long done.

    `watch` sees what the relay takes out; `tidy` is done once an hour with the forgetting.
    """

    def forget() -> None:
        with engine.begin() as connection:
            outbox.forget_done(connection, clock() - keep)
            runs.forget_finished(connection, clock() - keep)
        if tidy is not None:
            tidy()

    def relay() -> None:
        outbox.relay_once(engine, deliver, 500, topics=topics, now=clock(), watch=watch)

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
    due = {each.name: clock() for each in work}
    while not stop.is_set():
        for each in work:
            if clock() >= due[each.name] and not stop.is_set():
                due[each.name] = clock() + each.every
                _do(each)
        stop.wait(pause)


def _do(each: Periodic) -> None:
    try:
        each.do()
    except Exception:
        log.exception("periodic work %s failed and is tried again in %s", each.name, each.every)


def _tick_one(connection: sa.Connection, schedule: Schedule, kind: JobKind, now: datetime) -> int:
    rule = _rule(schedule)
    row = connection.execute(
        sa.select(SCHEDULE.c.next_at, SCHEDULE.c.rule).where(SCHEDULE.c.name == schedule.name)
    ).first()
    if row is None:
        _remember(connection, schedule, rule, now)
        return 0
    if row.rule != rule:
        _move(connection, schedule, row.next_at, next_slot(schedule, now), None, rule)
        return 0
    if row.next_at > now:
        return 0
    slots, following = due_slots(schedule, row.next_at, now)
    if not _move(connection, schedule, row.next_at, following, now, rule):
        return 0
    for slot in slots:
        run = runs.NewRun(
            job=schedule.job,
            queue=kind.queue,
            input={**schedule.input, "slot": slot.isoformat()},
            unique_key=f"cron-{schedule.name}-{slot:%Y%m%dT%H%M%SZ}",
            max_attempts=kind.attempts,
        )
        runs.create(connection, run, now)
    return len(slots)


def _rule(schedule: Schedule) -> str:
    return f"{schedule.cron} {schedule.zone}"


def _remember(connection: sa.Connection, schedule: Schedule, rule: str, now: datetime) -> None:
    insert = sqlite_insert if connection.dialect.name == "sqlite" else postgresql_insert
    connection.execute(
        insert(SCHEDULE)
        .values(name=schedule.name, rule=rule, next_at=next_slot(schedule, now))
        .on_conflict_do_nothing(index_elements=["name"])
    )


def _move(
    connection: sa.Connection,
    schedule: Schedule,
    seen: datetime,
    following: datetime,
    ran_at: datetime | None,
    rule: str,
) -> bool:
    values: dict[str, Any] = {"next_at": following, "rule": rule}
    if ran_at is not None:
        values["last_at"] = ran_at
    moved = connection.execute(
        SCHEDULE.update()
        .where(SCHEDULE.c.name == schedule.name, SCHEDULE.c.next_at == seen)
        .values(values)
        .returning(SCHEDULE.c.name)
    )
    return moved.first() is not None


def _last_slot(schedule: Schedule, first: datetime, now: datetime) -> datetime:
    backwards = croniter(
        schedule.cron, (now + timedelta(microseconds=1)).astimezone(ZoneInfo(schedule.zone))
    )
    fixed_hour = not schedule.cron.split()[1].startswith("*")
    while True:
        slot: datetime = backwards.get_prev(datetime)
        if not (fixed_hour and slot.fold):
            return max(slot.astimezone(UTC), first)
