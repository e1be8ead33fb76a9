"""Numbers and days as people write them: which form texts have, and one of them as we write it.

In: texts such as `1.234,56` or `31.01.2026`. Out: the name of the form, or the text with a point
and the year first. What does not have the form goes on as it stands, and its field refuses it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

NUMBERS = ("point", "comma", "space")
"""1,234.56 · 1.234,56 · 1 234,56"""
DAYS = ("ymd", "dmy", "mdy")
"""2026-01-31 · 31.01.2026 · 01/31/2026"""
DIGITS = re.compile(r"\d")
SPACES = " \u00a0\u2009\u202f"
COMMA = re.compile(rf"[+-]?(?:\d{{1,3}}(?:[.{SPACES}]\d{{3}})+|\d+)(?:,\d+)?")
POINT = re.compile(rf"[+-]?(?:\d{{1,3}}(?:[,{SPACES}]\d{{3}})+|\d+)(?:\.\d+)?")
SIGNS = re.compile(r"[^\d.,+\-\s]+")
"""What stands around an amount, such as € or %."""
ORDERED = re.compile(
    r"(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})"
    r"(?:[T, ]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?: ?([AaPp])\.?[Mm]\.?)?)?"
)
MONTHS = 12
CENTURY = 69
"""Two digits below it are years of this century, as programs have it since Unix."""


def numbers_of(texts: Iterable[str]) -> str:
    """Return how numbers are written; empty where it is as always, or nothing says it.

    `1,234` alone says nothing; one number that can only be read with a comma says it of all,
    unless another can only be read with a point.
    """
    is_comma = is_point = is_spaced = False
    for one in texts:
        bare = SIGNS.sub("", one).strip()
        comma, point = COMMA.fullmatch(bare), POINT.fullmatch(bare)
        is_comma |= bool(comma and not point)
        is_point |= bool(point and not comma)
        is_spaced |= bool(comma) and any(sign in bare for sign in SPACES)
    if not is_comma or is_point:
        return ""
    return "space" if is_spaced else "comma"


def days_of(texts: Iterable[str]) -> str:
    """Return in which order days are written; empty where it is as always, or nothing says it.

    A number above twelve says it; where there is none, points between them do.
    """
    orders, has_points, known, others = {"dmy", "mdy"}, False, 0, 0
    for one in texts:
        found = ORDERED.fullmatch(one)
        if found is None:
            others += 1
            continue
        known += 1
        has_points |= "." in one.partition(" ")[0]
        if int(found[1]) > MONTHS:
            orders.discard("mdy")
        if int(found[2]) > MONTHS:
            orders.discard("dmy")
    if known <= others or not orders:
        return ""
    if len(orders) == 1:
        return orders.pop()
    return "dmy" if has_points else ""


def with_comma(value: Any) -> Any:
    """Return a number whose decimals stand behind a comma, with a point."""
    if not isinstance(value, str):
        return value
    bare = value.strip()
    if not COMMA.fullmatch(SIGNS.sub("", bare).strip()):
        return value
    for sign in (".", *SPACES):
        bare = bare.replace(sign, "")
    return bare.replace(",", ".")


def in_order(value: Any, order: str) -> Any:
    """Return a day or moment written day first (`dmy`) or month first (`mdy`), year first."""
    found = ORDERED.fullmatch(str(value).strip())
    if found is None:
        return value
    first, second, year, hour, minute, seconds, half = found.groups()
    month, day = (second, first) if order == "dmy" else (first, second)
    if len(year) == 2:
        year = f"{'20' if int(year) < CENTURY else '19'}{year}"
    text = f"{year}-{month:0>2}-{day:0>2}"
    if hour is None:
        return text
    clock = int(hour)
    if half:
        clock = clock % 12 + (12 if half in "pP" else 0)
    return f"{text} {clock:02d}:{minute}" + (f":{seconds}" if seconds else "")
