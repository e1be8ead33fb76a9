"""`type: color`: a color as #rrggbb, in lower case."""

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
from generator.field_types._refusals import ApiField, Words
from generator.model.entity import Field


class Color(FieldType):
    operators = ("eq", "ne", "in", "empty")
    examples = (Example("#FF8800", "#ff8800", "#ff8800"), Example("#000000", "#000000", "#000000"))
    rejects = (
        "red",
        "#f80",
        "ff8800",
        "#ff88000",
        "#gg0000",
        "#ff8800\x00",
        "#１２3456",
        0xFF8800,
        True,
        [],
    )

    def column(self, field: Field) -> sa.types.TypeEngine[Any]:
        return sa.String(7)

    def schema(self, field: Field, **options: Any) -> ma.fields.Field[Any]:
        return _Color(**options)

    def expression_type(self, field: Field) -> types.Type:
        return types.Text()

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        return EMPTY if value is None else Cell(value, "colour")

    def input(self, field: Field) -> Input:
        return Input("color")

    def from_text(self, text: str, field: Field, viewer: Viewer = ANYONE) -> Any:
        return text.strip() or None

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "string", "pattern": "^#[0-9A-Fa-f]{6}$"}


class _Color(ApiField[str]):
    default_error_messages = {
        "invalid": Words("Write a color such as #ff8800.", "请填写颜色，例如 #ff8800。")
    }

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch("#[0-9A-Fa-f]{6}", value):
            raise self.make_error("invalid")
        return value.lower()
