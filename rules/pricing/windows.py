"""When a promotion runs: from one moment to another, and on which days and hours in between.

Hours are wall time of the promotion's own zone, so 20:00 stays 20:00 when clocks change. Hours that
cross midnight belong to the day they begin on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

UTC = "UTC"


@dataclass(frozen=True, slots=True)
class Window:
    """From (included) until (excluded); both are aware times."""

    begins: datetime | None = None
    until: datetime | None = None

    def state(self, now: datetime) -> str:
        """Return `open`, `not_started` or `ended`."""
        if self.begins is not None and now < self.begins:
            return "not_started"
        return "ended" if self.until is not None and now >= self.until else "open"

    @property
    def opens(self) -> bool:
        """Return whether there is any moment in it."""
        return self.begins is None or self.until is None or self.begins < self.until


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Days and hours; what is empty does not narrow."""

    zone: str = UTC
    weekdays: frozenset[int] = frozenset()
    """Monday is 0."""
    days: frozenset[int] = frozenset()
    """Of the month."""
    dates: frozenset[date] = frozenset()
    hours: tuple[tuple[time, time], ...] = ()

    def holds(self, now: datetime) -> bool:
        """Return whether it runs at a moment."""
        local = now.astimezone(ZoneInfo(self.zone))
        if not self.hours:
            return self.falls_on(local.date())
        clock, today = local.time(), local.date()
        yesterday = today - timedelta(days=1)
        for begins, until in self.hours:
            over_midnight = until <= begins
            if clock >= begins and (over_midnight or clock < until) and self.falls_on(today):
                return True
            if over_midnight and clock < until and self.falls_on(yesterday):
                return True
        return False

    def falls_on(self, day: date) -> bool:
        """Return whether it runs on a day at all."""
        if self.weekdays and day.weekday() not in self.weekdays:
            return False
        if self.days and day.day not in self.days:
            return False
        return not self.dates or day in self.dates
