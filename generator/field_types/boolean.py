"""`type: boolean`: yes or no; a field that is not required may also be unknown."""

from __future__ import annotations

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

WORDS = {
    **dict.fromkeys(("true", "yes", "y", "1", "on", "✓", "是", "对"), True),
    **dict.fromkeys(("false", "no", "n", "0", "off", "✗", "否", "不"), False),
}
"""What people write in a cell of an import file."""


class Boolean(FieldType):
    operators = ("eq", "ne", "empty")
    examples = (Example(True, True, "Yes"), Example(False, False, "No"))
    rejects = ("true", "yes", 1, 0, 1.0, [], {})

    def column(self, field: Field) -> sa.types.TypeEngine[Any]:
        return sa.Boolean()

    def schema(self, field: Field, **options: Any) -> ma.fields.Field[Any]:
        return _YesNo(**options)

    def expression_type(self, field: Field) -> types.Type:
        return types.Boolean()

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        if value is None:
            return EMPTY
        yes, no = ("是", "否") if is_chinese(viewer.locale) else ("Yes", "No")
        return Cell(yes if value else no, "flag", progress="full" if value else "no")

    def input(self, field: Field) -> Input:
        return Input("checkbox")

    def to_text(self, value: Any, field: Field) -> str:
        return "" if value is None else "true" if value else "false"

    def from_text(self, text: str, field: Field, viewer: Viewer = ANYONE) -> Any:
        text = text.strip()
        return WORDS.get(text.lower(), text) if text else None

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "boolean"}


class _YesNo(ApiField[bool]):
    default_error_messages = {"invalid": Words("Send true or false.", "请填写 true 或 false。")}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value
