"""`type: state`: a column that a workflow owns; only its transitions change it.

The field may be left out: the workflow makes it. It is written here where it needs a label or a
place among the others; its states stand in the workflow file.
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
from generator.field_types._options import given_options, named, shown_option
from generator.field_types.choice import OneOption
from generator.model.entity import Field
from generator.model.text import Label


class State(FieldType):
    operators = ("eq", "ne", "in", "not_in", "empty")
    generated = True
    example_args = {
        "options": {
            "open": {"label": Label({"en": "Open", "zh": "未完成"}), "tone": "info"},
            "done": {
                "label": Label({"en": "Done", "zh": "完成"}),
                "tone": "success",
                "progress": "full",
            },
        }
    }
    examples = (Example("open", "open", "Open"), Example("done", "done", "Done"))
    rejects = ("Open", "other", "", 1, True, ["open"], {"open": 1})

    def column(self, field: Field) -> sa.types.TypeEngine[Any]:
        return sa.String(40)

    def schema(self, field: Field, **options: Any) -> ma.fields.Field[Any]:
        return OneOption(tuple(given_options(field)), **options)

    def expression_type(self, field: Field) -> types.Type:
        return types.Choice(tuple(given_options(field)))

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        if value is None:
            return EMPTY
        return shown_option(field, value, viewer.locale)

    def input(self, field: Field) -> Input:
        return Input("select", options=tuple(given_options(field).values()))

    def from_text(self, text: str, field: Field, viewer: Viewer = ANYONE) -> Any:
        return named(text, given_options(field)) or None

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "string", "enum": list(given_options(field))}
