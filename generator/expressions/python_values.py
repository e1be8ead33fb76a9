"""What the compiled function of an expression may call: exact, and null where nothing fits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from generator.expressions.functions import FUNCTIONS


def round_half_away(over: int, under: int) -> int | None:
    """Return `over / under` rounded half away from zero, None when `under` is zero."""
    if under == 0:
        return None
    quotient, rest = divmod(abs(over), abs(under))
    quotient += 2 * rest >= abs(under)
    return quotient if (over < 0) == (under < 0) else -quotient


def whole_days(seconds: int) -> int:
    """Return the whole days of a duration, towards zero."""
    return seconds // 86_400 if seconds >= 0 else -(-seconds // 86_400)


def shift_date(day: dt.date, days: int) -> dt.date | None:
    """Return the day so many days later, None outside the years 1 to 9999."""
    number = day.toordinal() + days
    return dt.date.fromordinal(number) if 1 <= number <= 3_652_059 else None


def shift_moment(moment: dt.datetime, seconds: int) -> dt.datetime | None:
    """Return the moment so many seconds later, None outside the years 1 to 9999."""
    try:
        return moment + dt.timedelta(seconds=seconds)
    except OverflowError:
        return None


def seconds_between(later: dt.datetime, earlier: dt.datetime) -> int:
    """Return the seconds between two moments, fractions of a second left out."""
    gap = later.replace(microsecond=0) - earlier.replace(microsecond=0)
    return gap.days * 86_400 + gap.seconds


def local_day(moment: dt.datetime, offset: int) -> dt.date | None:
    """Return the calendar day of a moment, `offset` seconds east of UTC."""
    local = shift_moment(moment.astimezone(dt.UTC), offset)
    return None if local is None else local.date()


def record_id(value: Any) -> Any:
    """Return the id of a reference: facts hold the id itself, the target's row, or None."""
    return value["id"] if isinstance(value, Mapping) else value


def record_ids(values: Sequence[Any]) -> list[Any]:
    """Return the ids a many-to-many field holds: facts hold ids or the targets' rows."""
    return [record_id(value) for value in values]


RUNTIME: Mapping[str, Any] = {
    "__builtins__": {"abs": abs, "min": min, "max": max, "len": len},
    "round_half_away": round_half_away,
    "whole_days": whole_days,
    "shift_date": shift_date,
    "shift_moment": shift_moment,
    "seconds_between": seconds_between,
    "local_day": local_day,
    "record_id": record_id,
    "record_ids": record_ids,
    **{f"f_{entry.name}": entry.python for entry in FUNCTIONS.values()},
}
