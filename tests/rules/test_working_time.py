"""Working time: what a length comes to by a calendar with days, hours and holidays."""

from datetime import UTC, date, datetime, time

import pytest

from generator.model.job import Calendar
from generator.model.text import NOWHERE, Label
from rules.workflow.working_time import later

HOUR, DAY = 3600, 86_400
HOURS = ((time(9), time(12)), (time(13, 30), time(18)))
ZONE = "Asia/Shanghai"
WEEK = frozenset(range(5))


def calendar(**more: object) -> Calendar:
    given = {"days": WEEK, "closed": frozenset(), "open": frozenset(), "hours": HOURS, **more}
    return Calendar("office", Label({}), span=NOWHERE, **given)  # type: ignore[arg-type]


def there(text: str) -> datetime:
    """A moment by the clock in Shanghai, eight hours before UTC."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "seconds", "expected"),
    [
        ("2026-11-23T10:00", HOUR, "2026-11-23T11:00"),
        ("2026-11-23T11:00", HOUR, "2026-11-23T12:00"),
        ("2026-11-23T11:30", HOUR, "2026-11-23T14:00"),
        ("2026-11-23T12:30", HOUR, "2026-11-23T14:30"),
        ("2026-11-23T17:30", HOUR, "2026-11-24T09:30"),
        ("2026-11-27T17:30", HOUR, "2026-11-30T09:30"),
        ("2026-11-28T03:00", HOUR, "2026-11-30T10:00"),
        ("2026-11-23T20:00", 1, "2026-11-24T09:00:01"),
        ("2026-11-23T09:00", 15 * HOUR, "2026-11-24T18:00"),
        ("2026-11-23T10:00", DAY, "2026-11-24T10:00"),
        ("2026-11-27T10:00", 2 * DAY + HOUR, "2026-12-01T11:00"),
        ("2026-11-28T10:00", DAY, "2026-12-01T09:00"),
        ("2026-09-30T10:00", DAY, "2026-10-10T10:00"),
        ("2026-10-10T10:00", DAY, "2026-10-12T10:00"),
    ],
)
def test_only_working_time_counts(start: str, seconds: int, expected: str) -> None:
    holidays = frozenset(date(2026, 10, day) for day in range(1, 10))
    known = calendar(closed=holidays, open=frozenset({date(2026, 10, 10)}))
    assert later(there(start), seconds, known, ZONE) == there(expected)


def test_a_calendar_without_hours_counts_whole_days() -> None:
    known = calendar(hours=())
    assert later(there("2026-11-27T22:00"), 4 * HOUR, known, ZONE) == there("2026-11-30T02:00")
    assert later(there("2026-11-27T22:00"), DAY, known, ZONE) == there("2026-11-30T22:00")


def test_hours_that_the_clocks_skip_are_not_worked() -> None:
    night = calendar(days=frozenset(range(7)), hours=((time(0), time(6)),))
    start = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    due = later(start, 5 * HOUR, night, "Europe/Berlin")
    assert due == datetime(2026, 3, 29, 23, 30, tzinfo=UTC)


def test_a_calendar_that_is_never_open_lets_time_pass() -> None:
    shut = calendar(days=frozenset())
    assert later(there("2026-11-23T10:00"), HOUR, shut, ZONE) == there("2026-11-23T11:00")
