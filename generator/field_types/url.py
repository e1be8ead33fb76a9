"""`type: url`: the address of a web page, http or https, without a user name or password in it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

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
from generator.field_types._refusals import Words
from generator.field_types._texts import Line
from generator.model.entity import Field

HOST = re.compile(r"[^\s/?#\\@:<>\"{}|^`%\[\]]{1,253}|[0-9a-f:.]{2,45}")


class Url(FieldType):
    operators = ("eq", "ne", "contains", "starts_with", "empty")
    searchable = True
    examples = (
        Example(
            "https://example.com/a?b=c#d", "https://example.com/a?b=c#d", "example.com/a?b=c#d"
        ),
        Example(" http://例子.中国/衬衫 ", "http://例子.中国/衬衫", "例子.中国/衬衫"),
        Example("http://localhost:8080", "http://localhost:8080", "localhost:8080"),
        Example("http://[::1]:80/", "http://[::1]:80/", "[::1]:80/"),
    )
    rejects = (
        "example.com",
        "ftp://example.com",
        "javascript:alert(1)",
        "//example.com",
        "https://",
        "https://user:pw@example.com",
        "https://user@example.com",
        "http://[::1",
        "http://a b.com",
        "https://example.com/a b",
        "https:\\\\example.com",
        "http://example.com:99999",
        "https://example.com/\x00",
        "https://example.com/" + "x" * 2000,
        7,
        True,
        ["https://example.com"],
    )

    def column(self, field: Field) -> sa.types.TypeEngine[Any]:
        return sa.String(2000)

    def schema(self, field: Field, **options: Any) -> ma.fields.Field[Any]:
        return _WebAddress(2000, **options)

    def expression_type(self, field: Field) -> types.Type:
        return types.Text()

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        if value is None:
            return EMPTY
        return Cell(value.partition("://")[2], "link", href=value, title=value)

    def input(self, field: Field) -> Input:
        return Input("url", {"maxlength": "2000", "inputmode": "url"}, width="full")

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "string", "maxLength": 2000, "pattern": r"^\s*[Hh][Tt][Tt][Pp][Ss]?://"}


class _WebAddress(Line):
    default_error_messages = {
        "url": Words(
            "Write a web address such as https://example.com.",
            "请填写网址，例如 https://example.com。",
        ),
        "credentials": Words(
            "A web address must not hold a user name or password.", "网址中不能包含用户名或密码。"
        ),
    }

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str | None:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text is None:
            return None
        if re.search(r"[\s\\<>\"]", text):
            raise self.make_error("url")
        try:
            split = urlsplit(text)
            host, port = split.hostname, split.port
        except ValueError as error:
            raise self.make_error("url") from error
        if split.scheme not in {"http", "https"} or not host or port == 0:
            raise self.make_error("url")
        if "@" in split.netloc:
            raise self.make_error("credentials")
        if not HOST.fullmatch(host):
            raise self.make_error("url")
        return text
