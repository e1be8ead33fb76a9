"""`type: datetime`: a moment, kept in UTC; the API sends and takes ISO 8601 with an offset.

A time without offset is refused over the API, because it names a different moment for everybody;
in a form or an import file it is a time in the zone of the person who typed it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import marshmallow as ma
import sqlalchemy as sa

from generator.expressions import types
from generator.field_types import (
    ANYONE,
    EMPTY,
    Cell,
    Example,
    FieldType,
    Input,
    Viewer,
)
from generator.field_types._digits import ascii_digits
from generator.field_types._locales import zone
from generator.field_types._refusals import ApiField, Words
from generator.field_types._times import FIRST, LAST, Utc, local_text
from generator.model.entity import Field

WRITTEN = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})"
)
NAIVE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)?")
TYPED = re.compile(
    r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?"
    r"(?:[T ]+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?)?"
)
"""As spreadsheets write it: `2026/1/5 9:05`, `2026年1月5日`."""
WITH_OFFSET = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:.]{5,15} ?(Z|UTC|[+-][0-9]{2}:?[0-9]{2})"
)


class Datetime(FieldType):
    operators = ("eq", "ne", "lt", "lte", "gt", "gte", "between", "within", "empty")
    examples = (
        Example(
            "2026-11-22T10:30:00+02:00",
            dt.datetime(2026, 11, 22, 8, 30, tzinfo=dt.UTC),
            "Nov 22, 2026, 8:30 AM",
        ),
        Example(
            "2026-11-22T08:30:00.000001Z",
            dt.datetime(2026, 11, 22, 8, 30, 0, 1, tzinfo=dt.UTC),
            "Nov 22, 2026, 8:30 AM",
        ),
        Example("1000-01-02T00:00:00Z", FIRST, "Jan 2, 1000, 12:00 AM"),
    )
    rejects = (
        "2026-11-22T10:30:00",
        "2026-11-22",
        "2026-11-22 10:30:00Z",
        "2026-02-30T10:30:00Z",
        "2026-11-22T25:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        1795336200,
        True,
        "２０２６-11-22T10:30:00Z",
    )

    def column(self, field: Field) -> sa.types.TypeEngine[Any]:
        return Utc()

    def schema(self, field: Field, **options: Any) -> ma.fields.Field[Any]:
        return _Moment(**options)

    def expression_type(self, field: Field) -> types.Type:
        return types.DateTime()

    def dump(self, field: Field) -> Callable[[Any], Any]:
        return api_text

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        if value is None:
            return EMPTY
        exact = value.astimezone(zone(viewer.time_zone)).isoformat(sep=" ", timespec="seconds")
        return Cell(local_text(value, viewer.locale, viewer.time_zone), "time", title=exact)

    def input(self, field: Field) -> Input:
        return Input("datetime", {"min": "1000-01-02T00:00", "max": "9999-12-30T00:00"})

    def form_text(self, value: Any, field: Field, viewer: Viewer) -> str:
        if value is None:
            return ""
        local: dt.datetime = value.astimezone(zone(viewer.time_zone))
        return local.replace(tzinfo=None).isoformat()

    def from_text(self, text: str, field: Field, viewer: Viewer = ANYONE) -> Any:
        text = ascii_digits(text.strip())
        if not text or len(text) > 40:
            return text or None
        typed = TYPED.fullmatch(text)
        if typed:
            year, *parts = (f"{one:0>2}" for one in typed.groups("0"))
            text = f"{year}-{'-'.join(parts[:2])} {':'.join(parts[2:])}"
        if NAIVE.fullmatch(text):
            try:
                local = dt.datetime.fromisoformat(text).replace(tzinfo=zone(viewer.time_zone))
                return api_text(local.astimezone(dt.UTC))
            except (ValueError, OverflowError):
                return text
        if WITH_OFFSET.fullmatch(text):
            day, _, rest = text.partition(" ")
            return f"{day}T{rest.replace(' ', '').replace('UTC', 'Z')}"
        return text

    def nobody(self, field: Field, mark: str) -> Any:
        return None if mark else "1900-01-01T00:00:00Z"

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "string", "format": "date-time", "pattern": f"^{WRITTEN.pattern}$"}


def api_text(moment: dt.datetime) -> str:
    """Return a UTC moment as the API writes it, with `Z`."""
    return moment.isoformat()[:-6] + "Z"


class _Moment(ApiField[dt.datetime]):
    default_error_messages = {
        "invalid": Words(
            "Write a moment such as 2026-11-22 10:30; over the API with its offset, such as "
            "2026-11-22T10:30:00+08:00.",
            "请填写时间，例如 2026-11-22 10:30；通过接口提交时须带时区偏移，例如 "
            "2026-11-22T10:30:00+08:00。",
        ),
        "range": Words("Write a year from 1000 to 9999.", "年份应在 1000 到 9999 之间。"),
    }

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dt.datetime:
        if not isinstance(value, str) or len(value) > 40 or not WRITTEN.fullmatch(value):
            raise self.make_error("invalid")
        try:
            moment = dt.datetime.fromisoformat(value).astimezone(dt.UTC)
        except ValueError as error:
            raise self.make_error("invalid") from error
        except OverflowError as error:
            raise self.make_error("range") from error
        if not FIRST <= moment <= LAST:
            raise self.make_error("range")
        return moment
