"""`type: rich_text`: formatted text, kept as HTML of a small allow-list.

Whatever a client sends is sanitized before it is stored, so every reader may show it as it is:
no scripts, styles, images, classes or ids; links go to http, https, mailto and tel only.
"""

from __future__ import annotations

from html import unescape
from typing import Any

import marshmallow as ma
import nh3
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
from generator.field_types._texts import CONTROL_IN_PARAGRAPHS, Paragraphs
from generator.kinds import Arg
from generator.model.entity import Field

TAGS = frozenset(
    [
        "p",
        "br",
        "b",
        "strong",
        "i",
        "em",
        "u",
        "s",
        "sub",
        "sup",
        "ul",
        "ol",
        "li",
        "a",
        "h2",
        "h3",
        "h4",
        "blockquote",
        "code",
        "pre",
        "hr",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    ]
)
ATTRIBUTES = {"a": {"href", "title"}, "th": {"colspan", "rowspan"}, "td": {"colspan", "rowspan"}}
SCHEMES = {"http", "https", "mailto", "tel"}
MOST = 50_000


class RichText(FieldType):
    args = {
        "max": Arg(
            "integer",
            "The most characters, tags included.",
            default=MOST,
            minimum=1,
            maximum=500_000,
        )
    }
    operators = ("contains", "empty")
    sortable = False
    searchable = True
    examples = (
        Example("<p>Soft <b>linen</b></p>", "<p>Soft <b>linen</b></p>", "Soft linen"),
        Example('<p onclick="x()">亚麻<script>x()</script></p>', "<p>亚麻</p>", "亚麻"),
        Example(
            '<a href="javascript:x()">here</a>', '<a rel="noopener noreferrer">here</a>', "here"
        ),
        Example("a < b & c", "a &lt; b &amp; c", "a < b & c"),
    )
    rejects = (
        7,
        True,
        ["<p>"],
        "a\x00b",
        "a&#1;b",
        "x" * 50_001,
        "<script>x()</script>",
        "<p> </p>",
    )

    def column(self, field: Field) -> sa.types.TypeEngine[Any]:
        return sa.Text()

    def schema(self, field: Field, **options: Any) -> ma.fields.Field[Any]:
        return _Html(field.args.get("max") or MOST, **options)

    def expression_type(self, field: Field) -> types.Type:
        return types.Text()

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        if value is None:
            return EMPTY
        text = plain_text(value)
        return Cell(text, "rich", title=text, html=value)

    def input(self, field: Field) -> Input:
        return Input("rich", {"maxlength": str(field.args.get("max") or MOST)}, width="full")

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "string", "maxLength": field.args.get("max") or MOST, "format": "html"}


def plain_text(html: str) -> str:
    """Return the text of an HTML fragment without its tags."""
    return " ".join(unescape(nh3.clean(html, tags=set())).split())


class _Html(Paragraphs):
    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str | None:
        if isinstance(value, str) and len(value) <= self.most * 2 + 100:
            if CONTROL_IN_PARAGRAPHS.search(value.replace("\r", "")):
                raise self.make_error("control")
            value = nh3.clean(value, tags=set(TAGS), attributes=ATTRIBUTES, url_schemes=SCHEMES)
            value = value if plain_text(value) else ""
        return super()._deserialize(value, attr, data, **kwargs)
