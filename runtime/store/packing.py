"""A row as one JSON text, so that rows of any columns fit into one column of another statement.

Comes in: columns. Goes out: an expression that gives the text, and the function that makes stored
values of it again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

import orjson
import sqlalchemy as sa

from generator.field_types._times import Utc
from runtime.jobs.columns import UtcDateTime
from runtime.store.prepared import Row

Convert = Callable[[Any], Any]


def packed(columns: Iterable[Any], dialect: sa.Dialect) -> Any:
    """Return the expression of a row's text."""
    array = sa.func.json_build_array if dialect.name == "postgresql" else sa.func.json_array
    return sa.cast(array(*columns), sa.Text())


def unpacking(columns: Iterable[Any], dialect: sa.Dialect) -> Callable[[str], Row]:
    """Return the function from a row's text to its stored values."""
    makes = [_converter(column.type, dialect) for column in columns]

    def unpack(text: str) -> Row:
        cells = zip(makes, orjson.loads(text), strict=True)
        return tuple([value if make is None else make(value) for make, value in cells])

    return unpack


def _converter(kind: Any, dialect: sa.Dialect) -> Convert | None:
    """Return what brings a value back from JSON to its stored form."""
    if dialect.name == "sqlite":
        found: Convert | None = kind._cached_result_processor(dialect, None)
        return found
    return _from_json(kind)


def _from_json(kind: sa.types.TypeEngine[Any]) -> Convert | None:
    """PostgreSQL writes moments, days and times into JSON as ISO 8601; the rest stays itself."""
    if isinstance(kind, (Utc, UtcDateTime, sa.DateTime)):
        return lambda value: value and dt.datetime.fromisoformat(value).astimezone(dt.UTC)
    if isinstance(kind, sa.Date):
        return lambda value: value and dt.date.fromisoformat(value)
    if isinstance(kind, sa.Time):
        return lambda value: value and dt.time.fromisoformat(value)
    return None
