"""What a choice and a state have in common: one name of a list, kept as text, shown as a badge."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
import sqlalchemy as sa

from generator.expressions import types
from generator.field_types import ANYONE, EMPTY, Cell, Input, Viewer
from generator.field_types._options import given_options, named, shown_option
from generator.field_types._refusals import ApiField, Words
from generator.model.entity import Field


class OneOf:
    """The storage, validation and look of one option; a field type says where options stand."""

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


class OneOption(ApiField[str]):
    """The name of one option."""

    default_error_messages = {
        "invalid": Words("Choose one of: {options}.", "请选择以下之一：{options}。")
    }

    def __init__(self, names: tuple[str, ...], **options: Any) -> None:
        super().__init__(**options)
        self.names = frozenset(names)
        self.shown = ", ".join(names[:20]) + (" …" if len(names) > 20 else "")

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or value not in self.names:
            raise self.make_error("invalid", options=self.shown)
        return value
