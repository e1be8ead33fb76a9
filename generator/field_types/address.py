"""`type: address`: a postal address in named parts, written in the order of its country.

The country is an ISO 3166 code; everything else is as people write it, because no list of the
world's streets exists. Chinese addresses run from the largest part to the smallest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
import sqlalchemy as sa
from babel import Locale

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
from generator.field_types._locales import babel_locale
from generator.field_types._refusals import ApiField, Words
from generator.field_types._texts import Line
from generator.model.entity import Field

PARTS = {
    "country": 2,
    "region": 100,
    "city": 100,
    "district": 100,
    "street": 200,
    "street2": 200,
    "postal_code": 20,
    "name": 100,
    "phone": 40,
}
"""The parts and the most characters of each."""
NOT_COUNTRIES = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}
COUNTRIES = frozenset(
    code
    for code in map(str, Locale("en").territories)
    if len(code) == 2 and code.isalpha() and code not in NOT_COUNTRIES
)
LARGEST_FIRST = {"CN", "HK", "MO", "TW", "JP", "KR"}


class Address(FieldType):
    mask = "district"
    operators = ("contains", "empty")
    sortable = False
    examples = (
        Example(
            {
                "country": "DE",
                "city": "Berlin",
                "street": "Hauptstr. 5",
                "postal_code": "10827",
                "name": "Ann Lee",
            },
            {
                "country": "DE",
                "city": "Berlin",
                "street": "Hauptstr. 5",
                "postal_code": "10827",
                "name": "Ann Lee",
            },
            "Ann Lee, Hauptstr. 5, 10827 Berlin, Germany",
        ),
        Example(
            {
                "country": "CN",
                "region": "广东省",
                "city": "深圳市",
                "district": "南山区",
                "street": "科技园路1号",
                "name": "王芳",
                "phone": "13800138000",
                "street2": "",
            },
            {
                "country": "CN",
                "region": "广东省",
                "city": "深圳市",
                "district": "南山区",
                "street": "科技园路1号",
                "name": "王芳",
                "phone": "13800138000",
            },
            "广东省深圳市南山区科技园路1号, 王芳 13800138000, China",
        ),
        Example(
            {"country": "CN", "region": "北京市", "city": "北京市", "street": "八角街道1号"},
            {"country": "CN", "region": "北京市", "city": "北京市", "street": "八角街道1号"},
            "北京市八角街道1号, China",
        ),
        Example(
            {
                "country": "US",
                "region": "CA",
                "city": "Los Angeles",
                "street": "1 Main St",
                "postal_code": "90001",
            },
            {
                "country": "US",
                "region": "CA",
                "city": "Los Angeles",
                "street": "1 Main St",
                "postal_code": "90001",
            },
            "1 Main St, Los Angeles, CA 90001, United States",
        ),
    )
    rejects = (
        "Berlin",
        {},
        {"city": "Berlin"},
        {"country": "de"},
        {"country": "ZZ"},
        {"country": "Germany"},
        {"country": "DE", "planet": "Earth"},
        {"country": "DE", "city": 7},
        {"country": "DE", "city": "a\x00"},
        {"country": "DE", "city": "x" * 101},
        {"country": ["DE"]},
        [],
        True,
        7,
    )

    def column(self, field: Field) -> sa.types.TypeEngine[Any]:
        return JsonType()

    def schema(self, field: Field, **options: Any) -> ma.fields.Field[Any]:
        return _Parts(**options)

    def expression_type(self, field: Field) -> types.Type:
        return types.Opaque()

    def cell(self, value: Any, field: Field, viewer: Viewer) -> Cell:
        if not value:
            return EMPTY
        lines = address_lines(value, viewer.locale)
        return Cell(", ".join(lines), "address", title="\n".join(lines))

    def input(self, field: Field) -> Input:
        return Input("address", {"autocomplete": "off"}, width="full")

    def to_text(self, value: Any, field: Field) -> str:
        return "" if value is None else json_text(value)

    def from_text(self, text: str, field: Field, viewer: Viewer = ANYONE) -> Any:
        return parsed(text)

    def nobody(self, field: Field, mark: str) -> Any:
        return None if mark else {"country": "AQ", "street": "—"}  # Antarctica has no residents

    def json_schema(self, field: Field) -> dict[str, Any]:
        parts = {
            name: {"type": ["string", "null"], "maxLength": most} for name, most in PARTS.items()
        }
        country = {"type": "string", "enum": sorted(COUNTRIES)}
        return {
            "type": "object",
            "properties": {**parts, "country": country},
            "required": ["country"],
            "additionalProperties": False,
        }


def country_name(code: str, locale: str) -> str:
    """Return what a country is called in a locale; its code when it has no name there."""
    return str(babel_locale(locale).territories.get(code, code))


def address_lines(address: Mapping[str, str], locale: str) -> list[str]:
    """Return the lines of an address in the order of its country, ending with the country."""
    get = address.get
    country = country_name(address["country"], locale)
    person = _spaced(get("name"), get("phone"))
    if address["country"] in LARGEST_FIRST:
        # a city that is a region of its own, such as 北京市, is written once
        region = "" if get("region") == get("city") else get("region")
        parts = (region, *map(get, ("city", "district", "street", "street2")))
        place = "".join(part for part in parts if part)
        lines = [place, get("postal_code") or "", person, country]
    else:
        city = (
            _comma(get("district"), get("city"), _spaced(get("region"), get("postal_code")))
            if address["country"] in {"US", "CA", "AU"}
            else _comma(get("district"), _spaced(get("postal_code"), get("city")), get("region"))
        )
        lines = [
            get("name") or "",
            get("street") or "",
            get("street2") or "",
            city,
            get("phone") or "",
            country,
        ]
    return [line for line in lines if line]


def _spaced(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)


def _comma(*parts: str | None) -> str:
    return ", ".join(part for part in parts if part)


class _Parts(ApiField[dict[str, str]]):
    default_error_messages = {
        "invalid": Words("Send an address in its parts.", "请按栏位填写地址。"),
        "part": Words("An address has no such part.", "地址没有此栏位。"),
        "country": Words("Write a country such as CN or DE.", "请填写国家或地区代码，例如 CN。"),
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.parts = {name: Line(most, allow_none=True) for name, most in PARTS.items()}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dict[str, str]:
        if not isinstance(value, dict) or len(value) > 2 * len(PARTS):
            raise self.make_error("invalid")
        faults: dict[str, Any] = {}
        read: dict[str, str | None] = {}
        for name, text in value.items():
            try:
                if name not in self.parts:
                    raise self.make_error("part")
                read[name] = self.parts[name].deserialize(text)
            except ma.ValidationError as error:
                faults[str(name)[:40]] = error.messages
        if "country" not in faults and read.get("country") not in COUNTRIES:
            faults["country"] = self.make_error("country").messages
        if faults:
            raise ma.ValidationError(faults)
        return {name: text for name in PARTS if (text := read.get(name))}
