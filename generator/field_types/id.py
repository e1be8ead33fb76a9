"""`type: id`: the identity of a record, a UUIDv7 the engine makes; every entity has one."""

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
from generator.field_types._ids import WRITTEN, RecordId, id_type
from generator.model.entity import Field

ID = "01930000-0000-7000-8000-000000000001"


class Id(FieldType):
    operators = ("eq", "ne", "in", "not_in")
    generated = True
    examples = (Example(ID, ID, ID),)
    rejects = (7, "not-an-id", True, {"id": 7}, "01930000000070008000000000000001")

    def column(self, field: Field) -> sa.types.TypeEngine[Any]:
        return id_type()

    def schema(self, field: Field, **options: Any) -> ma.fields.Field[Any]:
        return RecordId(**options)

    def expression_type(self, field: Field) -> types.Type:
        return types.Text()

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        return EMPTY if value is None else Cell(value, "code")

    def input(self, field: Field) -> Input:
        return Input("text", {"readonly": "readonly", "maxlength": "36"})

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "string", "format": "uuid", "pattern": f"^{WRITTEN.pattern}$"}
