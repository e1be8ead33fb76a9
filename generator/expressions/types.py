"""The types of expressions. A number carries its scale: how many decimals its integer stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Type:
    """What a value is."""


@dataclass(frozen=True)
class Null(Type):
    """Nothing is known but that there is no value."""


@dataclass(frozen=True)
class Text(Type):
    """A text."""


@dataclass(frozen=True)
class Number(Type):
    """An exact number: an integer of 10^-scale."""

    scale: int = 0


@dataclass(frozen=True)
class Boolean(Type):
    """True or false."""


@dataclass(frozen=True)
class Date(Type):
    """A day."""


@dataclass(frozen=True)
class DateTime(Type):
    """A moment."""


@dataclass(frozen=True)
class Time(Type):
    """A time of day."""


@dataclass(frozen=True)
class Duration(Type):
    """A length of time, in seconds."""


@dataclass(frozen=True)
class Choice(Type):
    """One of a closed list of texts."""

    values: tuple[str, ...]


@dataclass(frozen=True)
class ListOf(Type):
    """Several values of one type."""

    item: Type


@dataclass(frozen=True)
class Reference(Type):
    """A record of another entity; a path may go on from here."""

    entity: str


@dataclass(frozen=True)
class Children(Type):
    """Records of another entity that belong to this one."""

    entity: str


@dataclass(frozen=True)
class Record(Type):
    """A value with named parts, such as `actor`."""

    parts: Mapping[str, Type]


@dataclass(frozen=True)
class Opaque(Type):
    """A value that expressions may only ask to be null or not: an address, a file, a JSON value."""
