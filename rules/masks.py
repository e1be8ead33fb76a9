"""Masks: what is left of a value for somebody who may know that it is there and no more.

Each is a total function of a stored value: whatever comes in, a short text of constant form goes
out, and the length of the value is not told. Null stays null: that there is nothing is no secret.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

STARS = "****"
"""What stands for what is not shown; nobody can save it into a masked field."""

SHORT = 8
"""A text with fewer letters is masked as a whole: its end would tell most of it."""


@dataclass(frozen=True, slots=True)
class Masked:
    """A masked cell as it travels: the value itself stays behind in the store."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Hidden:
    """A cell that this row does not show to this caller; it is not the same as an empty one."""

    def __str__(self) -> str:
        return ""

    def __bool__(self) -> bool:
        return False


HIDDEN = Hidden()


def full(value: Any) -> str:
    """Return nothing of a value."""
    return STARS


def phone(value: Any) -> str:
    """Return how a number begins and its last four digits: 138****5678."""
    text = str(value).removeprefix("+86")
    if len(text) < SHORT + 1:
        return STARS
    return f"{text[:3]}{STARS}{text[-4:]}"


def email(value: Any) -> str:
    """Return the first letter and the domain: a****@example.com."""
    name, _, domain = str(value).rpartition("@")
    return f"{name[:1]}{STARS}@{domain}" if name else STARS


def name(value: Any) -> str:
    """Return the first letter: 王****."""
    return f"{str(value).strip()[:1]}{STARS}"


def last4(value: Any) -> str:
    """Return the last four characters of a value that has clearly more."""
    text = str(value)
    return f"{STARS}{text[-4:]}" if len(text) >= SHORT else STARS


def district(value: Any) -> str:
    """Return an address down to its district."""
    if not isinstance(value, Mapping):
        return STARS
    parts = [str(value[part]) for part in ("region", "city", "district") if value.get(part)]
    return " ".join([*parts, STARS])


def bucket(value: Any) -> str:
    """Return how many digits a whole number has, as a range: 1000-9999."""
    if not isinstance(value, int) or isinstance(value, bool):
        return STARS
    low = 10 ** (len(str(abs(value))) - 1)
    sign = "-" if value < 0 else ""
    return f"{sign}{low if abs(value) >= 10 else 0}-{low * 10 - 1}"


def is_set(value: Any) -> str:
    """Return only that there is a value."""
    return "✓"


MASKS: Mapping[str, Callable[[Any], str]] = {
    "full": full,
    "phone": phone,
    "email": email,
    "name": name,
    "last4": last4,
    "district": district,
    "bucket": bucket,
    "set": is_set,
}
"""Every kind of mask by the word for it in an access file."""


def is_veiled(value: Any) -> bool:
    """Return whether a cell is not the value itself."""
    return isinstance(value, Masked | Hidden)


def mask(kind: str, value: Any, places: int = 0) -> Masked | None:
    """Return a stored value masked; None for null.

    `places` are the decimals of a scaled number: a mask speaks of whole units.
    """
    return masker(kind, places)(value)


STARRED, TICKED = Masked(STARS), Masked("✓")


def masker(kind: str, places: int = 0) -> Callable[[Any], Masked | None]:
    """Return the function that masks the values of one field; it is called once a cell."""
    if kind in ("full", "set"):
        same = STARRED if kind == "full" else TICKED
        return lambda value: None if value is None else same
    word = MASKS[kind]

    def of(value: Any) -> Masked | None:
        if value is None:
            return None
        if places and isinstance(value, int):
            value = abs(value) // 10**places * (-1 if value < 0 else 1)
        return Masked(word(value))

    return of
