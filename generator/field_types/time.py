"""`type: time`: a time of day without a zone, such as 09:30 or 09:30:15."""

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
from generator.field_types._refusals import ApiField, Words
from generator.field_types._times import clock_text
from generator.model.entity import Field

WRITTEN = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?")


class Time(FieldType):
    operators = ("eq", "ne", "lt", "lte", "gt", "gte", "between", "empty")
    examples = (
        Example("09:30", dt.time(9, 30), "9:30 AM"),
        Example("23:59:59", dt.time(23, 59, 59), "11:59 PM"),
        Example("00:00:00", dt.time(0), "12:00 AM"),
    )
    rejects = ("24:00", "9:30", "0930", "09:60", "09:30:00.5", "09:30Z", 930, True, "０９:30", [])

    def column(self, field: Field) -> sa.types.TypeEngine[Any]:
        return sa.Time()

    def schema(self, field: Field, **options: Any) -> ma.fields.Field[Any]:
        return _TimeOfDay(**options)

    def expression_type(self, field: Field) -> types.Type:
        return types.Time()

    def dump(self, field: Field) -> Callable[[Any], Any]:
        return api_text

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        if value is None:
            return EMPTY
        return Cell(clock_text(value, viewer.locale), "time", title=api_text(value))

    def input(self, field: Field) -> Input:
        return Input("time")

    def from_text(self, text: str, field: Field, viewer: Viewer = ANYONE) -> Any:
        text = text.strip()
        return f"0{text}" if re.fullmatch(r"[0-9]:.{2,5}", text) else text or None

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{WRITTEN.pattern}$", "examples": ["09:30"]}


def api_text(time: dt.time) -> str:
    """Return a time as the API writes it, without seconds when there are none."""
    return time.isoformat("seconds" if time.second else "minutes")


class _TimeOfDay(ApiField[dt.time]):
    default_error_messages = {
        "invalid": Words("Write a time of day such as 09:30.", "请填写时间，例如 09:30。")
    }

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dt.time:
        if not isinstance(value, str) or len(value) > 8 or not WRITTEN.fullmatch(value):
            raise self.make_error("invalid")
        return dt.time.fromisoformat(value)
