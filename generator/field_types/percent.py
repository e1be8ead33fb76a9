"""`type: percent`: a share of a hundred; "12.5" is 12.5 %, over the API and in expressions.

An expression therefore divides: `amount * rate / 100`.
"""

from __future__ import annotations

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
from generator.field_types._numbers import (
    ScaledNumber,
    number_text,
    scaled_json_schema,
    scaled_text,
    typed_number,
)
from generator.field_types.decimal import places
from generator.kinds import Arg
from generator.model.entity import Field


class Percent(FieldType):
    args = {
        "places": Arg("integer", "Decimals kept.", default=2, minimum=0, maximum=6),
        "min": Arg("decimal", "The smallest share allowed."),
        "max": Arg("decimal", "The largest share allowed."),
    }
    operators = ("eq", "ne", "lt", "lte", "gt", "gte", "between", "in", "empty")
    numeric = True
    examples = (
        Example("12.5", 1250, "12.5%"),
        Example(100, 10_000, "100%"),
        Example("-0.125", -125, "-0.125%", {"places": 3}),
    )
    rejects = ("12.505", "12.5%", "NaN", 0.5, True, {}, "１２")

    def column(self, field: Field) -> sa.types.TypeEngine[Any]:
        return sa.BigInteger()

    def schema(self, field: Field, **options: Any) -> ma.fields.Field[Any]:
        return ScaledNumber(places(field), field.args.get("min"), field.args.get("max"), **options)

    def expression_type(self, field: Field) -> types.Type:
        return types.Number(places(field))

    def dump(self, field: Field) -> Callable[[Any], Any]:
        return scaled_text(places(field))

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        if value is None:
            return EMPTY
        return Cell(number_text(value, places(field), viewer.locale, at_least=0) + "%", "number")

    def input(self, field: Field) -> Input:
        return Input("number", {"inputmode": "decimal"}, unit="%")

    def from_text(self, text: str, field: Field, viewer: Viewer = ANYONE) -> Any:
        return typed_number(text.strip().removesuffix("%"))

    def json_schema(self, field: Field) -> dict[str, Any]:
        return scaled_json_schema(places(field), "12.5")
