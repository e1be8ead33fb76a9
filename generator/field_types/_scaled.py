"""What decimal, money, percent and quantity have in common: numbers kept as scaled integers.

The number of decimals is fixed per field, so sums, comparisons and expressions are plain integer
arithmetic, exact in every database. A word of this family says how many decimals a field keeps
and how people see it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import marshmallow as ma
import sqlalchemy as sa

from generator.expressions import types
from generator.field_types import ANYONE, FieldType, Input, Viewer
from generator.field_types._numbers import (
    ScaledNumber,
    scaled_json_schema,
    scaled_text,
    typed_number,
)
from generator.kinds import Arg
from generator.model.entity import Field

PLACES = Arg("integer", "Decimals kept.", default=2, minimum=0, maximum=6)


class Scaled(FieldType):
    """The base of the family: all of storage, API and import."""

    operators = ("eq", "ne", "lt", "lte", "gt", "gte", "between", "in", "empty")
    numeric = True
    example = "12.5"
    """What the API's document shows."""

    def places(self, field: Field) -> int:
        """Return how many decimals the field keeps; two when its author did not say."""
        given = field.args.get("places")
        return 2 if given is None else int(given)

    def column(self, field: Field) -> sa.types.TypeEngine[Any]:
        return sa.BigInteger()

    def schema(self, field: Field, **options: Any) -> ma.fields.Field[Any]:
        low, high = field.args.get("min"), field.args.get("max")
        return ScaledNumber(self.places(field), low, high, **options)

    def expression_type(self, field: Field) -> types.Type:
        return types.Number(self.places(field))

    def dump(self, field: Field) -> Callable[[Any], Any]:
        return scaled_text(self.places(field))

    def input(self, field: Field) -> Input:
        return Input("number", {"inputmode": "decimal"})

    def from_text(self, text: str, field: Field, viewer: Viewer = ANYONE) -> Any:
        return typed_number(text)

    def json_schema(self, field: Field) -> dict[str, Any]:
        return scaled_json_schema(self.places(field), self.example)
