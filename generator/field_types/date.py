"""`type: date`: a day without a time zone, such as 2026-11-22."""

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
from generator.field_types._refusals import ApiField, Words
from generator.field_types._times import day_text
from generator.model.entity import Field

WRITTEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TYPED = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")


class Date(FieldType):
    operators = ("eq", "ne", "lt", "lte", "gt", "gte", "between", "within", "empty")
    examples = (
        Example("2026-11-22", dt.date(2026, 11, 22), "Nov 22, 2026"),
        Example("2024-02-29", dt.date(2024, 2, 29), "Feb 29, 2024"),
    )
    rejects = (
        "2026-02-30",
        "22.11.2026",
        "20261122",
        "2026-W01-1",
        "2026-11-22T00:00:00Z",
        20261122,
        True,
        "２０２６-11-22",
        "0001-01-01",
    )

    def column(self, field: Field) -> sa.types.TypeEngine[Any]:
        return sa.Date()

    def schema(self, field: Field, **options: Any) -> ma.fields.Field[Any]:
        return _Day(**options)

    def expression_type(self, field: Field) -> types.Type:
        return types.Date()

    def dump(self, field: Field) -> Callable[[Any], Any]:
        return dt.date.isoformat

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        if value is None:
            return EMPTY
        text = day_text(value, viewer.locale)
        return Cell(text, "time", title=value.isoformat())

    def input(self, field: Field) -> Input:
        return Input("date", {"min": "1000-01-01", "max": "9999-12-31"})

    def from_text(self, text: str, field: Field, viewer: Viewer = ANYONE) -> Any:
        """Return the day; `2026/1/5` and `2026年1月5日` are understood too."""
        text = ascii_digits(text.strip())
        typed = TYPED.fullmatch(text) if len(text) < 20 else None
        if typed:
            return f"{typed[1]}-{int(typed[2]):02d}-{int(typed[3]):02d}"
        return text or None

    def nobody(self, field: Field, mark: str) -> Any:
        return None if mark else "1900-01-01"

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "string", "format": "date", "pattern": r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}$"}


class _Day(ApiField[dt.date]):
    default_error_messages = {
        "invalid": Words("Write a day such as 2026-11-22.", "请填写日期，例如 2026-11-22。")
    }

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dt.date:
        if not isinstance(value, str) or len(value) != 10 or not WRITTEN.fullmatch(value):
            raise self.make_error("invalid")
        try:
            day = dt.date.fromisoformat(value)
        except ValueError as error:
            raise self.make_error("invalid") from error
        if day.year < 1000:
            raise self.make_error("invalid")
        return day
