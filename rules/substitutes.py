"""Substitutes: values that look like a person's and are nobody's, for data that people test with.

Comes in: a field and one of its stored values. Goes out: another of the same form. Letters stay
letters, digits stay digits, and everything else stays, so that lengths, patterns and check sums of
form hold; equal values get equal substitutes, so that what belongs together still does. Which one a
value gets follows from a key by HMAC-SHA256 (RFC 2104): whoever throws the key away can no longer
find the way back. Null stays null.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from generator.model.entity import Field

HAN = "安宝晨达恩芳高海佳康兰明宁鹏清瑞思天文小雅泽"
"""What stands for a Chinese character."""
MAIL = "example.com"
"""The domain of every substitute: it is kept for examples and reaches nobody (RFC 2606)."""
KEPT_DIGITS = 5
"""Of a telephone number, so that its country and its length stay right."""
AREA = frozenset({"country", "region", "city"})
"""The parts of an address that stay: they are shared by many."""
EMPTIED = frozenset({"file", "image"})
"""Types whose values lie elsewhere: nothing stands for them."""
MARKUP = re.compile(r"(<[^>]*>|&#?\w+;)|([^<&]+)")
"""A piece of stored HTML: a tag or an entity, or what is written between them."""
LINKS = re.compile(r"</?(?:a|img)\b[^>]*>")
TRIES = 100


class Substitutes:
    """What stands for the values of one copy."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._taken: dict[str, dict[Any, Any]] = {}

    def of(self, field: Field, value: Any) -> Any:
        """Return what stands for a value of a field; of a unique field each stands for one only.

        Raises:
            LookupError: a unique field has more values than its form leaves substitutes for.

        """
        if value is None:
            return None
        if not field.unique:
            return self._made(field, value, 0)
        taken = self._taken.setdefault(f"{field.entity}.{field.name}", {})
        for turn in range(TRIES):
            found = self._made(field, value, turn)
            if taken.setdefault(found, value) == value:
                return found
        raise LookupError(f"{field.entity}.{field.name} has no substitute left for a value")

    def _made(self, field: Field, value: Any, turn: int) -> Any:
        kind = field.type
        if kind in EMPTIED:
            return None
        if kind in {"choice", "choices"}:
            return self._choice(field, value)
        if kind == "phone":
            text = str(value)
            return text[:KEPT_DIGITS] + self._text(text[KEPT_DIGITS:], text, turn)
        if kind == "email":
            name = str(value).rpartition("@")[0]
            return f"{self._text(name, str(value).lower(), turn).lower()}@{MAIL}"
        if kind == "url":
            return f"https://{MAIL}/{self._digest(str(value), turn).hex()[:12]}"
        if kind == "address" and isinstance(value, Mapping):
            return {
                name: part if name in AREA else self._any(part, turn)
                for name, part in value.items()
            }
        if kind == "color":
            return f"#{self._digest(str(value), turn).hex()[:6]}"
        if kind == "rich_text":
            # what is written stays within its paragraphs, without links and pictures
            tags = LINKS.sub("", str(value))
            return MARKUP.sub(lambda found: found[1] or self._any(found[2], turn), tags)
        if kind == "code" and field.args.get("symbology", "free") != "free":
            return _with_check_digit(self._text(str(value)[:-1], str(value), turn))
        return self._within(field, self._any(value, turn))

    def _choice(self, field: Field, value: Any) -> Any:
        options = sorted(field.args["options"])

        def other(one: Any) -> Any:
            return options[self._digest(f"{field.name}={one}", 0)[0] % len(options)]

        if isinstance(value, (list, tuple)):
            return sorted({other(one) for one in value})
        return other(value)

    def _within(self, field: Field, value: Any) -> Any:
        """Return a number within what the field allows."""
        low, high = field.args.get("min"), field.args.get("max")
        if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
            return value
        if isinstance(low, (int, float)) and value < low:
            return type(value)(low)
        if isinstance(high, (int, float)) and value > high:
            return type(value)(high)
        return value

    def _any(self, value: Any, turn: int) -> Any:
        """Return what stands for a value of any type."""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self._text(value, value, turn)
        if isinstance(value, Mapping):
            return {key: self._any(inner, turn) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._any(inner, turn) for inner in value]
        if isinstance(value, datetime):
            return self._moment(value, turn)
        if isinstance(value, date):
            return date(value.year, 1, 1) + self._days(value.isoformat(), turn)
        if isinstance(value, time):
            chance = self._digest(value.isoformat(), turn)
            return value.replace(hour=chance[0] % 24, minute=chance[1] % 60)
        if isinstance(value, int):
            return int(self._number(str(value), turn))
        if isinstance(value, Decimal):
            return Decimal(self._number(str(value), turn))
        return value

    def _number(self, text: str, turn: int) -> str:
        """Return as many digits, of which the first is none that leads."""
        digits = self._text(text, text, turn)
        sign, rest = ("-", digits[1:]) if digits.startswith("-") else ("", digits)
        return sign + ("1" + rest[1:] if rest.startswith("0") and rest[1:2].isdigit() else rest)

    def _moment(self, value: datetime, turn: int) -> datetime:
        """Return another day of the same year: an age stays about what it was."""
        return value.replace(month=1, day=1) + self._days(value.isoformat(), turn)

    def _days(self, said: str, turn: int) -> timedelta:
        return timedelta(days=int.from_bytes(self._digest(said, turn)[:2]) % 365)

    def _text(self, text: str, said: str, turn: int) -> str:
        """Return a text of the same form; `said` decides which one."""
        chance = self._bytes(said, turn)
        return "".join(_like(one, chance) for one in text)

    def _bytes(self, said: str, turn: int) -> Iterator[int]:
        block = 0
        while True:
            yield from self._digest(f"{block}/{said}", turn)
            block += 1

    def _digest(self, said: str, turn: int) -> bytes:
        return hmac.digest(self._key, f"{turn}/{said}".encode(), hashlib.sha256)


def _with_check_digit(body: str) -> str:
    """Return the digits of a barcode with their check digit (GS1 General Specifications, 7.9)."""
    total = sum(int(one) * (3, 1)[at % 2] for at, one in enumerate(reversed(body)))
    return f"{body}{-total % 10}"


def _like(one: str, chance: Iterator[int]) -> str:
    """Return a character of the same sort."""
    if "0" <= one <= "9":
        return str(next(chance) % 10)
    if "a" <= one <= "z":
        return chr(ord("a") + next(chance) % 26)
    if "A" <= one <= "Z":
        return chr(ord("A") + next(chance) % 26)
    if one.isalpha() or one.isdigit():
        # a letter of another alphabet becomes a Latin one where it has capitals, else a Chinese one
        if one.upper() != one.lower():
            return chr(ord("A" if one.isupper() else "a") + next(chance) % 26)
        return HAN[next(chance) % len(HAN)]
    return one
