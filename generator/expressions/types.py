"""The types of the expression language: what a value is, known before anything runs.

A number carries its scale: `Number(2)` is a whole number of hundredths. Money, decimals, percents
and quantities are stored that way, so arithmetic is whole-number arithmetic in Python, SQLite and
PostgreSQL alike and the three agree to the last digit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from generator.saying import reworded, say

LIMIT = 10**18
"""A number has at most 18 digits: its units stay below this. A result beyond it is null."""

MAX_SCALE = 10
"""More decimal places than this must be rounded away before the next multiplication."""


@dataclass(frozen=True, slots=True)
class Type:
    """What a value is."""


@dataclass(frozen=True, slots=True)
class Text(Type):
    """Text, also the id of a record."""


@dataclass(frozen=True, slots=True)
class Number(Type):
    """A whole number of units of `10 ** -scale`; scale 0 is an integer."""

    scale: int = 0


@dataclass(frozen=True, slots=True)
class Boolean(Type):
    """True, false, or null for unknown."""


@dataclass(frozen=True, slots=True)
class Date(Type):
    """A calendar day, `datetime.date`."""


@dataclass(frozen=True, slots=True)
class DateTime(Type):
    """A moment, an aware `datetime.datetime` in UTC."""


@dataclass(frozen=True, slots=True)
class Time(Type):
    """A time of day, `datetime.time`."""


@dataclass(frozen=True, slots=True)
class Duration(Type):
    """A length of time in whole seconds."""


@dataclass(frozen=True, slots=True)
class Choice(Type):
    """Text out of a fixed set; comparing with a text outside the set is a fault."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListOf(Type):
    """A list without nulls: a stored JSON list of texts, or a list of the context."""

    item: Type


@dataclass(frozen=True, slots=True)
class Reference(Type):
    """The id of a record of another entity; a dot walks to its fields. Compares with text."""

    entity: str


@dataclass(frozen=True, slots=True)
class Children(Type):
    """The records of another entity that belong to this one; only aggregates read them."""

    entity: str


@dataclass(frozen=True, slots=True)
class Record(Type):
    """A named set of values of the context, such as `actor` or `input`."""

    parts: Mapping[str, Type]


@dataclass(frozen=True, slots=True)
class Opaque(Type):
    """A value that is only asked to be null or not: an address, a file, a JSON value."""


@dataclass(frozen=True, slots=True)
class Null(Type):
    """The type of the literal `null`; it fits every other type."""


TEXTUAL = (Text, Choice, Reference)
ORDERED = (Number, Date, DateTime, Time, Duration)
"""What `<` compares. Text is not here: its order differs between databases."""


def describe(kind: Type) -> str:
    """Name a type for an author: 'a number', 'a list of texts'."""
    match kind:
        case Number(scale=0):
            return say("a whole number")
        case Number(scale=scale):
            return say("a number with {scale} decimals", scale=scale)
        case ListOf(item=item):
            inner = describe(item)
            many = say("a list of {item}s", item=inner)
            return reworded(many, f"a list of {inner.removeprefix('a ')}s")
        case Reference(entity=entity):
            return say("a reference to {entity}", entity=entity)
        case Children(entity=entity):
            return say("records of {entity}", entity=entity)
    return say(_NAMES[type(kind)])


_NAMES: Mapping[type, str] = {
    Text: "a text",
    Boolean: "a condition (true or false)",
    Date: "a date",
    DateTime: "a date with time",
    Time: "a time of day",
    Duration: "a duration",
    Choice: "a choice",
    Opaque: "a value without comparisons",
    Record: "a group of values",
    Null: "null",
}


def is_link(kind: Type | None) -> bool:
    """Return whether a field of this type is many-to-many: records in a link table."""
    return isinstance(kind, ListOf) and isinstance(kind.item, Reference)


def unify(left: Type, right: Type) -> Type | None:
    """Return the type that both fit, or None: the wider number, text for two kinds of text."""
    if left == right or isinstance(right, Null):
        return left
    if isinstance(left, Null):
        return right
    if isinstance(left, Number) and isinstance(right, Number):
        return Number(max(left.scale, right.scale))
    if isinstance(left, TEXTUAL) and isinstance(right, TEXTUAL):
        return Text()
    return None
