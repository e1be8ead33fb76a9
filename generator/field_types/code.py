"""`type: code`: a short code for machines and scanners: an article number, a barcode.

Look-alikes are refused: a full-width letter or digit would never match what a scanner sends, nor
would a number that a spreadsheet has shortened. A barcode's check digit is verified.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
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
from generator.field_types._texts import Line, pattern_faults
from generator.kinds import Arg
from generator.model.entity import Field

CASES: Mapping[str, Callable[[str], str]] = {"keep": str, "upper": str.upper, "lower": str.lower}
SHORTENED = re.compile(r"[0-9]\.[0-9]+[eE]\+[0-9]{2}")
"""What a spreadsheet makes of a barcode: 6.92345E+12."""
DIGITS = {"ean13": 13, "ean8": 8, "upc": 12}


class Code(FieldType):
    args = {
        "max": Arg("integer", "The most characters.", default=64, minimum=1, maximum=200),
        "case": Arg(
            "choice",
            "How letters are stored: as typed, upper or lower.",
            default="keep",
            options=("keep", "upper", "lower"),
        ),
        "pattern": Arg("text", "A regular expression the whole code must match."),
        "symbology": Arg(
            "choice",
            "The kind of barcode; its length and check digit are verified.",
            default="free",
            options=("free", "ean13", "ean8", "upc"),
        ),
    }
    operators = ("eq", "ne", "in", "not_in", "contains", "starts_with", "empty")
    searchable = True
    example_args = {"case": "upper", "pattern": "[A-Z0-9 -]+"}
    examples = (
        Example("sh-001", "SH-001", "SH-001"),
        Example("4006381333931", "4006381333931", "4006381333931", {"symbology": "ean13"}),
        Example("96385074", "96385074", "96385074", {"symbology": "ean8"}),
        Example("036000291452", "036000291452", "036000291452", {"symbology": "upc"}),
        Example("Ab_1", "Ab_1", "Ab_1", {"case": "keep", "pattern": None}),
    )
    rejects = (
        "6.92345E+12",
        "sh_001",
        "ＳＨ１",
        "x" * 65,
        "a\nb",
        "a\x00",
        "",
        4006381333931,
        True,
        ["a"],
    )

    def faults(self, field: Field) -> Iterator[tuple[str, str, str]]:
        yield from super().faults(field)
        yield from pattern_faults(field.args.get("pattern"))

    def column(self, field: Field) -> sa.types.TypeEngine[Any]:
        return sa.String(field.args.get("max") or 64)

    def schema(self, field: Field, **options: Any) -> ma.fields.Field[Any]:
        return _Code(field.args, **options)

    def expression_type(self, field: Field) -> types.Type:
        return types.Text()

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        return EMPTY if value is None else Cell(value, "code")

    def input(self, field: Field) -> Input:
        attributes = {
            "maxlength": str(field.args.get("max") or 64),
            "autocomplete": "off",
            "spellcheck": "false",
            "data-scan": "",
        }
        if field.args.get("symbology") in DIGITS:
            attributes["inputmode"] = "numeric"
        return Input("text", attributes)

    def beginnings(self, text: str, field: Field) -> tuple[str, ...]:
        case = field.args.get("case") or "keep"
        if case != "keep":
            return (CASES[case](text),)
        return (text, text.upper(), text.lower())

    def nobody(self, field: Field, mark: str) -> Any:
        most = field.args.get("max") or 64
        return f"erased-{mark or 0}"[-most:]

    def json_schema(self, field: Field) -> dict[str, Any]:
        length = DIGITS.get(field.args.get("symbology") or "")
        if length:
            return {"type": "string", "pattern": rf"^\s*[0-9]{{{length}}}\s*$"}
        return {"type": "string", "maxLength": field.args.get("max") or 64}


def has_check_digit(digits: str) -> bool:
    """Say whether the last digit of an EAN or UPC follows from the others (GS1, modulo 10)."""
    weighted = (
        int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits))
    )
    return sum(weighted) % 10 == 0


class _Code(Line):
    default_error_messages = {
        "width": Words(
            "Write ordinary letters and digits, not full-width ones.", "请使用半角字母和数字。"
        ),
        "shortened": Words(
            "A spreadsheet has shortened this number; make the column text and enter it again.",
            "该数字被电子表格缩写，请将该列设为文本后重新填写。",
        ),
        "digits": Words("This barcode has {count} digits.", "此条码应为 {count} 位数字。"),
        "check": Words("The check digit is wrong; scan it again.", "校验位不正确，请重新扫码。"),
    }

    def __init__(self, args: Mapping[str, Any], **options: Any) -> None:
        super().__init__(args.get("max") or 64, pattern=args.get("pattern"), **options)
        self.case = args.get("case") or "keep"
        self.digits = DIGITS.get(args.get("symbology") or "")

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str | None:
        if isinstance(value, str) and len(value) <= self.most * 2 + 100:
            if normalize("NFKC", value.strip()) != value.strip():
                raise self.make_error("width")
            value = CASES[self.case](value)
        text = super()._deserialize(value, attr, data, **kwargs)
        if text is None:
            return None
        if normalize("NFKC", text) != text:
            raise self.make_error("width")
        if SHORTENED.fullmatch(text):
            raise self.make_error("shortened")
        if self.digits:
            if not re.fullmatch(f"[0-9]{{{self.digits}}}", text):
                raise self.make_error("digits", count=self.digits)
            if not has_check_digit(text):
                raise self.make_error("check")
        return text
