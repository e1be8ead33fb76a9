"""`type: user`: a person who signs in, by the number of their account, shown by name.

The table of accounts belongs to the login, not to the definitions; whoever renders a list looks
the names up for a whole page and puts them into the cells.
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
from generator.field_types._refusals import ApiField, Words
from generator.model.entity import Field

SYSTEM = 0
"""What the engine writes where nobody did it: nobody sends it, everybody may look for it."""


class User(FieldType):
    operators = ("eq", "ne", "in", "not_in", "empty")
    examples = (Example(7, 7, "7"),)
    rejects = ("7", 0, -1, True, 1.5, "alice", 2**31, [], {})

    def column(self, field: Field) -> sa.types.TypeEngine[Any]:
        return sa.Integer()

    def schema(self, field: Field, **options: Any) -> ma.fields.Field[Any]:
        return _Account(**options)

    def filter_schema(self, field: Field) -> ma.fields.Field[Any]:
        return _Account(least=SYSTEM)

    def expression_type(self, field: Field) -> types.Type:
        return types.Number(0)

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        return EMPTY if value is None else Cell(str(value), "user")

    def input(self, field: Field) -> Input:
        return Input("picker", {"data-of": "user"})

    def from_text(self, text: str, field: Field, viewer: Viewer = ANYONE) -> Any:
        """Return the number; `#7` is how a file of ours names it."""
        text = text.strip()
        number = text.removeprefix("#")
        return int(number) if re.fullmatch(r"[0-9]{1,10}", number) else text or None

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}


class _Account(ApiField[int]):
    default_error_messages = {"invalid": Words("Send the number of a user.", "请选择用户。")}

    def __init__(self, least: int = 1, **options: Any) -> None:
        super().__init__(**options)
        self.least = least

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not self.least <= value < 2**31:
            raise self.make_error("invalid")
        return value
