"""`type: decimal`: an exact number with a fixed number of decimals, stored as a scaled integer."""

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
from generator.kinds import Arg
from generator.model.entity import Field


class Decimal(FieldType):
    args = {
        "places": Arg("integer", "Decimals kept.", default=2, minimum=0, maximum=6),
        "min": Arg("decimal", "The smallest number allowed."),
        "max": Arg("decimal", "The largest number allowed."),
    }
    operators = ("eq", "ne", "lt", "lte", "gt", "gte", "between", "in", "empty")
    numeric = True
    examples = (
        Example("12.5", 1250, "12.50"),
        Example(-3, -300, "-3.00"),
        Example("1234.5678", 12345678, "1,234.5678", {"places": 4}),
        Example("7", 7, "7", {"places": 0}),
    )
    rejects = (
        "12.505",
        "twelve",
        "NaN",
        "Infinity",
        "1e3",
        1.5,
        True,
        [],
        10**40,
        "1_000",
        "１２",
        "9" * 10_000,
    )

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
        return Cell(number_text(value, places(field), viewer.locale), "number")

    def input(self, field: Field) -> Input:
        return Input("number", {"inputmode": "decimal"})

    def from_text(self, text: str, field: Field, viewer: Viewer = ANYONE) -> Any:
        return typed_number(text)

    def json_schema(self, field: Field) -> dict[str, Any]:
        return scaled_json_schema(places(field), "12.5")


def places(field: Field) -> int:
    """Return how many decimals a field keeps; two when its author did not say."""
    given = field.args.get("places")
    return 2 if given is None else int(given)
