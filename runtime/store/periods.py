"""Periods by name (`last_7_days`), months (`2025-01`) and years: the first day, and the one after.

Weeks begin on Monday. "Last 7 days" ends with today, as people mean it; "last month" is the
calendar month before this one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta

Bounds = tuple[date, date]
DAY = timedelta(days=1)
WRITTEN = re.compile(r"(19\d\d|20\d\d|21\d\d)(?:-(0[1-9]|1[0-2]))?", re.ASCII)
"""`2025` or `2025-01`."""
LONG_AGO, FAR_OFF = date(1900, 1, 1), date(2200, 1, 1)
"""Ends of what has only one; every zone can tell them in UTC."""


def bounds(name: str, today: date) -> Bounds:
    """Return the first day of a period and the first day after it.

    Raises:
        KeyError: there is no period of that name.

    """
    written = WRITTEN.fullmatch(name)
    if written is None:
        return PERIODS[name](today)
    month = int(written[1]) * 12 + int(written[2] or 1) - 1
    return _first(month), _first(month + (1 if written[2] else 12))


def is_period(name: str) -> bool:
    """Return whether there is a period of that name; a month or a year is one."""
    return name in PERIODS or WRITTEN.fullmatch(name) is not None


def _days(first: int, after: int) -> Callable[[date], Bounds]:
    return lambda today: (today + first * DAY, today + after * DAY)


def _week(shift: int) -> Callable[[date], Bounds]:
    def found(today: date) -> Bounds:
        monday = today - today.weekday() * DAY + shift * 7 * DAY
        return monday, monday + 7 * DAY

    return found


def _months(
    shift: int, length: int = 1, start: Callable[[date], int] | None = None
) -> Callable[[date], Bounds]:
    def found(today: date) -> Bounds:
        month = today.year * 12 + (start(today) if start else today.month - 1) + shift
        return _first(month), _first(month + length)

    return found


def _first(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def _quarter(today: date) -> int:
    return (today.month - 1) // 3 * 3


PERIODS: Mapping[str, Callable[[date], Bounds]] = {
    "today": _days(0, 1),
    "yesterday": _days(-1, 0),
    "tomorrow": _days(1, 2),
    "last_7_days": _days(-6, 1),
    "last_30_days": _days(-29, 1),
    "last_90_days": _days(-89, 1),
    "next_7_days": _days(0, 7),
    "next_30_days": _days(0, 30),
    "this_week": _week(0),
    "last_week": _week(-1),
    "this_month": _months(0),
    "last_month": _months(-1),
    "next_month": _months(1),
    "this_quarter": _months(0, 3, _quarter),
    "last_quarter": _months(-3, 3, _quarter),
    "this_year": _months(0, 12, lambda today: 0),
    "last_year": _months(-12, 12, lambda today: 0),
    "before_today": lambda today: (LONG_AGO, today),
    "after_today": lambda today: (today + DAY, FAR_OFF),
}
"""By name: from today to its bounds."""
