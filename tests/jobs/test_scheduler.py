"""Schedules: the right slots in the right zone, each once, and what to do with missed ones."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from generator.cron import read_cron
from generator.model.job import Cron
from generator.model.job import Schedule as Rule
from runtime.jobs.registry import JobKind
from runtime.jobs.scheduler import (
    Periodic,
    Schedule,
    pause,
    run_scheduler,
    tick,
)
from runtime.jobs.tables import RUN
from tests.jobs.shop import clock

NOW = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
KINDS = {"recount": JobKind("recount", lambda run_id, runtime: None, "bulk", 3)}


def schedule(cron: str = "0 * * * *", **changes: Any) -> Schedule:
    read = read_cron(cron)
    assert isinstance(read, Cron)
    return Schedule("hourly", "recount", Rule(read, 0, "UTC", None, cron), **changes)


def slots(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        found = connection.execute(sa.select(RUN.c.input).order_by(RUN.c.unique_key)).scalars()
        return [each["slot"][5:16] for each in found]


def test_a_new_schedule_waits_for_its_next_slot_and_then_runs_once(engine: sa.Engine) -> None:
    assert tick(engine, [schedule()], KINDS, NOW) == 0
    assert tick(engine, [schedule()], KINDS, NOW + timedelta(minutes=59)) == 0
    later = NOW + timedelta(minutes=60)
    assert [tick(engine, [schedule()], KINDS, later) for _ in range(3)] == [1, 0, 0]
    assert slots(engine) == ["03-01T13:00"]


def test_many_schedulers_make_one_run_a_slot(engine: sa.Engine) -> None:
    tick(engine, [schedule()], KINDS, NOW)
    start, later = threading.Barrier(4), NOW + timedelta(hours=1)

    def work() -> None:
        start.wait()
        tick(engine, [schedule()], KINDS, later)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert slots(engine) == ["03-01T13:00"]


@pytest.mark.parametrize(
    ("missed", "expected"),
    [
        ("skip", []),
        ("run_once", ["03-01T15:00"]),
        ("run_all", ["03-01T13:00", "03-01T14:00", "03-01T15:00"]),
    ],
)
def test_slots_missed_while_nobody_ran_follow_the_policy(
    engine: sa.Engine, missed: str, expected: list[str]
) -> None:
    tick(engine, [schedule(missed=missed)], KINDS, NOW)
    late = NOW + timedelta(hours=3, minutes=20)
    assert tick(engine, [schedule(missed=missed)], KINDS, late) == len(expected)
    assert slots(engine) == expected
    on_time = NOW + timedelta(hours=4)
    assert tick(engine, [schedule(missed=missed)], KINDS, on_time) == 1
    assert slots(engine)[-1] == "03-01T16:00"


def test_a_changed_rule_is_counted_from_now(engine: sa.Engine) -> None:
    tick(engine, [schedule()], KINDS, NOW)
    late = NOW + timedelta(hours=5)
    assert tick(engine, [schedule(cron="15 * * * *")], KINDS, late) == 0
    after = late + timedelta(minutes=15)
    assert tick(engine, [schedule(cron="15 * * * *")], KINDS, after) == 1
    assert slots(engine) == ["03-01T17:15"]


def test_a_clock_set_ahead_and_back_again_neither_doubles_nor_loses_a_run(
    engine: sa.Engine,
) -> None:
    hourly = [schedule()]
    tick(engine, hourly, KINDS, NOW)
    ahead = NOW + timedelta(days=400)
    tick(engine, hourly, KINDS, NOW + timedelta(hours=1))
    tick(engine, hourly, KINDS, ahead)
    for minutes in range(0, 200, 10):
        tick(engine, hourly, KINDS, NOW + timedelta(minutes=minutes))
    assert [slot for slot in slots(engine) if slot < "04"] == [
        "03-01T13:00",
        "03-01T14:00",
        "03-01T15:00",
    ]


def test_what_passes_while_a_schedule_is_paused_is_not_run(engine: sa.Engine) -> None:
    tick(engine, [schedule(missed="run_all")], KINDS, NOW)
    with engine.begin() as connection:
        assert pause(connection, "hourly", "mei", NOW)
    assert tick(engine, [schedule(missed="run_all")], KINDS, NOW + timedelta(hours=2)) == 0
    with engine.begin() as connection:
        assert pause(connection, "hourly", "", None)
    assert tick(engine, [schedule(missed="run_all")], KINDS, NOW + timedelta(hours=3)) == 1
    assert slots(engine) == ["03-01T15:00"]


def test_internal_work_that_fails_stops_neither_itself_nor_the_rest(engine: sa.Engine) -> None:
    stop, done = threading.Event(), []

    def fail() -> None:
        done.append("fails")
        raise ZeroDivisionError

    def work() -> None:
        done.append("works")
        if done.count("works") == 3:
            stop.set()

    quick = timedelta(milliseconds=5)
    periodics = [Periodic("broken", quick, fail), Periodic("good", quick, work)]
    run_scheduler(engine, [], {}, periodics, clock, stop, pause=0.01)
    assert done.count("fails") >= 3
