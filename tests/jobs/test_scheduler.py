"""Schedules: the right slots in the right zone, each once, and what to do with missed ones."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from runtime.jobs.registry import JobKind
from runtime.jobs.scheduler import (
    Periodic,
    Schedule,
    check_schedule,
    next_slot,
    run_scheduler,
    tick,
)
from runtime.jobs.tables import RUN
from tests.jobs.shop import clock

NOW = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
KINDS = {"recount": JobKind("recount", lambda run_id, runtime: None, "bulk", 3)}


def schedule(**changes: Any) -> Schedule:
    options: dict[str, Any] = {"name": "hourly", "job": "recount", "cron": "0 * * * *"}
    return Schedule(**{**options, **changes})


def slots(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        found = connection.execute(sa.select(RUN.c.input).order_by(RUN.c.unique_key)).scalars()
        return [each["slot"][5:16] for each in found]


def in_order(cron: str, zone: str, after: str, count: int) -> list[str]:
    found, at = [], datetime.fromisoformat(after)
    for _ in range(count):
        at = next_slot(schedule(cron=cron, zone=zone), at)
        found.append(f"{at:%m-%d %H:%M}")
    return found


def test_a_slot_is_a_wall_clock_time_of_its_zone() -> None:
    assert in_order("30 2 * * *", "Asia/Shanghai", "2026-03-01T00:00+00:00", 2) == [
        "03-01 18:30",
        "03-02 18:30",
    ]


def test_a_fixed_hour_runs_once_when_clocks_go_back_and_at_the_jump_when_they_go_forward() -> None:
    back = in_order("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00+02:00", 2)
    assert back == ["10-25 00:30", "10-26 01:30"]
    forward = in_order("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00+01:00", 2)
    assert forward == ["03-29 01:00", "03-30 00:30"]


def test_an_hourly_rule_runs_in_both_hours_when_clocks_go_back() -> None:
    found = in_order("0 * * * *", "Europe/Berlin", "2026-10-25T01:30+02:00", 3)
    assert found == ["10-25 00:00", "10-25 01:00", "10-25 02:00"]


@pytest.mark.parametrize(
    "cron", ["", "61 * * * *", "* * * *", "* * * * * *", "@daily", "a b c d e"]
)
def test_a_rule_that_is_not_five_fields_is_explained(cron: str) -> None:
    assert cron in (check_schedule(schedule(cron=cron)) or "nothing wrong")
    assert check_schedule(schedule(cron="*/5 8-20 * * 1-5")) is None


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
