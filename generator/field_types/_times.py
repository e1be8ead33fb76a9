"""Moments: aware UTC in Python, `timestamptz` on PostgreSQL, fixed-width UTC text on SQLite.

The text `2026-11-22 08:30:00.000000` always has the same width, so SQLite sorts and compares it
as time. Years are kept between 1000 and 9999: four digits, and room for every offset.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from babel.dates import format_date, format_time

from generator.field_types._locales import babel_locale, is_chinese, zone

FIRST = dt.datetime(1000, 1, 2, tzinfo=dt.UTC)
LAST = dt.datetime(9999, 12, 30, tzinfo=dt.UTC)


class Utc(sa.types.TypeDecorator[dt.datetime]):
    """A column of moments."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.String(26))
        return dialect.type_descriptor(sa.DateTime(timezone=True))

    def process_bind_param(self, value: dt.datetime | None, dialect: sa.Dialect) -> Any:
        """Return what the driver stores; a naive time is a bug of the caller."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A moment needs a time zone.")
        moment = value.astimezone(dt.UTC)
        return _fixed_width(moment) if dialect.name == "sqlite" else moment

    def process_literal_param(self, value: dt.datetime | None, dialect: sa.Dialect) -> str:
        """Return the moment as an SQL literal."""
        if value is None:
            return "NULL"
        text = _fixed_width(value.astimezone(dt.UTC))
        return f"'{text}'" if dialect.name == "sqlite" else f"'{text}+00'"

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> dt.datetime | None:
        """Return an aware UTC datetime, whatever the session's time zone is."""
        if value is None:
            return None
        if isinstance(value, str):
            return dt.datetime.fromisoformat(value).replace(tzinfo=dt.UTC)
        moment: dt.datetime = value.astimezone(dt.UTC)
        return moment


def local_text(moment: dt.datetime, locale: str, time_zone: str) -> str:
    """Return a moment as people of a locale write it, to the minute, in a time zone."""
    local = moment.astimezone(zone(time_zone))
    day = day_text(local.date(), locale)
    return f"{day}{' ' if is_chinese(locale) else ', '}{clock_text(local.time(), locale)}"


@lru_cache(maxsize=4096)
def day_text(day: dt.date, locale: str) -> str:
    """Return a day as people of a locale write it."""
    return format_date(day, "medium", locale=babel_locale(locale))


def clock_text(time: dt.time, locale: str) -> str:
    """Return a time of day as people of a locale write it, to the minute."""
    return _minute_text(time.hour, time.minute, locale)


@lru_cache(maxsize=4096)
def _minute_text(hour: int, minute: int, locale: str) -> str:
    text = format_time(dt.time(hour, minute), "short", locale=babel_locale(locale))
    return text.replace("\u202f", " ")


def _fixed_width(moment: dt.datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
