"""A length of time counted in working time: a moment, a length and a calendar in, a moment out.

Every full 24 hours of the length are one working day; the rest is counted in working hours, while
the calendar is open. What begins outside of them begins when they next do. Clocks that are moved
neither add nor take away: hours are those that pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from generator.model.job import Calendar

DAY = 86_400
LONGEST_SEARCH = 9 * 366
"""Days: a calendar that is not open in these never is."""


def later(start: datetime, seconds: int, calendar: Calendar, zone: str) -> datetime:
    """Return the moment so much working time after `start`, in UTC.

    Where the calendar is never open, time passes as on any clock; a check refuses such a calendar.
    """
    there = ZoneInfo(zone)
    days, rest = divmod(seconds, DAY)
    spans = _spans(start, calendar, there)
    begins, ends = next(spans, (start, start))
    if begins == ends:
        return start + timedelta(seconds=seconds)
    if days:
        begins = _days_later(begins, days, calendar, there)
        spans = _spans(begins, calendar, there)
        begins, ends = next(spans)
    left = timedelta(seconds=rest)
    while left > ends - begins:
        left -= ends - begins
        begins, ends = next(spans)
    return begins + left


def _days_later(moment: datetime, days: int, calendar: Calendar, zone: ZoneInfo) -> datetime:
    """Return the same time of the clock so many working days later."""
    local = moment.astimezone(zone)
    day = local.date()
    for _ in range(LONGEST_SEARCH + 2 * days):
        day += timedelta(days=1)
        days -= calendar.is_open(day)
        if not days:
            break
    return datetime.combine(day, local.time(), zone).astimezone(UTC)


def _spans(
    after: datetime, calendar: Calendar, zone: ZoneInfo
) -> Iterator[tuple[datetime, datetime]]:
    """Yield the working time from a moment on, each stretch with its begin and end, in UTC."""
    day, closed = after.astimezone(zone).date(), 0
    while closed < LONGEST_SEARCH and day.year < date.max.year:
        closed = 0 if calendar.is_open(day) else closed + 1
        for opens, closes in _of_day(day, calendar, zone) if not closed else ():
            if closes > after:
                yield max(opens, after.astimezone(UTC)), closes
        day += timedelta(days=1)


def _of_day(day: date, calendar: Calendar, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    for opens, closes in calendar.hours or ((time(), time()),):
        until = day if closes > opens else day + timedelta(days=1)
        yield (
            datetime.combine(day, opens, zone).astimezone(UTC),
            datetime.combine(until, closes, zone).astimezone(UTC),
        )
