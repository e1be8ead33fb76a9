"""`type: tags`: up to fifty short words that people make up, kept as typed and without repetition.

A comma ends a tag wherever tags are typed, so no tag holds one.
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
from generator.field_types._json import JsonType
from generator.field_types._lists import Items
from generator.field_types._locales import joined
from generator.field_types._texts import Line
from generator.kinds import Arg
from generator.model.entity import Field

MOST, LONGEST = 50, 50


class Tags(FieldType):
    args = {
        "max": Arg("integer", "The most tags of one record.", default=MOST, minimum=1, maximum=200)
    }
    operators = ("has", "has_any", "empty")
    sortable = False
    searchable = False
    examples = (
        Example(["VIP", " gift ", "VIP"], ["VIP", "gift"], "VIP, gift"),
        Example(["老客户"], ["老客户"], "老客户"),
    )
    rejects = (
        "VIP",
        [],
        [""],
        [7],
        ["a,b"],
        ["甲，乙"],
        ["a\x00"],
        ["x" * 51],
        ["x"] * 51,
        {"VIP": 1},
        True,
    )

    def column(self, field: Field) -> sa.types.TypeEngine[Any]:
        return JsonType()

    def schema(self, field: Field, **options: Any) -> ma.fields.Field[Any]:
        return Items(Line(LONGEST, pattern="[^,，]+"), field.args.get("max") or MOST, **options)

    def expression_type(self, field: Field) -> types.Type:
        return types.ListOf(types.Text())

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        if value is None:
            return EMPTY
        items = tuple(Cell(tag, "badge", tone="neutral") for tag in value)
        return Cell(joined(value, viewer.locale), "badges", items=items)

    def input(self, field: Field) -> Input:
        return Input("tags", {"data-max": str(field.args.get("max") or MOST)}, width="full")

    def to_text(self, value: Any, field: Field) -> str:
        return ", ".join(value or ())

    def from_text(self, text: str, field: Field, viewer: Viewer = ANYONE) -> Any:
        return [part.strip() for part in re.split("[,，\n]", text) if part.strip()] or None

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {
            "type": "array",
            "items": {"type": "string", "minLength": 1, "pattern": "^[^,，]+$"},
            "minItems": 1,
            "maxItems": field.args.get("max") or MOST,
        }
