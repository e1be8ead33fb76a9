"""Alerts: looked at by the clock and by events, told once, taken on, passed on, ended by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from runtime.alerts import desk, looking, noticing
from runtime.errors import Conflict, NotFound
from runtime.jobs.outbox import relay_once
from runtime.store.engine import write
from runtime.store.trail import Trail
from tests.databases import postgres_url, sqlite_url
from tests.jobs.office import FILES, Office, open_office
from tests.shop import person

ANN = person("clerk", number=11)
ALERTS = {
    "old_errand": """
alert: old_errand
label: {en: Old errand, zh: 积压事务}
of: errand
where: "days > 20 and status == 'open'"
schedule: 5m
role: robot
tell: clerk
again: 30m
quiet: {from: "22:00", to: "06:00", zone: UTC}
escalate: {after: 1h, tell: [clerk, chief]}
""",
    "many_open": """
alert: many_open
label: {en: Many errands, zh: 事务过多}
severity: critical
of: errand
measure: sum
field: days
where: "status == 'open'"
above: 50.5
role: clerk
tell: clerk
again: 0s
""",
    "plain_share": """
alert: plain_share
label: {en: Plain share, zh: 普通占比}
of: errand
measure: share
among: "days > 0"
where: "note == 'plain'"
below: 40
role: clerk
tell: clerk
on_change: false
""",
    "fewer": """
alert: fewer
label: {en: Fewer, zh: 骤降}
of: errand
measure: count
during: {field: created_at, last: 1d}
against: before
below: 0.5
role: clerk
tell: clerk
""",
    "unusual": """
alert: unusual
label: {en: Unusual, zh: 异常}
of: errand
measure: count
during: {field: created_at, last: 2h}
against: weeks
weeks: 3
above: 2
below: 0.5
role: clerk
tell: clerk
again: 0s
on_change: false
""",
}
"""What this file watches."""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def office(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Office]:
    for name, text in ALERTS.items():
        monkeypatch.setitem(FILES, f"work/{name}.alert.yaml", text)
    url = postgres_url() if request.param == "postgres" else sqlite_url(tmp_path)
    opened = open_office(url, tmp_path)
    yield opened
    opened.runtime.engine.dispose()


def look(office: Office, name: str) -> Any:
    return looking.look(office.runtime, office.runtime.app.alerts[name])


def told(office: Office) -> list[tuple[int, str, str | None]]:
    rows = office.stored("notification")
    return [(one["user_id"], one["kind"], one["record_id"]) for one in rows]


def test_a_record_is_told_once_passed_on_and_ended_by_itself(office: Office) -> None:
    (old,) = office.errands(1, days=30)
    office.errands(2)
    (secret,) = office.errands(1, days=99, note="secret")
    assert look(office, "old_errand").verdict == "fires"
    look(office, "old_errand")
    # ann and bob are clerks; what the alert's own role may not see is no alert
    assert sorted(told(office)) == [(11, "alert", old), (12, "alert", old)]
    (row,) = office.stored("alert")
    office.later(minutes=61)
    assert look(office, "old_errand").why["escalated"] == 1
    assert [one[1] for one in told(office)].count("alert_escalated") == 2
    look(office, "old_errand")
    assert len(told(office)) == 4
    office.done("update", "errand", {"days": 1}, record=old, version=1)
    assert look(office, "old_errand").verdict == "fine"
    (row,) = office.stored("alert")
    assert row["ended_at"] is not None
    # the same again within the pause is noted and told to nobody
    office.done("update", "errand", {"days": 40}, record=old, version=2)
    assert look(office, "old_errand").why["again"] == 1
    assert len(told(office)) == 4
    office.done("update", "errand", {"days": 1}, record=old, version=3)
    look(office, "old_errand")
    office.later(minutes=31)
    office.done("update", "errand", {"days": 40}, record=old, version=4)
    assert look(office, "old_errand").why["opened"] == 1
    assert len(told(office)) == 6
    assert secret not in {one["subject"] for one in office.stored("alert")}


def test_in_quiet_hours_it_is_noted_and_told_when_they_end(office: Office) -> None:
    office.now[0] = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
    office.errands(1, days=30)
    assert look(office, "old_errand").why["held_back"] == 1
    assert told(office) == []
    office.later(hours=8)
    assert look(office, "old_errand").why["told"] == 1
    assert len(told(office)) == 2


def test_whoever_takes_it_on_is_named_and_nobody_above_is_told(office: Office) -> None:
    office.errands(1, days=30)
    look(office, "old_errand")
    (row,) = office.stored("alert")
    trail = Trail(office.runtime, ANN, "screen", "", "")
    desk.take_on(office.runtime, trail, "old_errand", row["id"], "I call them")
    with pytest.raises(Conflict):
        desk.take_on(office.runtime, trail, "old_errand", row["id"], "me too")
    office.later(hours=2)
    assert look(office, "old_errand").why["escalated"] == 0
    (row,) = office.stored("alert")
    assert (row["taken_by"], row["note"]) == (11, "I call them")
    assert [one["operation"] for one in office.stored("audit")][-1] == "alert_taken"
    stranger = Trail(office.runtime, person("robot", number=3), "screen", "", "")
    with pytest.raises(NotFound):
        desk.take_on(office.runtime, stranger, "old_errand", row["id"], "")


def test_numbers_are_sums_shares_and_multiples_of_before(office: Office) -> None:
    assert look(office, "plain_share").verdict == "no_number"
    assert look(office, "fewer").verdict == "no_number"
    office.errands(4)
    office.errands(1, days=11, note="other")
    assert look(office, "many_open").verdict == "fires"
    office.errands(5, note="other")
    assert look(office, "plain_share").verdict == "fine"
    office.errands(1, note="other")
    assert look(office, "plain_share").verdict == "fires"
    office.later(hours=25)
    office.errands(5)
    assert look(office, "fewer").verdict == "fires"
    office.errands(1)
    assert look(office, "fewer").verdict == "fine"
    values = {}
    for one in office.stored("alert_look"):
        values.setdefault(one["alert"], []).append(one["value"])
    assert values["many_open"] == ["51"]
    assert values["plain_share"] == [None, "40", "36.3636"]
    assert values["fewer"] == [None, "0.4545", "0.5455"]


def test_a_look_is_a_run_by_the_clock_and_soon_after_a_change(office: Office) -> None:
    office.tick()
    office.later(minutes=6)
    assert office.tick() >= 1
    assert set(office.work()) == {"succeeded"}
    assert {one["alert"] for one in office.stored("alert_look")} >= {"old_errand"}
    office.errands(3, days=30)

    def watch(connection: sa.Connection, rows: Any) -> None:
        noticing.notice(connection, office.runtime, rows)

    def deliver(*_: Any) -> None:
        raise AssertionError("nobody subscribed")

    for _ in range(2):
        relay_once(office.runtime.engine, deliver, 100, topics=(), now=office.now[0], watch=watch)
    waiting = [one for one in office.stored("job_run") if one["state"] == "queued"]
    assert sorted(one["input"]["alert"] for one in waiting) == ["fewer", "many_open", "old_errand"]
    office.later(seconds=10)
    assert set(office.work()) == {"succeeded"}
    assert len([one for one in office.stored("alert") if one["alert"] == "old_errand"]) == 3
    office.later(days=91)
    looking.forget(office.runtime)
    assert office.stored("alert_look") == []
    assert [one for one in office.stored("job_run") if one["job"] == noticing.LOOK] == []


def test_two_who_look_at_once_open_one_alert(office: Office) -> None:
    office.errands(1, days=30)
    look(office, "old_errand")
    table = office.runtime.system.alert
    (row,) = office.stored("alert")
    twin = table.insert().values({**row, "id": office.runtime.make_id()})
    with pytest.raises(sa.exc.IntegrityError), write(office.runtime.engine) as connection:
        connection.execute(twin)


def test_a_number_is_held_against_what_is_usual_at_that_hour_of_the_week(office: Office) -> None:
    begin = office.now[0]
    office.now[0] = begin - timedelta(weeks=1, minutes=30)
    office.errands(4)
    office.now[0] = begin
    office.errands(1)
    # one week of three says nothing: the shop is too young
    assert look(office, "unusual").verdict == "no_number"
    for week, count in ((3, 4), (2, 6)):
        office.now[0] = begin - timedelta(weeks=week, minutes=30)
        office.errands(count)
    # another hour of that week is none of it
    office.now[0] = begin - timedelta(weeks=1, hours=6)
    office.errands(9)
    office.now[0] = begin
    assert look(office, "unusual").verdict == "fires"
    (one,) = [row for row in office.stored("alert") if row["alert"] == "unusual"]
    assert one["value"] == "0.25"
    office.errands(3)
    assert look(office, "unusual").verdict == "fine"
    office.errands(5)
    assert look(office, "unusual").verdict == "fires"
    topics = [row["topic"] for row in office.stored("outbox") if row["entity"] == "@alert"]
    assert topics == ["@alert.opened", "@alert.ended", "@alert.opened"]
