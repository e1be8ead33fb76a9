"""`type: long_text`: text of several lines.

Line ends become a line feed; other control characters are refused.
"""

from __future__ import annotations

from typing import Any

import marshmallow as ma
import sqlalchemy as sa

from generator.expressions import types
from generator.field_types import (
    EMPTY,
    Cell,
    Example,
    FieldType,
    Input,
    Viewer,
)
from generator.field_types._texts import Paragraphs
from generator.kinds import Arg
from generator.model.entity import Field


class LongText(FieldType):
    args = {
        "max": Arg("integer", "The most characters.", default=10_000, minimum=1, maximum=200_000)
    }
    operators = ("contains", "empty")
    sortable = False
    searchable = True
    examples = (
        Example(
            "Handle with care.\r\nKeep dry.",
            "Handle with care.\nKeep dry.",
            "Handle with care.\nKeep dry.",
        ),
        Example("请轻放", "请轻放", "请轻放"),
    )
    rejects = (7, True, ["a"], "a\x00b", "a\u202eb", "a\u2066b", "x" * 10_001)

    def column(self, field: Field) -> sa.types.TypeEngine[Any]:
        return sa.Text()

    def schema(self, field: Field, **options: Any) -> ma.fields.Field[Any]:
        return Paragraphs(field.args.get("max") or 10_000, **options)

    def expression_type(self, field: Field) -> types.Type:
        return types.Text()

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        return EMPTY if value is None else Cell(value, title=value)

    def input(self, field: Field) -> Input:
        return Input("textarea", {"maxlength": str(field.args.get("max") or 10_000)}, width="full")

    def nobody(self, field: Field, mark: str) -> Any:
        return f"erased-{mark}" if mark else "—"

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "string", "maxLength": field.args.get("max") or 10_000}
