"""`type: tree`: the record above this one, of the same entity: categories, regions, departments.

A real foreign key to the entity's own table. That no record stands above itself is a question to
the database, which the store asks when it saves.
"""

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
from generator.field_types._ids import WRITTEN, RecordId, id_type
from generator.kinds import Arg
from generator.model.entity import Field

ID = "01930000-0000-7000-8000-000000000001"


class Tree(FieldType):
    args = {
        "pick": Arg("expression", "Which records may stand above this one."),
        "on_delete": Arg(
            "choice",
            "When the record above goes: restrict forbids it, clear makes this one a root, "
            "delete removes this one too.",
            default="restrict",
            options=("restrict", "clear", "delete"),
        ),
        "if_missing": Arg(
            "choice",
            "What an import may do when the record named is not there: refuse the row, or create "
            "it where the importer asks for that and may.",
            default="refuse",
            options=("refuse", "create"),
        ),
    }
    operators = ("eq", "ne", "in", "not_in", "under", "empty")
    relation = "reference"
    examples = (Example(ID, ID, ID),)
    rejects = (7, "not-an-id", True, {"id": ID}, [ID], "01930000000070008000000000000001")

    def column(self, field: Field) -> sa.types.TypeEngine[Any]:
        return id_type()

    def schema(self, field: Field, **options: Any) -> ma.fields.Field[Any]:
        return RecordId(**options)

    def expression_type(self, field: Field) -> types.Type:
        return types.Reference(field.target or field.entity)

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        return EMPTY if value is None else Cell(value, "link")

    def input(self, field: Field) -> Input:
        return Input("picker")

    def from_text(self, text: str, field: Field, viewer: Viewer = ANYONE) -> Any:
        return text.strip() or None

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "string", "format": "uuid", "pattern": f"^{WRITTEN.pattern}$"}
