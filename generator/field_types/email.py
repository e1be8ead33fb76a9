"""`type: email`: an e-mail address; its domain is written in lower case.

Only the form is checked, never the network; domains reserved for tests and examples are allowed.
"""

from __future__ import annotations

from typing import Any
from unicodedata import normalize

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


class Email(FieldType):
    mask = "email"
    operators = ("eq", "ne", "in", "contains", "starts_with", "empty")
    searchable = True
    examples = (
        Example("Ann.Lee@EXAMPLE.com", "Ann.Lee@example.com", "Ann.Lee@example.com"),
        Example("王芳@例子.中国", "王芳@例子.中国", "王芳@例子.中国"),
    )
    rejects = (
        "ann",
        "ann@",
        "@example.com",
        "ann@localhost",
        "a b@example.com",
        "Ann <ann@example.com>",
        "a@b@example.com",
        "ann@example.com\x00",
        "ann１@example.com",
        "a" * 255 + "@example.com",
        7,
        True,
        ["a@example.com"],
    )

    def column(self, field: Field) -> sa.types.TypeEngine[Any]:
        return sa.String(254)

    def schema(self, field: Field, **options: Any) -> ma.fields.Field[Any]:
        return _Address(254, **options)

    def expression_type(self, field: Field) -> types.Type:
        return types.Text()

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        return EMPTY if value is None else Cell(value, "link", href=f"mailto:{value}")

    def input(self, field: Field) -> Input:
        return Input("email", {"maxlength": "254", "autocomplete": "off"})

    def beginnings(self, text: str, field: Field) -> tuple[str, ...]:
        return (text, text.lower())

    def whole(self, text: str, field: Field) -> Any:
        try:
            return self.schema(field).deserialize(text) if "@" in text else None
        except ma.ValidationError:
            return None

    def nobody(self, field: Field, mark: str) -> Any:
        return f"erased-{mark or 0}@example.com"  # a domain that takes no letters (RFC 2606)

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "string", "format": "email", "maxLength": 254, "pattern": "@"}


class _Address(Line):
    default_error_messages = {
        "email": Words(
            "Write an address such as ann@example.com.", "请填写邮箱，例如 ann@example.com。"
        )
    }

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str | None:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text is None:
            return None
        from email_validator import (  # noqa: PLC0415 (checking definitions needs no addresses)
            EmailNotValidError,
            validate_email,
        )

        try:
            checked = validate_email(text, check_deliverability=False, globally_deliverable=False)
        except EmailNotValidError as error:
            raise self.make_error("email") from error
        address = checked.normalized
        domain = address.rpartition("@")[2]
        if "." not in domain or len(address) > self.most or normalize("NFKC", address) != address:
            raise self.make_error("email")
        return address
