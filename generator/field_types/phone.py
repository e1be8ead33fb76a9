"""`type: phone`: a telephone number, stored in the international form +8613800138000.

A number without + belongs to the field's region. Its length is checked against its country's
plan, not its block: new blocks are given out faster than any list of them is published.
"""

from __future__ import annotations

import re
from typing import Any

import marshmallow as ma
import phonenumbers
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
from generator.kinds import Arg
from generator.model.entity import Field

WRITTEN = re.compile(r"\+?[0-9 ()./-]{3,40}")
BETWEEN = re.compile(r"[ ()./-]")
"""What people write between digits, and is not stored."""


class Phone(FieldType):
    mask = "phone"
    args = {
        "region": Arg(
            "text",
            "The country of numbers without +, such as CN; the app's if missing.",
            pattern="[A-Z]{2}",
            from_app="region",
        )
    }
    operators = ("eq", "ne", "in", "contains", "starts_with", "empty")
    searchable = True
    example_args = {"region": "CN"}
    examples = (
        Example("138 0013 8000", "+8613800138000", "+86 138 0013 8000"),
        Example("+1 (201) 555-0123", "+12015550123", "+1 201-555-0123"),
    )
    rejects = (
        "12",
        "phone",
        "1-800-FLOWERS",
        "+999123456789",
        "138001380001380013800",
        "13800138000\x00",
        "１３８００１３８０００",
        13800138000,
        True,
        [],
    )

    def column(self, field: Field) -> sa.types.TypeEngine[Any]:
        return sa.String(20)

    def schema(self, field: Field, **options: Any) -> ma.fields.Field[Any]:
        return _Number(field.args.get("region") or None, **options)

    def expression_type(self, field: Field) -> types.Type:
        return types.Text()

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        return EMPTY if value is None else Cell(shown(value), "link", href=f"tel:{value}")

    def input(self, field: Field) -> Input:
        return Input("tel", {"maxlength": "40", "inputmode": "tel", "autocomplete": "off"})

    def beginnings(self, text: str, field: Field) -> tuple[str, ...]:
        """Return the number from its country on; without + it may be of the field's region."""
        digits = BETWEEN.sub("", text)
        if not re.fullmatch(r"\+?[0-9]{3,15}", digits):
            return ()
        if digits.startswith("+"):
            return (digits,)
        code = phonenumbers.country_code_for_region(field.args.get("region") or "")
        home = (f"+{code}{digits.lstrip('0')}",) if code else ()
        return (*home, f"+{digits}")

    def within(self, text: str) -> str:
        """Return the digits of what is written like a part of a number."""
        return BETWEEN.sub("", text) if WRITTEN.fullmatch(text) else text

    def whole(self, text: str, field: Field) -> Any:
        """Return the number where its country gives it out: no order number is taken for one."""
        number = international(text.strip(), field.args.get("region") or None)
        return (
            number if number and phonenumbers.is_valid_number(phonenumbers.parse(number)) else None
        )

    def nobody(self, field: Field, mark: str) -> Any:
        return None if mark else "+447700900000"  # Ofcom gives it to nobody, it is for stories

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {
            "type": "string",
            "pattern": rf"^\s*{WRITTEN.pattern}\s*$",
            "examples": ["+8613800138000"],
        }


def shown(number: str) -> str:
    """Return a stored number in groups, as its country writes it."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def international(text: str, region: str | None) -> str:
    """Return a typed number in its international form; empty when it is none."""
    if not WRITTEN.fullmatch(text):
        return ""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return ""
    if number.extension or not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class _Number(Line):
    default_error_messages = {
        "phone": Words(
            "Write a number such as +86 138 0013 8000.", "请填写电话号码，例如 +86 138 0013 8000。"
        )
    }

    def __init__(self, region: str | None, **options: Any) -> None:
        super().__init__(40, **options)
        self.region = region

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str | None:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text is None:
            return None
        number = international(text, self.region)
        # what one reader writes another must understand: +0 and the like are not numbers
        if not number or international(number, None) != number:
            raise self.make_error("phone")
        return number
