"""`type: integer`: a whole number.

In JSON it is a number, never a text, and stays within ±(2^53 - 1), which every JSON reader keeps
exactly; 1.9, "1_000" and true are refused rather than guessed at.
"""

from __future__ import annotations

import re
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
from generator.field_types._json import WHOLE
from generator.field_types._numbers import (
    number_text,
    typed_number,
)
from generator.field_types._refusals import ApiField, Words
from generator.kinds import Arg
from generator.model.entity import Field

WRITTEN = re.compile(r"-?[0-9]{1,16}")


class Integer(FieldType):
    args = {
        "min": Arg("integer", "The smallest number allowed.", minimum=-WHOLE, maximum=WHOLE),
        "max": Arg("integer", "The largest number allowed.", minimum=-WHOLE, maximum=WHOLE),
    }
    operators = ("eq", "ne", "lt", "lte", "gt", "gte", "between", "in", "not_in", "empty")
    numeric = True
    examples = (
        Example(0, 0, "0"),
        Example(-12345, -12345, "-12,345"),
        Example(9, 9, "9", {"min": 1, "max": 9}),
        Example(WHOLE, WHOLE, "9,007,199,254,740,991"),
    )
    rejects = (
        1.9,
        1.5,
        "7",
        "1_000",
        True,
        "NaN",
        float("nan"),
        float("inf"),
        [],
        2**53,
        -(2**53),
        10**100,
        "１２",
    )

    def column(self, field: Field) -> sa.types.TypeEngine[Any]:
        return sa.BigInteger()

    def schema(self, field: Field, **options: Any) -> ma.fields.Field[Any]:
        low, high = self._bounds(field)
        return _Whole(low, high, **options)

    def expression_type(self, field: Field) -> types.Type:
        return types.Number(0)

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        return EMPTY if value is None else Cell(number_text(value, 0, viewer.locale), "number")

    def input(self, field: Field) -> Input:
        return Input("number", {"inputmode": "numeric"})

    def from_text(self, text: str, field: Field, viewer: Viewer = ANYONE) -> Any:
        typed = typed_number(text)
        return int(typed) if typed is not None and WRITTEN.fullmatch(typed) else typed

    def json_schema(self, field: Field) -> dict[str, Any]:
        low, high = self._bounds(field)
        return {"type": "integer", "minimum": low, "maximum": high}

    def _bounds(self, field: Field) -> tuple[int, int]:
        low, high = field.args.get("min"), field.args.get("max")
        return (-WHOLE if low is None else low), (WHOLE if high is None else high)


class _Whole(ApiField[int]):
    default_error_messages = {
        "invalid": Words("Write a whole number.", "请填写整数。"),
        "min": Words("At least {min}.", "不能小于 {min}。"),
        "max": Words("At most {max}.", "不能大于 {max}。"),
    }

    def __init__(self, low: int, high: int, **options: Any) -> None:
        super().__init__(**options)
        self.low, self.high = low, high

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.make_error("invalid")
        if value < self.low:
            raise self.make_error("min", min=self.low)
        if value > self.high:
            raise self.make_error("max", max=self.high)
        return value
