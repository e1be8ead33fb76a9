"""`type: text`: one line of text.

Leading and trailing white space is cut; control characters, NUL among them, are refused, because
no screen, file or database column treats them alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import marshmallow as ma
import sqlalchemy as sa

from generator.expressions import types
from generator.field_types import Example, FieldType, Input
from generator.field_types._texts import Line, pattern_faults
from generator.kinds import Arg
from generator.model.entity import Field


class Text(FieldType):
    mask = "name"
    args = {
        "max": Arg("integer", "The most characters.", default=200, minimum=1, maximum=1000),
        "min": Arg("integer", "The fewest characters.", minimum=0, maximum=1000),
        "pattern": Arg("text", "A regular expression the whole text must match."),
    }
    operators = ("eq", "ne", "in", "not_in", "contains", "starts_with", "empty")
    searchable = True
    examples = (
        Example("Linen shirt", "Linen shirt", "Linen shirt"),
        Example(" 王芳 ", "王芳", "王芳"),
    )
    rejects = (7, True, ["a"], "a\x00b", "two\nlines", "a\u202eb", "a\u2066b", "x" * 201)

    def faults(self, field: Field) -> Iterator[tuple[str, str, str]]:
        yield from super().faults(field)
        yield from pattern_faults(field.args.get("pattern"))

    def column(self, field: Field) -> sa.types.TypeEngine[Any]:
        return sa.String(field.args.get("max") or 200)

    def schema(self, field: Field, **options: Any) -> ma.fields.Field[Any]:
        args = field.args
        return Line(args.get("max") or 200, args.get("min") or 0, args.get("pattern"), **options)

    def expression_type(self, field: Field) -> types.Type:
        return types.Text()

    def input(self, field: Field) -> Input:
        return Input("text", {"maxlength": str(field.args.get("max") or 200)})

    def nobody(self, field: Field, mark: str) -> Any:
        most = field.args.get("max") or 200
        return f"erased-{mark}"[-most:] if mark else "—"

    def json_schema(self, field: Field) -> dict[str, Any]:
        schema = {"type": "string", "maxLength": field.args.get("max") or 200}
        if field.args.get("pattern"):
            schema["pattern"] = rf"^\s*(?:{field.args['pattern']})\s*$"
        return schema
