"""What to write instead, for faults that many places share: types in, a sentence out."""

from __future__ import annotations

from collections.abc import Mapping

from generator.expressions.types import (
    TEXTUAL,
    Boolean,
    Choice,
    Date,
    DateTime,
    Duration,
    ListOf,
    Number,
    Opaque,
    Reference,
    Text,
    Time,
    Type,
    describe,
)
from generator.problems import LISTED, listed
from generator.saying import say

LANGUAGE = "The language has comparisons, and/or/not, + - *, if-else and the listed functions."
SPLIT = "Split it: give a part a name as a computed field."
A_DURATION = "Write a duration as days(n), hours(n) or minutes(n)."
NOT_NULL = "Write a value, a field or a condition instead of null."

_EXAMPLES: Mapping[type, str] = {
    Text: "name or 'a text'",
    Boolean: "total > 0",
    Date: "today or '2026-01-31'",
    DateTime: "now or '2026-01-31T09:30:00+08:00'",
    Time: "'09:30'",
    Duration: "days(3)",
}


def instead(wanted: Type) -> str:
    """Return what to write where a type is needed."""
    match wanted:
        case Choice(values=values) if values:
            every = listed((f"'{value}'" for value in values), LISTED)
            return say("Write one of its choices: {values}.", values=every)
        case Reference(entity=entity) if entity:
            return say("Write a field that leads to {entity}, or its id.", entity=entity)
        case ListOf():
            return say("Write a field that holds {kind}.", kind=describe(wanted))
        case Number(scale=0):
            return say("Write {kind}, such as {example}.", kind=describe(wanted), example="12")
        case Number(scale=scale):
            example = f"12.{'5'.ljust(scale, '0')}"
            return say("Write {kind}, such as {example}.", kind=describe(wanted), example=example)
    example = _EXAMPLES.get(type(wanted), "")
    if example:
        return say("Write {kind}, such as {example}.", kind=describe(wanted), example=example)
    return say("Ask 'is null' or 'is not null' of it; nothing else can be done with it.")


def compared(one: Type, two: Type) -> str:
    """Return how two types that do not compare are compared after all."""
    pair = {type(one), type(two)}
    if pair == {Date, DateTime}:
        return say("Write date(…) around the moment to compare days.")
    if pair == {Number, Duration}:
        return say(A_DURATION)
    if Opaque in pair:
        return instead(Opaque())
    if ListOf in pair and pair != {ListOf}:
        return say("Write 'x in list'.")
    if ListOf in pair:
        return say("Lists are not compared; ask 'x in list' for each value.")
    return instead(two)


def ordered(kind: Type) -> str:
    """Return how a type without an order is compared."""
    if isinstance(kind, TEXTUAL):
        return say("Texts compare with ==, !=, in, starts_with, ends_with and contains.")
    return say("Write == or != here; only numbers, dates, times and durations have an order.")


def reckoned(one: Type, two: Type) -> str:
    """Return what can be reckoned where an operator does not work on two types."""
    if {type(one), type(two)} <= {Date, DateTime, Number}:
        return say(
            "Write a duration as days(n), hours(n) or minutes(n); date(x) is the day of a moment."
        )
    return say(
        "Numbers take + - * // %, texts take +, dates take + and - with a duration such as days(3)."
    )
