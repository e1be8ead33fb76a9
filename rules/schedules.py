"""When a schedule comes due: a `Schedule` and a moment go in, later moments come out.

A rule speaks of the clock on the wall of its zone. Where clocks go back, a fixed hour runs once,
at its first time, and an hour written with `*` runs in both; where they go forward, a time that
never was runs at the moment of the jump, and with `*` not at all, because the next one is as far
away as ever. `every` goes by elapsed time. Nothing here reads a clock.
"""

from __future__ import annotations

from calendar import monthrange
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import takewhile
from zoneinfo import ZoneInfo

from generator.model.job import RUN_ALL, SKIP, Cron, Schedule

LONGEST_SEARCH = 9 * 366
"""Days: a rule that finds none in these, such as 30 February, never comes."""
START = datetime(2000, 1, 1)  # noqa: DTZ001 (local midnight of whichever zone)
"""Where the steps of `every` are counted from, on the wall of the zone."""
WINDOWS = tuple(timedelta(hours=hours) for hours in (1, 25, 33 * 24, 400 * 24))
MOST_CAUGHT_UP = 200
"""Slots that `run_all` makes up for in one round; the rest follow in the next."""
MISSED_AFTER = timedelta(seconds=90)
"""A slot found later than this was missed: the scheduler was down or far behind."""


def next_runs(schedule: Schedule, after: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield the moments later than `after` at which a schedule comes due, as aware UTC, in order.

    Each comes once, however the clocks of the zone are moved. It ends where no day in nine years
    fits. `after` must be aware.
    """
    if after.tzinfo is None:
        raise ValueError("the moment has no time zone")
    after = after.astimezone(UTC)
    if schedule.cron is None:
        return _every(schedule, after, zone)
    return _by_rule(schedule, schedule.cron, after, zone)


def next_run(schedule: Schedule, after: datetime) -> datetime | None:
    """Return the first moment later than `after`, in the schedule's own zone; None for never."""
    return next(next_runs(schedule, after, ZoneInfo(schedule.zone)), None)


def last_run(schedule: Schedule, until: datetime) -> datetime | None:
    """Return the last moment not later than `until`; None where there was none for a year."""
    zone = ZoneInfo(schedule.zone)
    for window in WINDOWS:
        slots = next_runs(schedule, until - window, zone)
        last = deque(takewhile(lambda slot: slot <= until, slots), maxlen=1)
        if last:
            return last[0]
    return None


def due_runs(
    schedule: Schedule, missed: str, first: datetime, now: datetime
) -> tuple[tuple[datetime, ...], datetime | None]:
    """Return the slots from `first` until now that are to run, and the one after them.

    `missed` says what becomes of those nobody looked at in time: `skip` runs none of them,
    `run_once` the last, `run_all` each, at most 200 in one round.
    """
    if missed == RUN_ALL:
        slots: list[datetime] = [first] if first <= now else []
        slot: datetime | None = first
        for slot in next_runs(schedule, first, ZoneInfo(schedule.zone)):
            if slot > now or len(slots) == MOST_CAUGHT_UP:
                break
            slots.append(slot)
        else:
            slot = None
        return tuple(slots), slot
    latest = max(last_run(schedule, now) or first, first)
    late = now - latest > MISSED_AFTER
    return (() if late and missed == SKIP else (latest,)), next_run(schedule, now)


def _every(schedule: Schedule, after: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    start = START.replace(tzinfo=zone).astimezone(UTC)
    step = timedelta(seconds=schedule.every)
    slot = start + step * ((after - start) // step + 1)
    closed = 0
    while closed < LONGEST_SEARCH:
        day = slot.astimezone(zone).date()
        if schedule.calendar is None or schedule.calendar.is_open(day):
            yield slot
            closed, slot = 0, slot + step
        else:
            closed += 1
            begins = _instants(datetime.combine(day + timedelta(days=1), time()), zone)[0]
            slot += step * max(-((slot - begins) // step), 1)


def _by_rule(schedule: Schedule, cron: Cron, after: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    day = after.astimezone(zone).date() - timedelta(days=1)
    waiting: set[datetime] = set()
    empty = 0
    while empty < LONGEST_SEARCH and day.year < date.max.year:
        fits = fits_day(cron, day) and (schedule.calendar is None or schedule.calendar.is_open(day))
        if fits:
            waiting |= _of_day(cron, day, zone)
        day += timedelta(days=1)
        # clocks that go back over midnight show the end of a day once more after its next began
        begins = _instants(datetime.combine(day, time()), zone)[0]
        ready = sorted(slot for slot in waiting if slot < begins)
        waiting.difference_update(ready)
        found = [slot for slot in ready if slot > after]
        empty = 0 if found else empty + 1
        yield from found


def fits_day(cron: Cron, day: date) -> bool:
    """Say whether a rule runs on a day: where a day and a weekday are given, either will do."""
    if day.month not in cron.months:
        return False
    is_last = cron.last_day and day.day == monthrange(day.year, day.month)[1]
    by_day, by_weekday = day.day in cron.days or is_last, day.weekday() in cron.weekdays
    if cron.any_day or cron.any_weekday:
        return by_day and by_weekday
    return by_day or by_weekday


def _of_day(cron: Cron, day: date, zone: ZoneInfo) -> set[datetime]:
    found: set[datetime] = set()
    for hour in cron.hours:
        for minute in cron.minutes:
            wall = datetime.combine(day, time(hour, minute))
            found.update(_come(wall, zone, by_elapsed_time=cron.any_hour))
    return found


def _come(wall: datetime, zone: ZoneInfo, *, by_elapsed_time: bool) -> Iterable[datetime]:
    """Return the moments at which a zone's clocks count a time: mostly one."""
    first, second = _instants(wall, zone)
    if first == second:
        return (first,)
    if first.astimezone(zone).replace(tzinfo=None) == wall:
        return (first, second) if by_elapsed_time else (first,)
    return () if by_elapsed_time else (_jump(second, first, zone),)


def _instants(wall: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return a time of the wall by the offsets before and after a change; else they are equal."""
    before = wall.replace(tzinfo=zone)
    return before.astimezone(UTC), before.replace(fold=1).astimezone(UTC)


@lru_cache(maxsize=1000)
def _jump(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment between two at which the clocks of a zone go forward."""
    old = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == old:
            low = middle
        else:
            high = middle
    return high
