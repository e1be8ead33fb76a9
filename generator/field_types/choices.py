"""`type: choices`: several of a list of options that the definition fixes, in the list's order."""

from __future__ import annotations

import re
from collections.abc import Iterator
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
from generator.field_types._one_of import OneOption
from generator.field_types._options import (
    OPTIONS,
    given_options,
    named,
    options_faults,
    shown_option,
)
from generator.field_types.choice import Choice
from generator.model.entity import Field


class Choices(FieldType):
    args = {"options": OPTIONS}
    operators = ("has", "has_any", "empty")
    sortable = False
    example_args = Choice.example_args
    examples = (
        Example(["done", "draft", "done"], ["draft", "done"], "Draft, Done"),
        Example(["done"], ["done"], "Done"),
    )
    rejects = (
        ["other"],
        "draft",
        [],
        [1],
        [None],
        [["draft"]],
        True,
        {"draft": True},
        ["draft"] * 201,
    )

    def faults(self, field: Field) -> Iterator[tuple[str, str, str]]:
        yield from options_faults(field)

    def column(self, field: Field) -> sa.types.TypeEngine[Any]:
        return JsonType()

    def schema(self, field: Field, **options: Any) -> ma.fields.Field[Any]:
        return _Chosen(tuple(given_options(field)), **options)

    def expression_type(self, field: Field) -> types.Type:
        return types.ListOf(types.Choice(tuple(given_options(field))))

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        if value is None:
            return EMPTY
        items = tuple(shown_option(field, name, viewer.locale) for name in value)
        return Cell(joined([item.text for item in items], viewer.locale), "badges", items=items)

    def input(self, field: Field) -> Input:
        return Input("multiselect", options=tuple(given_options(field).values()), width="full")

    def to_text(self, value: Any, field: Field) -> str:
        return ", ".join(value or ())

    def from_text(self, text: str, field: Field, viewer: Viewer = ANYONE) -> Any:
        options = given_options(field)
        names = [named(part, options) for part in re.split(r"[,，、;；\n]", text) if part.strip()]
        return names or None

    def json_schema(self, field: Field) -> dict[str, Any]:
        names = list(given_options(field))
        return {
            "type": "array",
            "items": {"type": "string", "enum": names},
            "minItems": 1,
            "maxItems": 200,
        }


class _Chosen(Items):
    def __init__(self, names: tuple[str, ...], **options: Any) -> None:
        super().__init__(OneOption(names), 200, **options)
        self.names = names

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[str] | None:
        chosen = super()._deserialize(value, attr, data, **kwargs)
        return None if chosen is None else [name for name in self.names if name in chosen]
