"""Expression → a sentence for people, in English or Chinese: "Total is at least 100.00".

It is written from the typed tree, so it says what runs, not what somebody once described. Labels
of fields and of choices come from the model through `Labels`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from generator.expressions import tree as t
from generator.expressions.compile import Expression
from generator.expressions.functions import FUNCTIONS
from generator.expressions.phrases import PHRASES
from generator.expressions.types import Boolean, Choice, Date, DateTime, Duration, Number, Time


class Labels(Protocol):
    """What fields and choices are called."""

    def field(self, entity: str, name: str, locale: str) -> str:
        """Return the label of a field."""
        ...

    def value(self, entity: str, name: str, value: str, locale: str) -> str:
        """Return the label of one value of a choice."""
        ...


def words(expression: Expression, locale: str, labels: Labels) -> str:
    """Return an expression as a sentence without its full stop; the locale `zh…` or English."""
    text = _Speaker("zh" if locale.startswith("zh") else "en", labels).say(expression.tree)
    return text[:1].upper() + text[1:]


@dataclass(frozen=True)
class _Speaker:
    language: str
    labels: Labels

    def phrase(self, key: str, *parts: str) -> str:
        return PHRASES[self.language][key].format(*parts)

    def say(self, node: t.Tree) -> str:
        if isinstance(node, t.Field) and isinstance(node.type, Boolean):
            return self.phrase("holds", self.value(node))
        return self.value(node)

    def value(self, node: t.Tree) -> str:
        speak: Callable[[_Speaker, Any], str] = _SAYINGS[type(node)]
        return speak(self, node)

    def grouped(self, node: t.Tree, *kinds: type) -> str:
        """Return a part in brackets if it is of a kind that would run into its neighbors."""
        said = self.say(node) if isinstance(node.type, Boolean) else self.value(node)
        return self.phrase("group", said) if isinstance(node, kinds) else said

    def join(self, nodes: tuple[t.Tree, ...], beside: t.Tree | None = None) -> str:
        return self.phrase("list").join(self.beside(node, beside) for node in nodes)

    def beside(self, node: t.Tree, other: t.Tree | None) -> str:
        """Return a value; a choice by the label it has in the field it is compared with."""
        match node, other:
            case t.Literal(value=str(value)), t.Field(type=Choice()) as field:
                entity, name = field.entities[-1], field.path[-1]
                return self.labels.value(entity, name, value, self.language)
        return self.value(node)

    def path(self, path: tuple[str, ...], entities: tuple[str, ...]) -> str:
        steps = zip(entities, path, strict=True)
        first, *rest = (self.labels.field(entity, name, self.language) for entity, name in steps)
        for name in rest:
            first = self.phrase("step", first, name)
        return first


def _literal(speaker: _Speaker, node: t.Literal) -> str:
    if node.value is None:
        return speaker.phrase("null")
    if isinstance(node.value, bool):
        return speaker.phrase("true" if node.value else "false")
    if isinstance(node.type, Number):
        return f"{Decimal(node.value).scaleb(-node.type.scale):,}"
    if isinstance(node.type, Duration):
        return _length(speaker, node.value)
    if isinstance(node.value, str):
        return speaker.phrase("text", node.value)
    return str(node.value)


def _length(speaker: _Speaker, seconds: int) -> str:
    units = ((86_400, "day"), (3_600, "hour"), (60, "minute"))
    fitting = (unit for unit in units if seconds and seconds % unit[0] == 0)
    size, unit = next(fitting, (1, "second"))
    number = seconds // size
    if number == 1:
        return speaker.phrase(f"one {unit}")
    return speaker.phrase(f"{unit}s", f"{number:,}")


def _field(speaker: _Speaker, node: t.Field) -> str:
    path, entities = node.path, node.entities
    if len(path) > 1 and path[-1] == "id":
        path, entities = path[:-1], entities[:-1]
    return speaker.path(path, entities)


def _context(speaker: _Speaker, node: t.Context) -> str:
    name = ".".join(node.path)
    return speaker.phrase(name) if name in PHRASES[speaker.language] else name


def _arithmetic(speaker: _Speaker, node: t.Arithmetic) -> str:
    if isinstance(node.type, Duration) and isinstance(node.right, t.Literal):
        unit = {86_400: "days", 3_600: "hours", 60: "minutes"}.get(node.right.value)
        if unit is not None and node.operator == "*":
            return speaker.phrase(unit, speaker.value(node.left))
    kinds = (t.If,) if node.operator in "+" else (t.If, t.Arithmetic)
    left = speaker.grouped(node.left, *(kinds if node.operator == "*" else (t.If,)))
    return speaker.phrase(node.operator, left, speaker.grouped(node.right, *kinds))


def _rescale(speaker: _Speaker, node: t.Rescale) -> str:
    return speaker.value(node.operand)


def _limit(speaker: _Speaker, node: t.Limit) -> str:
    return speaker.value(node.operand)


def _round(speaker: _Speaker, node: t.Round) -> str:
    over, under, places = node.shown
    if under is None:
        said = speaker.value(over)
    elif isinstance(under, t.Aggregate) and under.word == "known" and under.element is not None:
        rows = speaker.path(under.rows.path, under.rows.entities)
        said = speaker.phrase("avg rows", rows, speaker.value(under.element))
    else:
        left = speaker.grouped(over, t.Arithmetic, t.If)
        said = speaker.phrase("/", left, speaker.grouped(under, t.Arithmetic, t.If))
    return speaker.phrase("round", said, str(places))


def _concat(speaker: _Speaker, node: t.Concat) -> str:
    return speaker.phrase("+", speaker.value(node.left), speaker.value(node.right))


def _shift(speaker: _Speaker, node: t.Shift) -> str:
    key = "later" if node.sign > 0 else "earlier"
    return speaker.phrase(key, speaker.value(node.operand), speaker.value(node.duration))


def _difference(speaker: _Speaker, node: t.Difference) -> str:
    key = "days between" if isinstance(node.left.type, Date) else "time between"
    return speaker.phrase(key, speaker.value(node.left), speaker.value(node.right))


def _compare(speaker: _Speaker, node: t.Compare) -> str:
    return _comparison(speaker, node, node.operator)


def _comparison(speaker: _Speaker, node: t.Compare, operator: str) -> str:
    ordered = operator not in ("==", "!=")
    is_time = ordered and isinstance(node.left.type, (Date, DateTime, Time))
    left = speaker.beside(node.left, node.right)
    right = speaker.beside(node.right, node.left)
    return speaker.phrase(f"time {operator}" if is_time else operator, left, right)


def _among(speaker: _Speaker, node: t.Among, *, key: str = "among") -> str:
    return speaker.phrase(key, speaker.value(node.operand), speaker.join(node.items, node.operand))


def _within(speaker: _Speaker, node: t.Within, *, key: str = "within") -> str:
    return speaker.phrase(key, speaker.value(node.operand), speaker.value(node.list))


def _is_null(speaker: _Speaker, node: t.IsNull) -> str:
    return speaker.phrase("empty", speaker.value(node.operand))


def _not(speaker: _Speaker, node: t.Not) -> str:
    inner = node.operand
    match inner:
        case t.Compare():
            return _comparison(speaker, inner, _OPPOSITE[inner.operator])
        case t.Among():
            return _among(speaker, inner, key="not among")
        case t.Within():
            return _within(speaker, inner, key="not within")
        case t.IsNull():
            return speaker.phrase("not empty", speaker.value(inner.operand))
        case t.Field():
            return speaker.phrase("holds not", speaker.value(inner))
        case t.Aggregate():
            return _aggregate(speaker, inner, negated=True)
        case t.Not():
            return speaker.say(inner.operand)
    return speaker.phrase("not", speaker.grouped(inner, t.And, t.Or, t.If))


_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def _and(speaker: _Speaker, node: t.And) -> str:
    return speaker.phrase("and").join(speaker.grouped(part, t.Or, t.If) for part in node.parts)


def _or(speaker: _Speaker, node: t.Or) -> str:
    return speaker.phrase("or").join(speaker.grouped(part, t.And, t.If) for part in node.parts)


def _if(speaker: _Speaker, node: t.If) -> str:
    then = speaker.grouped(node.then, t.If)
    return speaker.phrase("if", speaker.say(node.test), then, speaker.grouped(node.other, t.If))


def _coalesce(speaker: _Speaker, node: t.Coalesce) -> str:
    return speaker.phrase("coalesce", speaker.join(node.operands))


def _extreme(speaker: _Speaker, node: t.Extreme) -> str:
    return speaker.phrase(node.word, speaker.join(node.operands))


def _call(speaker: _Speaker, node: t.Call) -> str:
    said = [speaker.value(argument) for argument in node.arguments]
    if node.function in ("abs", "date"):
        return speaker.phrase(node.function, said[0])
    return FUNCTIONS[node.function].words[speaker.language].format(*said)


def _aggregate(speaker: _Speaker, node: t.Aggregate, *, negated: bool = False) -> str:
    rows = speaker.path(node.rows.path, node.rows.entities)
    prefix = "not " if negated else ""
    if node.element is None:
        return speaker.phrase("count", rows)
    if node.word == "any" and isinstance(node.element, t.Literal):
        return speaker.phrase(f"{prefix}exists", rows)
    is_condition = node.word in ("any", "all", "count")
    said = speaker.say(node.element) if is_condition else speaker.value(node.element)
    return speaker.phrase(f"{prefix}{node.word} rows", rows, said)


_SAYINGS: Mapping[type, Callable[[_Speaker, Any], str]] = {
    t.Literal: _literal,
    t.Field: _field,
    t.Context: _context,
    t.Arithmetic: _arithmetic,
    t.Rescale: _rescale,
    t.Limit: _limit,
    t.Round: _round,
    t.Concat: _concat,
    t.Shift: _shift,
    t.Difference: _difference,
    t.Compare: _compare,
    t.Among: _among,
    t.Within: _within,
    t.IsNull: _is_null,
    t.Not: _not,
    t.And: _and,
    t.Or: _or,
    t.If: _if,
    t.Coalesce: _coalesce,
    t.Extreme: _extreme,
    t.Call: _call,
    t.Aggregate: _aggregate,
}
