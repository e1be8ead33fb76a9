"""Timers ring once, by whoever looks, and the condition is asked again when they do."""

from __future__ import annotations

import threading
from datetime import timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa

from runtime.outside import timers
from runtime.outside.timers import Poller, ring_due
from runtime.store.clock import database_clock
from runtime.store.engine import read
from tests.outside.shop import MANAGER, Desk
from tests.runtime.test_talk import add_accounts, notices
from tests.shop import NOON


def look(desk: Desk) -> int:
    return ring_due(desk.runtime, lambda connection: desk.runtime.clock())


def status(desk: Desk, **where: str) -> list[str]:
    return [one["status"] for one in desk.stored("timer", **where)]


def test_a_timer_fires_when_its_time_has_come_and_not_before(desk: Desk) -> None:
    record = desk.make()
    desk.later(minutes=29)
    assert look(desk) == 0
    desk.later(minutes=1)
    assert look(desk) == 1
    assert desk.payment(record)["state"] == "failed"
    assert status(desk) == ["fired"]
    (log,) = desk.stored("workflow_log")
    assert (log["transition"], log["source"]) == ("expire", "timer")
    assert look(desk) == 0


def test_days_late_it_still_fires_once(desk: Desk) -> None:
    desk.make()
    desk.later(days=9)
    assert [look(desk), look(desk)] == [1, 0]
    assert len(desk.stored("workflow_log")) == 1


def test_a_state_that_was_left_has_no_timer(desk: Desk) -> None:
    desk.pay()
    assert status(desk, kind="transition") == ["cancelled"]


def test_a_timer_of_an_earlier_pass_does_not_fire_in_a_later_one(desk: Desk) -> None:
    record = desk.make()
    timer = desk.runtime.system.timer
    with desk.runtime.engine.begin() as connection:
        connection.execute(timer.update().values(entered="00000000-0000-0000-0000-000000000000"))
    desk.later(minutes=30)
    assert look(desk) == 1
    assert desk.payment(record)["state"] == "open"
    assert status(desk) == ["cancelled"]


def test_a_timer_that_was_taken_and_then_cancelled_does_not_fire(desk: Desk) -> None:
    record = desk.make()
    desk.later(minutes=30)
    (taken,) = timers._take(desk.runtime, lambda connection: desk.runtime.clock(), 50)
    desk.move(record, "capture")
    timers._ring(desk.runtime, taken)
    assert desk.payment(record)["state"] == "capturing"


def by_date(desk: Desk) -> str:
    """A captured payment: nothing but its date ends it."""
    record = desk.pay()
    desk.work()
    return record


def set_date(desk: Desk, record: str, date: str | None) -> None:
    version = int(desk.payment(record)["version"])
    desk.done("update", "payment", {"pay_by": date}, record=record, version=version)


def test_a_timer_follows_its_date_later_and_earlier(desk: Desk) -> None:
    record = by_date(desk)
    set_date(desk, record, "2026-11-25T12:00:00Z")
    set_date(desk, record, "2026-12-01T12:00:00Z")
    desk.later(days=5)
    look(desk)
    assert desk.payment(record)["state"] == "captured"
    set_date(desk, record, "2026-11-25T12:00:00Z")
    look(desk)
    assert desk.payment(record)["state"] == "failed"
    assert len(desk.stored("timer", transition="lapse", kind="transition")) == 1


def test_a_date_that_comes_after_the_entry_arms_a_timer_and_one_that_goes_ends_it(
    desk: Desk,
) -> None:
    record = by_date(desk)
    assert desk.stored("timer", transition="lapse") == []
    set_date(desk, record, "2026-11-25T12:00:00Z")
    (timer,) = desk.stored("timer", transition="lapse")
    assert (timer["status"], timer["due_at"].day) == ("armed", 26)
    set_date(desk, record, None)
    desk.later(days=9)
    look(desk)
    assert desk.payment(record)["state"] == "captured"
    assert status(desk, transition="lapse") == ["cancelled"]


def test_a_step_that_changes_the_date_leaves_one_timer_armed(desk: Desk) -> None:
    record = by_date(desk)
    for until, due in (("2026-11-25", "2026-11-26"), ("2026-12-01", "2026-12-02")):
        answers = {"until": f"{until}T12:00:00Z"}
        desk.fired(record, "money.wait_longer", answers, entity="payment")
        (armed,) = desk.stored("timer", transition="lapse", status="armed")
        assert armed["due_at"].date().isoformat() == due
    desk.later(days=5)
    look(desk)
    assert desk.payment(record)["state"] == "captured"


def test_what_changes_beside_the_date_leaves_the_timer_alone(desk: Desk) -> None:
    record = by_date(desk)
    set_date(desk, record, "2026-11-25T12:00:00Z")
    (before,) = desk.stored("timer", transition="lapse")
    version = int(desk.payment(record)["version"])
    desk.done("update", "payment", {"why": "x"}, record=record, version=version)
    assert desk.stored("timer", transition="lapse") == [before]


def test_a_condition_that_does_not_hold_is_asked_again_later(desk: Desk) -> None:
    record = desk.make()
    version = int(desk.payment(record)["version"])
    desk.done("update", "payment", {"seen": 1}, record=record, version=version)
    desk.later(minutes=30)
    assert look(desk) == 1
    (timer,) = desk.stored("timer")
    assert (timer["status"], timer["attempts"]) == ("armed", 0)
    assert timer["next_at"] == NOON + timedelta(minutes=35)
    desk.done("update", "payment", {"seen": 0}, record=record, version=version + 1)
    desk.later(minutes=5)
    look(desk)
    assert desk.payment(record)["state"] == "failed"


def test_a_refused_timer_waits_longer_each_time_and_then_asks_for_a_person(desk: Desk) -> None:
    record = desk.make("not yet")
    desk.later(minutes=30)
    pauses = []
    for _ in range(10):
        assert look(desk) == 1
        (row,) = desk.stored("timer")
        pauses.append((row["next_at"] - desk.runtime.clock()).total_seconds() / 60)
        desk.at(row["next_at"])
    assert pauses[:9] == [1, 2, 4, 8, 16, 32, 64, 128, 256]
    assert status(desk) == ["dead"]
    assert desk.incidents() == ["timer_refused"]
    assert desk.payment(record)["state"] == "open"
    assert look(desk) == 0


def test_one_bad_record_stops_no_other(desk: Desk) -> None:
    bad, good = desk.make("bad"), desk.make("good")
    with desk.runtime.engine.begin() as connection:
        timer = desk.runtime.system.timer
        connection.execute(timer.update().where(timer.c.record_id == bad).values(entity="gone"))
    desk.later(minutes=30)
    assert look(desk) == 2
    assert desk.payment(good)["state"] == "failed"


def test_a_busy_state_that_does_not_end_is_told(desk: Desk) -> None:
    record = desk.pay()
    desk.later(hours=1)
    assert look(desk) == 1
    assert desk.payment(record)["state"] == "capturing"
    assert desk.incidents() == ["state_stands_still"]
    assert look(desk) == 0


def test_two_that_look_at_once_ring_each_timer_once(desk: Desk) -> None:
    records = [desk.make(f"P{number}") for number in range(60)]
    desk.later(minutes=31)
    barrier = threading.Barrier(3)

    def poll() -> None:
        barrier.wait()
        while look(desk):
            pass

    threads = [threading.Thread(target=poll) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {desk.payment(one)["state"] for one in records} == {"failed"}
    assert len(desk.stored("workflow_log")) == 60


def test_many_due_at_once_fire_once_each(desk: Desk, request: pytest.FixtureRequest) -> None:
    count = 10_000 if request.config.getoption("--long") else 300
    for number in range(count):
        desk.make(f"P{number}")
    desk.later(minutes=31)
    while look(desk):
        pass
    log = desk.runtime.system.workflow_log
    with read(desk.runtime.engine) as connection:
        fired = connection.execute(
            sa.select(sa.func.count(), sa.func.count(log.c.record_id.distinct()))
        ).one()
    assert tuple(fired) == (count, count)
    assert set(status(desk)) == {"fired"}


def test_the_poller_looks_when_the_next_timer_is_due(desk: Desk) -> None:
    record = desk.make()
    poll = Poller(desk.runtime, lambda connection: desk.runtime.clock())
    poll()
    desk.later(minutes=30)
    poll()
    assert desk.payment(record)["state"] == "failed"


def test_the_clock_is_the_databases(desk: Desk) -> None:
    with read(desk.runtime.engine) as connection:
        told = database_clock(connection)
    assert told.tzinfo is not None
    assert told.year >= 2024


def test_a_record_tells_what_it_waits_for(desk: Desk) -> None:
    record = desk.make()
    (one,) = desk.done("timers", "payment", record=record).rows
    assert (one.transition, one.due_at) == ("expire", NOON + timedelta(minutes=30))


def test_whoever_may_moves_a_due_time_and_the_history_tells(desk: Desk) -> None:
    record = desk.make()
    (one,) = desk.done("timers", "payment", record=record).rows
    asked = {"due_at": "2026-11-22T15:00:00Z", "reason": "the bank is closed"}
    assert desk.refused("extend", "payment", asked, record=record, part=one.id).status == 403
    moved = desk.done("extend", "payment", asked, record=record, part=one.id, actor=MANAGER).row
    assert moved.due_at == NOON + timedelta(hours=3)
    desk.later(minutes=31)
    assert look(desk) == 0
    (told,) = desk.stored("audit", operation="extend")
    assert (told["actor_id"], told["reason"]) == (2, "the bank is closed")
    assert told["before"] == {"$timer.state": {"step": "expire", "due_at": "2026-11-22T12:30:00Z"}}
    assert told["after"]["$timer.state"]["due_at"] == "2026-11-22T15:00:00Z"
    desk.later(hours=3)
    assert look(desk) == 1
    assert desk.payment(record)["state"] == "failed"
    late = {**asked, "due_at": "2026-11-23T15:00:00Z"}
    over = desk.refused("extend", "payment", late, record=record, part=one.id, actor=MANAGER)
    assert over.status == 404


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("due_at", "2026-11-22T11:59:00Z"),
        ("due_at", "2028-11-22T12:00:00Z"),
        ("due_at", "2026-11-22T15:00:00"),
        ("due_at", None),
        ("reason", "  "),
        ("sooner", True),
    ],
)
def test_a_due_time_that_cannot_be_is_refused_at_its_field(
    desk: Desk, key: str, value: object
) -> None:
    record = desk.make()
    (one,) = desk.done("timers", "payment", record=record).rows
    asked = {"due_at": "2026-11-22T15:00:00Z", "reason": "why not", key: value}
    wrong = desk.refused("extend", "payment", asked, record=record, part=one.id, actor=MANAGER)
    assert [each.field for each in wrong.errors] == [key]
    assert desk.done("timers", "payment", record=record).rows == (one,)


def test_a_timer_that_was_taken_and_then_moved_does_not_fire(desk: Desk) -> None:
    record = desk.make()
    desk.later(minutes=30)
    (taken,) = timers._take(desk.runtime, lambda connection: desk.runtime.clock(), 50)
    later = {"due_at": "2026-11-22T15:00:00Z", "reason": "not yet"}
    desk.done("extend", "payment", later, record=record, part=taken.id, actor=MANAGER)
    timers._ring(desk.runtime, taken)
    assert desk.payment(record)["state"] == "open"


def test_people_are_reminded_while_a_record_stands_in_a_state(desk: Desk) -> None:
    add_accounts(desk)
    record = desk.pay()
    desk.work()
    start = desk.runtime.clock()
    told = []
    for hours in (0.5, 1, 2, 3, 4, 5, 6, 9):
        desk.at(start + timedelta(hours=hours))
        look(desk)
        told.append(len([one for one in notices(desk) if one[0] == 11]))
    assert told == [0, 1, 1, 2, 2, 3, 3, 3]
    assert desk.payment(record)["state"] == "captured"


def test_reminders_that_were_missed_are_not_made_up_for(desk: Desk) -> None:
    add_accounts(desk)
    desk.pay()
    desk.work()
    start = desk.runtime.clock()
    told = []
    for hours in (4, 4.5, 5):
        desk.at(start + timedelta(hours=hours))
        look(desk)
        told.append(len([one for one in notices(desk) if one[0] == 11]))
    assert told == [1, 1, 2]


def test_nobody_is_reminded_of_a_state_that_was_left(desk: Desk) -> None:
    add_accounts(desk)
    record = desk.pay()
    desk.work()
    desk.move(record, "refund")
    desk.later(hours=2)
    look(desk)
    assert [one for one in notices(desk) if one[0] == 11] == []


def test_a_timer_counts_working_time_and_comes_again_on_its_beat(desk: Desk) -> None:
    desk.at(NOON - timedelta(hours=16))  # Sunday 22 November 2026, 04:00 in Shanghai
    record = desk.pay("beat")
    desk.work()
    (first,) = desk.stored("timer", transition="look_again")
    assert first["due_at"] == NOON + timedelta(hours=14)  # Monday, 10:00 there
    times = [first["due_at"]]
    for late in (0, 1, 9):
        desk.at(times[-1] + timedelta(hours=late))
        look(desk)
        (armed,) = desk.stored("timer", transition="look_again", status="armed")
        times.append(armed["due_at"])
    gaps = [(after - before).total_seconds() / 3600 for before, after in pairwise(times)]
    assert gaps == [4, 4, 12]
    assert desk.payment(record)["seen"] == 4
    assert desk.payment(record)["state"] == "captured"


def test_a_watchdog_and_reminders_count_working_time(desk: Desk) -> None:
    add_accounts(desk)
    desk.at(NOON - timedelta(hours=16))  # Sunday 22 November 2026, 04:00 in Shanghai
    record = desk.pay()
    desk.work()
    (notice,) = desk.stored("timer", transition="in_office_hours")
    assert notice["due_at"] == NOON + timedelta(hours=14)  # Monday, 10:00 there
    desk.at(NOON + timedelta(hours=14, minutes=30))
    look(desk)
    (notice,) = desk.stored("timer", transition="in_office_hours")
    assert notice["next_at"] == NOON + timedelta(hours=21)  # 17:00: the pause is not counted
    desk.at(notice["next_at"])
    look(desk)
    (notice,) = desk.stored("timer", transition="in_office_hours")
    # one more hour on Monday, none on Tuesday, which is closed, four on Wednesday
    assert notice["next_at"] == NOON + timedelta(days=2, hours=18, minutes=30)
    desk.at(NOON + timedelta(hours=15, minutes=30))  # Monday, 11:30
    desk.move(record, "ship")
    (watch,) = desk.stored("timer", kind="watchdog", state="shipping")
    assert watch["due_at"] == NOON + timedelta(hours=18)  # half an hour, the pause, half an hour


def test_a_timer_that_comes_again_waits_for_its_next_beat_while_its_condition_is_false(
    desk: Desk,
) -> None:
    desk.at(NOON - timedelta(hours=16))
    desk.pay("still")
    desk.work()
    desk.at(NOON + timedelta(hours=15))
    look(desk)
    (armed,) = desk.stored("timer", transition="look_again")
    assert (armed["status"], armed["next_at"]) == ("armed", NOON + timedelta(hours=18))
