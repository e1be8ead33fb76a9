"""The first day of the day, month or year that a date or a moment lies in, in SQL.

A moment belongs to a day only in a zone. PostgreSQL knows the zones; SQLite asks a function of
ours, which every connection of `make_engine` has.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from generator.expressions.constructs import Template
from generator.field_types._locales import zone

UNITS = ("day", "month", "year")
FUNCTION = "sw_first_day"


@dataclass(frozen=True)
class Span:
    """The stretch of time a value is counted with."""

    unit: str
    """One of `UNITS`."""
    zone: str = ""
    """Where the value is a moment: the zone that says on which day it was."""


class _FirstDay(Template):
    """The first day of the stretch a date lies in; the second argument is its unit."""

    inherit_cache = True
    sqlite = f"{FUNCTION}({{0}}, {{1}}, '')"
    postgresql = "date_trunc({1}, ({0})::timestamp)::date"


class _FirstDayThere(Template):
    """The same of a moment; the third argument is the zone."""

    inherit_cache = True
    sqlite = f"{FUNCTION}({{0}}, {{1}}, {{2}})"
    postgresql = "date_trunc({1}, timezone({2}, {0}))::date"


def first_day(value: sa.ColumnElement[Any], span: Span) -> sa.ColumnElement[Any]:
    """Return the first day of the stretch that a date or a moment lies in."""
    unit: sa.ColumnElement[Any] = sa.literal_column(f"'{UNITS[UNITS.index(span.unit)]}'")
    if not span.zone:
        return _FirstDay(sa.Date(), value, unit)
    # a key of the system's own: what is no zone is UTC
    return _FirstDayThere(sa.Date(), value, unit, sa.literal_column(f"'{zone(span.zone).key}'"))


def last_day(first: dt.date, unit: str) -> dt.date:
    """Return the last day of the stretch that begins with a day."""
    if unit == "day":
        return first
    beyond = first.replace(day=28) + dt.timedelta(days=4 if unit == "month" else 366)
    return beyond.replace(day=1, **({} if unit == "month" else {"month": 1})) - dt.timedelta(days=1)


def teach(connection: sqlite3.Connection) -> None:
    """Give a connection of SQLite our function."""
    connection.create_function(FUNCTION, 3, _first_day, deterministic=True)


def _first_day(text: str | None, unit: str, zone_name: str) -> str | None:
    if text is None:
        return None
    if zone_name:
        moment = dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)
        text = moment.astimezone(zone(zone_name)).date().isoformat()
    return {"day": text, "month": f"{text[:7]}-01", "year": f"{text[:4]}-01-01"}[unit]
