"""`type: translated`: one text in several languages; everybody sees their own.

Stored as a mapping from locale to text. A viewer without a text of their own sees English, then
whichever there is.
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
from generator.field_types._json import JsonType, json_text, parsed
from generator.field_types._refusals import ApiField, Words
from generator.field_types._texts import Line, Paragraphs
from generator.kinds import Arg
from generator.model.entity import Field
from generator.model.text import Label

LOCALE = re.compile(r"[a-z]{2,3}(_[A-Z][A-Za-z]{1,3})?")
LOCALES = 30


class Translated(FieldType):
    args = {
        "max": Arg(
            "integer", "The most characters of each text.", default=200, minimum=1, maximum=20_000
        ),
        "multiline": Arg("boolean", "Each text may have several lines.", default=False),
    }
    operators = ("contains", "empty")
    sortable = False
    searchable = True
    examples = (
        Example({"en": "Shirt", "zh": " 衬衫 "}, {"en": "Shirt", "zh": "衬衫"}, "Shirt"),
        Example({"zh": "衬衫", "en": ""}, {"zh": "衬衫"}, "衬衫"),
    )
    rejects = (
        "Shirt",
        {},
        {"en": ""},
        {"en": 7},
        {"english": "Shirt"},
        {"en": "a\x00"},
        {"en": "x" * 201},
        {"en": {"en": "x"}},
        ["Shirt"],
        True,
        7,
    )

    def column(self, field: Field) -> sa.types.TypeEngine[Any]:
        return JsonType()

    def schema(self, field: Field, **options: Any) -> ma.fields.Field[Any]:
        line = Paragraphs if field.args.get("multiline") else Line
        return _Texts(line(_most(field), allow_none=True), **options)

    def expression_type(self, field: Field) -> types.Type:
        return types.Opaque()

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        return Cell(Label(value).text(viewer.locale)) if value else EMPTY

    def input(self, field: Field) -> Input:
        attributes = {"maxlength": str(_most(field))}
        if field.args.get("multiline"):
            attributes["data-multiline"] = "true"
        return Input("translated", attributes, width="full")

    def to_text(self, value: Any, field: Field) -> str:
        return "" if value is None else json_text(value)

    def from_text(self, text: str, field: Field, viewer: Viewer = ANYONE) -> Any:
        """Return the texts by locale; a plain text is in the language of who typed it."""
        value = parsed(text)
        if value is None or isinstance(value, dict):
            return value
        return {viewer.locale.replace("-", "_").partition("_")[0]: text}

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {
            "type": "object",
            "propertyNames": {"pattern": f"^{LOCALE.pattern}$"},
            "additionalProperties": {"type": "string", "maxLength": _most(field)},
            "minProperties": 1,
            "maxProperties": LOCALES,
        }


def _most(field: Field) -> int:
    return int(field.args.get("max") or 200)


class _Texts(ApiField[dict[str, str] | None]):
    default_error_messages = {
        "invalid": Words("Send a text for each language.", "请按语言填写文本。"),
        "locale": Words("Write a language such as en or zh.", "请填写语言代码，例如 en 或 zh。"),
        "max": Words("At most {max} languages.", "最多 {max} 种语言。"),
    }

    def __init__(self, item: Line, **options: Any) -> None:
        super().__init__(**options)
        self.item = item

    def _deserialize(
        self, value: Any, attr: Any, data: Any, **kwargs: Any
    ) -> dict[str, str] | None:
        if not isinstance(value, dict):
            raise self.make_error("invalid")
        if len(value) > LOCALES:
            raise self.make_error("max", max=LOCALES)
        texts: dict[str, str] = {}
        faults: dict[str, Any] = {}
        for locale, text in value.items():
            try:
                if not isinstance(locale, str) or not LOCALE.fullmatch(locale):
                    raise self.make_error("locale")
                read = self.item.deserialize(text)
            except ma.ValidationError as error:
                faults[str(locale)[:20]] = error.messages
            else:
                if read is not None:
                    texts[locale] = read
        if faults:
            raise ma.ValidationError(faults)
        if not texts:
            nothing: None = self.nothing()
            return nothing
        return texts
