"""Exact numbers shared by money, decimal, percent and quantity: integers scaled by a power of ten.

Comes in: API values (`"12.50"`, `3`); goes out: integers (`1250`, `300`) and back. The grammar is
exact, `-?digits[.digits]` in ASCII: no exponent, no separators, no NaN, no full-width digits, and
no float, because a float has already lost what was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel.numbers import (
    get_currency_precision,
    get_decimal_symbol,
    get_group_symbol,
    get_minus_sign_symbol,
)

from generator.field_types._digits import ascii_digits
from generator.field_types._locales import babel_locale
from generator.field_types._refusals import ApiField, Words

WRITTEN = re.compile(r"(-?)([0-9]{1,18})(?:\.([0-9]{1,18}))?")
LIMIT = 10**15
"""Scaled values stay within ±10^15, so that sums of a thousand of them fit into 64 bits exactly."""
GROUPED = re.compile(r"-?[0-9]{1,3}(?:([,  '’ ])[0-9]{3})(?:\1[0-9]{3})*(?:\.[0-9]+)?")
"""A number with one kind of group separator in the right places: `1,250,000.50`."""


@lru_cache(maxsize=512)
def currency_places(code: str) -> int:
    """Return the decimals of a currency's smallest unit (ISO 4217, by Babel's CLDR data)."""
    return get_currency_precision(code)


def scaled_text(places: int, at_least: int | None = None) -> Callable[[int], str]:
    """Return the function that writes a scaled integer exactly: 1250 with two places is `12.50`.

    Zeros beyond `at_least` decimals are left out: 12500 with three places is `12.50`, 12501
    `12.501`.
    """
    if places == 0:
        return str
    factor = 10**places
    cut = 10 ** (places - at_least) if at_least is not None and at_least < places else 0

    def write(value: int) -> str:
        whole, rest = divmod(abs(value), factor)
        sign = "-" if value < 0 else ""
        if cut and rest % cut == 0:
            return f"{sign}{whole}.{rest // cut:0{at_least}d}"
        return f"{sign}{whole}.{rest:0{places}d}"

    return write


def number_text(value: int, places: int, locale: str, at_least: int | None = None) -> str:
    """Return a scaled integer as people of a locale write it, grouped, with trailing zeros cut to
    `at_least` decimals (all places by default)."""
    low = places if at_least is None else min(at_least, places)
    decimal, group, minus = _signs(locale)
    whole, rest = divmod(abs(value), 10**places)
    grouped = f"{whole:,}".replace(",", group)
    digits = f"{rest:0{places}d}" if places else ""
    while len(digits) > low and digits[-1] == "0":
        digits = digits[:-1]
    written = f"{grouped}{decimal}{digits}" if digits else grouped
    return minus + written if value < 0 else written


@lru_cache(maxsize=64)
def _signs(locale: str) -> tuple[str, str, str]:
    """Return how a locale writes the decimal point, the groups and the minus.

    Babel's own formatting reads a pattern for every number; a page of fifty rows holds hundreds.
    """
    known = babel_locale(locale)
    return get_decimal_symbol(known), get_group_symbol(known), get_minus_sign_symbol(known)


def typed_number(text: str) -> Any:
    """Return the number that a person typed, group separators removed; None for nothing.

    `12,5` is returned as it is, for the schema to refuse: it may mean 12.5 or 125.
    """
    text = ascii_digits(text.strip())
    if not text:
        return None
    grouped = GROUPED.fullmatch(text) if len(text) < 40 else None
    return text.replace(grouped[1], "") if grouped else text


def scaled_json_schema(places: int, example: str) -> dict[str, Any]:
    """Return the JSON Schema of a scaled number: a text such as `12.50`, or a whole number."""
    decimals = rf"\.[0-9]{{1,{places}}}0*" if places else r"\.0+"
    most = LIMIT // 10**places
    return {
        "type": ["string", "integer"],
        "pattern": rf"^-?[0-9]{{1,18}}({decimals})?$",
        "minimum": -most,
        "maximum": most,
        "examples": [example],
    }


class ScaledNumber(ApiField[int]):
    """The marshmallow field between `"12.50"` and `1250`."""

    default_error_messages = {
        "invalid": Words("Write a number such as 12.50.", "请填写数字，例如 12.50。"),
        "places": Words("At most {places} decimals.", "最多 {places} 位小数。"),
        "range": Words("This number is too large.", "数字太大。"),
        "min": Words("At least {min}.", "不能小于 {min}。"),
        "max": Words("At most {max}.", "不能大于 {max}。"),
    }

    def __init__(
        self, places: int, low: Decimal | None = None, high: Decimal | None = None, **options: Any
    ) -> None:
        super().__init__(**options)
        self.places, self.factor = places, 10**places
        self.low, self.high = low, high

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise self.make_error("invalid")
        if isinstance(value, int) and abs(value) > LIMIT:
            raise self.make_error("range")
        written = WRITTEN.fullmatch(text) if len(text := str(value)) < 40 else None
        if written is None:
            raise self.make_error("invalid")
        sign, whole, decimals = written.groups()
        decimals = (decimals or "").rstrip("0")
        if len(decimals) > self.places:
            raise self.make_error("places", places=self.places)
        scaled: int = int(whole) * self.factor + int(decimals.ljust(self.places, "0") or "0")
        if scaled > LIMIT:
            raise self.make_error("range")
        scaled = -scaled if sign else scaled
        if self.low is not None and scaled < self.low * self.factor:
            raise self.make_error("min", min=self.low)
        if self.high is not None and scaled > self.high * self.factor:
            raise self.make_error("max", max=self.high)
        return scaled

    def _serialize(self, value: int | None, attr: Any, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else scaled_text(self.places)(value)
