"""`type: quantity`: an exact number of a unit, such as 1.250 kg, stored as a scaled integer."""

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
from generator.model.text import Label


class Quantity(FieldType):
    args = {
        "unit": Arg("label", "The unit people see after the number, such as kg."),
        "places": Arg("integer", "Decimals kept.", default=0, minimum=0, maximum=6),
        "min": Arg("decimal", "The smallest quantity allowed."),
        "max": Arg("decimal", "The largest quantity allowed."),
    }
    operators = ("eq", "ne", "lt", "lte", "gt", "gte", "between", "in", "empty")
    numeric = True
    example_args = {"places": 3, "unit": Label({"en": "kg", "zh": "千克"})}
    examples = (
        Example("1.25", 1250, "1.25"),
        Example(3, 3000, "3"),
        Example("1200", 1200, "1,200", {"places": 0}),
    )
    rejects = ("1.2505", "1 kg", "NaN", 0.5, True, {}, "１２")

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
        text = number_text(value, places(field), viewer.locale, at_least=0)
        return Cell(text, "number", unit=_unit(field, viewer))

    def input(self, field: Field) -> Input:
        return Input("number", {"inputmode": "decimal"}, unit=_unit(field, ANYONE))

    def from_text(self, text: str, field: Field, viewer: Viewer = ANYONE) -> Any:
        return typed_number(text)

    def json_schema(self, field: Field) -> dict[str, Any]:
        return scaled_json_schema(places(field), "3")


def _unit(field: Field, viewer: Viewer) -> str:
    unit = field.args.get("unit")
    return unit.text(viewer.locale) if isinstance(unit, Label) else str(unit or "")
