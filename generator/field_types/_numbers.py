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

import marshmallow as ma
from babel.numbers import format_decimal, get_currency_precision

WRITTEN = re.compile(r"(-?)([0-9]{1,18})(?:\.([0-9]{1,18}))?")
LIMIT = 10**15
"""Scaled values stay within ±10^15, so that sums of a thousand of them fit into 64 bits exactly."""
SEPARATORS = re.compile(r"(?<=\d)[,  _'’](?=\d{3}(?!\d))")


@lru_cache(maxsize=512)
def currency_places(code: str) -> int:
    """Return the decimals of a currency's smallest unit (ISO 4217, by Babel's CLDR data)."""
    return get_currency_precision(code)


def scaled_text(places: int) -> Callable[[int], str]:
    """Return the function that writes a scaled integer exactly: 1250 with two places is `12.50`."""
    if places == 0:
        return str
    factor = 10**places

    def write(value: int) -> str:
        whole, rest = divmod(abs(value), factor)
        return f"{'-' if value < 0 else ''}{whole}.{rest:0{places}d}"

    return write


def number_text(value: int, places: int, locale: str, at_least: int | None = None) -> str:
    """Return a scaled integer as people of a locale write it, grouped, with trailing zeros cut to
    `at_least` decimals (all places by default)."""
    low = places if at_least is None else min(at_least, places)
    pattern = "#,##0" + ("." if places else "") + "0" * low + "#" * (places - low)
    return format_decimal(Decimal(value).scaleb(-places), pattern, locale=locale)


def typed_number(text: str) -> Any:
    """Return the number that a person typed, group separators removed; None for nothing."""
    text = text.strip()
    if not text:
        return None
    return SEPARATORS.sub("", text)


class ScaledNumber(ma.fields.Field[int]):
    """The marshmallow field between `"12.50"` and `1250`."""

    default_error_messages = {
        "invalid": "Write a number such as 12.50.",
        "places": "At most {places} decimals.",
        "range": "This number is too large.",
        "min": "At least {min}.",
        "max": "At most {max}.",
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
        written = WRITTEN.fullmatch(str(value)) if len(str(value)) < 40 else None
        if written is None:
            raise self.make_error("invalid")
        sign, whole, decimals = written.groups()
        decimals = (decimals or "").rstrip("0")
        if len(decimals) > self.places:
            raise self.make_error("places", places=self.places)
        scaled = int(whole) * self.factor + int(decimals.ljust(self.places, "0") or "0")
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
