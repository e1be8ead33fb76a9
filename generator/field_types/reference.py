"""`type: reference`: a link to one record of another entity, a real foreign key.

The API form is the id of the record. `pick` narrows what may be chosen; `on_delete` says what
happens to this record when the other one is removed for good.
"""

from __future__ import annotations

from typing import Any

import marshmallow as ma
import sqlalchemy as sa

from generator.expressions import types
from generator.field_types import Example, FieldType, Input
from generator.field_types._ids import WRITTEN, RecordId, id_type
from generator.kinds import Arg
from generator.model.entity import Field

ID = "01930000-0000-7000-8000-000000000001"


class Reference(FieldType):
    args = {
        "to": Arg("name", "The entity it points at.", required=True, to="entity"),
        "pick": Arg("expression", "Which records of that entity may be chosen."),
        "on_delete": Arg(
            "choice",
            "When the other record goes: restrict forbids it; keep lets it be archived and keeps "
            "the link; clear empties this field; delete removes this record too.",
            default="restrict",
            options=("restrict", "keep", "clear", "delete"),
        ),
        "if_missing": Arg(
            "choice",
            "What an import may do when the record named is not there: refuse the row, or create "
            "it where the importer asks for that and may.",
            default="refuse",
            options=("refuse", "create"),
        ),
    }
    operators = ("eq", "ne", "in", "not_in", "empty")
    relation = "reference"
    example_args = {"to": "other"}
    examples = (Example(ID, ID, ID),)
    rejects = (7, "not-an-id", True, {"id": 7}, "01930000000070008000000000000001")

    def column(self, field: Field) -> sa.types.TypeEngine[Any]:
        return id_type()

    def schema(self, field: Field, **options: Any) -> ma.fields.Field[Any]:
        return RecordId(**options)

    def expression_type(self, field: Field) -> types.Type:
        return types.Reference(field.target)

    def input(self, field: Field) -> Input:
        return Input("picker")

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "string", "format": "uuid", "pattern": f"^{WRITTEN.pattern}$"}
