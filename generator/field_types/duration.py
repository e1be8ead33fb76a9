"""`type: duration`: a length of time, stored in seconds; the API writes ISO 8601 such as PT1H30M.

Weeks and days are exact (7 × 24 h, 24 h); months and years are refused, because their length
depends on the calendar.
"""

from __future__ import annotations

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
from generator.field_types._locales import is_chinese
from generator.field_types._refusals import ApiField, Words
from generator.model.entity import Field

WRITTEN = re.compile(
    r"P(?=[0-9T])(?:([0-9]{1,5})W|(?:([0-9]{1,6})D)?"
    r"(?:T(?=[0-9])(?:([0-9]{1,7})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,10})S)?)?)"
)
CLOCK = re.compile(r"([0-9]{1,5}):([0-5][0-9])(?::([0-5][0-9]))?")
SPOKEN = re.compile(
    r"(?:([0-9]{1,6}) ?(?:d|天))? ?(?:([0-9]{1,7}) ?(?:h|小时))? ?"
    r"(?:([0-9]{1,9}) ?(?:min|m|分钟|分))? ?(?:([0-9]{1,10}) ?(?:s|秒))?"
)
SECONDS = (86_400, 3600, 60, 1)
LONGEST = 100 * 366 * 86_400
UNITS = {"en": (" d", " h", " min", " s"), "zh": ("天", "小时", "分钟", "秒")}


class Duration(FieldType):
    operators = ("eq", "ne", "lt", "lte", "gt", "gte", "between", "empty")
    numeric = True
    examples = (
        Example("PT1H30M", 5400, "1 h 30 min"),
        Example("PT90M", 5400, "1 h 30 min"),
        Example("P2W", 1_209_600, "14 d"),
        Example("P1DT5S", 86_405, "1 d 5 s"),
        Example("PT0S", 0, "0 s"),
    )
    rejects = (
        "P",
        "PT",
        "P1DT",
        "1:30",
        "P1M",
        "P1Y",
        "-PT1H",
        "PT1.5H",
        90,
        True,
        "PT９M",
        "P99999W",
        {},
    )

    def column(self, field: Field) -> sa.types.TypeEngine[Any]:
        return sa.BigInteger()

    def schema(self, field: Field, **options: Any) -> ma.fields.Field[Any]:
        return _Length(**options)

    def expression_type(self, field: Field) -> types.Type:
        return types.Duration()

    def dump(self, field: Field) -> Callable[[Any], Any]:
        return api_text

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        if value is None:
            return EMPTY
        chinese = is_chinese(viewer.locale)
        units = UNITS["zh" if chinese else "en"]
        parts = [
            f"{number}{unit}" for number, unit in zip(_parts(value), units, strict=True) if number
        ]
        return Cell(("" if chinese else " ").join(parts) or f"0{units[-1]}", "number")

    def input(self, field: Field) -> Input:
        return Input("duration", {"placeholder": "1h 30m"})

    def from_text(self, text: str, field: Field, viewer: Viewer = ANYONE) -> Any:
        """Return the length; `1:30`, `1h 30m` and `1小时30分` are understood too."""
        text = text.strip()
        if not text or len(text) > 60 or WRITTEN.fullmatch(text):
            return text or None
        if clock := CLOCK.fullmatch(text):
            return api_text(_sum((None, *clock.groups())))
        if spoken := SPOKEN.fullmatch(text.lower()):
            return api_text(_sum(spoken.groups()))
        return text

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {
            "type": "string",
            "format": "duration",
            "pattern": f"^{WRITTEN.pattern}$",
            "examples": ["PT1H30M"],
        }


def api_text(seconds: int) -> str:
    """Return a length of time as ISO 8601."""
    days, hours, minutes, rest = _parts(seconds)
    clock = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (rest, "S")) if n)
    text = (f"{days}D" if days else "") + (f"T{clock}" if clock else "")
    return f"P{text or 'T0S'}"


def _parts(seconds: int) -> tuple[int, int, int, int]:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return days, hours, minutes, rest


def _sum(numbers: tuple[str | None, ...]) -> int:
    return sum(int(number or 0) * unit for number, unit in zip(numbers, SECONDS, strict=True))


class _Length(ApiField[int]):
    default_error_messages = {
        "invalid": Words(
            "Write a length of time such as PT1H30M.", "请填写时长，例如 PT1H30M（1小时30分）。"
        ),
        "range": Words("At most a hundred years.", "不能超过一百年。"),
    }

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        written = WRITTEN.fullmatch(value) if isinstance(value, str) and len(value) < 60 else None
        if written is None:
            raise self.make_error("invalid")
        weeks, *rest = written.groups()
        seconds = int(weeks or 0) * 604_800 + _sum(tuple(rest))
        if seconds > LONGEST:
            raise self.make_error("range")
        return seconds
