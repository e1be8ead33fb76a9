"""`type: references`: links to any number of records of another entity, many to many.

The links have a table of their own; the stored form is the list of ids, in order, empty for none.
"""

from __future__ import annotations

import re
from typing import Any

import marshmallow as ma

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
from generator.field_types._ids import WRITTEN, RecordId
from generator.field_types._lists import Items
from generator.field_types._locales import joined
from generator.kinds import Arg
from generator.model.entity import Field

ID, OTHER = "01930000-0000-7000-8000-000000000001", "01930000-0000-7000-8000-000000000002"
MOST = 1000


class References(FieldType):
    args = {
        "to": Arg("name", "The entity they point at.", required=True, to="entity"),
        "pick": Arg("expression", "Which records of that entity may be chosen."),
        "if_missing": Arg(
            "choice",
            "What an import may do when the record named is not there: refuse the row, or create "
            "it where the importer asks for that and may.",
            default="refuse",
            options=("refuse", "create"),
        ),
        "max": Arg(
            "integer", "The most links of one record.", default=MOST, minimum=1, maximum=10_000
        ),
    }
    operators = ("has", "has_any", "empty")
    sortable = False
    relation = "references"
    example_args = {"to": "other"}
    examples = (
        Example([ID, OTHER, ID], [ID, OTHER], f"{ID}, {OTHER}"),
        Example([ID], [ID], ID),
    )
    rejects = (ID, [7], ["not-an-id"], [None], {"id": ID}, [[ID]], True, [ID] * 1001)

    def column(self, field: Field) -> None:
        return None

    def schema(self, field: Field, **options: Any) -> ma.fields.Field[Any]:
        return Items(RecordId(), field.args.get("max") or MOST, keep_empty=True, **options)

    def expression_type(self, field: Field) -> types.Type:
        return types.ListOf(types.Reference(field.target))

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        if not value:
            return EMPTY
        items = tuple(Cell(one, "link") for one in value)
        return Cell(joined(value, viewer.locale), "badges", items=items)

    def input(self, field: Field) -> Input:
        return Input("pickers", width="full")

    def to_text(self, value: Any, field: Field) -> str:
        return ", ".join(value or ())

    def from_text(self, text: str, field: Field, viewer: Viewer = ANYONE) -> Any:
        return re.split(r"[\s,，]+", text.strip(" \t\r\n,，")) if text.strip(" \t\r\n,，") else None

    def json_schema(self, field: Field) -> dict[str, Any]:
        item = {"type": "string", "format": "uuid", "pattern": f"^{WRITTEN.pattern}$"}
        return {"type": "array", "items": item, "maxItems": field.args.get("max") or MOST}
