"""Grows random well-typed expressions over the shop of the tests, as an author would write them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generator.expressions import types as t
from tests.generator.expressions.shop import DATES, ENTITIES, TEXTS, written

Draw = Callable[[Sequence[Any]], Any]
"""Takes one of several: hypothesis, which shrinks what fails, or a seeded random."""

_KINDS: Mapping[str, tuple[type, ...]] = {
    "number": (t.Number,),
    "text": (t.Text, t.Choice),
    "boolean": (t.Boolean,),
    "date": (t.Date,),
    "moment": (t.DateTime,),
    "duration": (t.Duration,),
}
KINDS = tuple(_KINDS)
_ROWS = {"order": ("lines",), "line": ("parts",), "customer": ("orders",)}
_OF = {"lines": "line", "parts": "part", "orders": "order"}
_LITERALS = {
    "number": ("0", "1", "2", "0.1", "0.2", "99.99", "100", "12345678901.5", "-3"),
    "text": tuple(written(text) for text in TEXTS),
    "boolean": ("true", "false", "null"),
    "date": tuple(f"date('{day}')" for day in DATES),
    "moment": ("now",),
    "duration": ("days(1)", "hours(5)", "minutes(-7)", "days(4000)"),
}
_CONTEXT = {
    "number": ("actor.limit",),
    "text": ("actor.name",),
    "boolean": ("actor.senior",),
    "date": ("today",),
    "moment": ("now",),
}


@dataclass(frozen=True)
class Plant:
    """One place an expression grows at: the entity at hand, the aggregates around it."""

    draw: Draw
    entity: str = "order"
    level: int = 0

    def one(self, *among: Any) -> Any:
        return self.draw(among)

    def grow(self, kind: str, depth: int) -> str:
        """Return an expression of a kind."""
        if depth <= 0 or self.one(*range(6)) == 0:
            return self.leaf(kind)
        grower: Callable[[Plant, int], str] = self.one(*_GROWERS[kind], _if, _coalesce(kind))
        return _if(self, depth, kind) if grower is _if else grower(self, depth - 1)

    def leaf(self, kind: str) -> str:
        choices = [*_LITERALS[kind], *_CONTEXT.get(kind, ())]
        fields = self.fields(kind)
        return (
            str(self.one(*choices)) if not fields or self.one(0, 1, 2) == 0 else self.one(*fields)
        )

    def fields(self, kind: str) -> list[str]:
        """Return paths of a kind, through up to two references."""
        kinds = _KINDS[kind]
        found = list(_fields(self.entity, kinds, 2))
        if self.level:
            found += [f"this.{path}" for path in _fields("order", kinds, 1)]
        return found

    def inside(self, rows: str) -> Plant:
        return Plant(self.draw, _OF[rows], self.level + 1)


def _fields(entity: str, kinds: tuple[type, ...], depth: int) -> list[str]:
    found = []
    for name, kind in ENTITIES[entity].items():
        if isinstance(kind, kinds):
            found.append(name)
        if isinstance(kind, t.Reference) and depth > 0:
            found += [f"{name}.{rest}" for rest in _fields(kind.entity, kinds, depth - 1)]
    return found


def _if(plant: Plant, depth: int, kind: str = "") -> str:
    one, two = plant.grow(kind, depth - 1), plant.grow(kind, depth - 1)
    return f"({one} if {plant.grow('boolean', depth - 1)} else {two})"


def _coalesce(kind: str) -> Callable[[Plant, int], str]:
    return lambda plant, depth: f"coalesce({plant.grow(kind, depth)}, {plant.grow(kind, depth)})"


def _pattern(pattern: str, *kinds: str) -> Callable[[Plant, int], str]:
    return lambda plant, depth: pattern.format(*(plant.grow(kind, depth) for kind in kinds))


def _whole(plant: Plant, depth: int) -> str:
    operator = plant.one("//", "%")
    one, two = (plant.one("2", "-3", "0", *_whole_fields(plant)) for _ in range(2))
    return f"({one} {operator} {two})"


def _whole_fields(plant: Plant) -> list[str]:
    found = [name for name, kind in ENTITIES[plant.entity].items() if kind == t.Number(0)]
    return [*found, "length(actor.name)"]


def _over_rows(pattern: str, kind: str, otherwise: str) -> Callable[[Plant, int], str]:
    """Return a grower of an aggregate; `otherwise` where there are no rows or enough levels."""

    def grow(plant: Plant, depth: int) -> str:
        rows = _ROWS.get(plant.entity)
        if rows is None or plant.level > 1:
            return plant.leaf(otherwise)
        return pattern.format(rows[0], plant.inside(rows[0]).grow(kind, depth))

    return grow


def _orders(plant: Plant, depth: int) -> str:
    if plant.entity != "order" or plant.level:
        return plant.leaf("boolean")
    inner = Plant(plant.draw, "order", plant.level + 1).grow("boolean", min(depth, 1))
    return f"{plant.one('any', 'all', 'exists')}(customer.orders, {inner})"


def _comparison(plant: Plant, depth: int) -> str:
    kind = plant.one("number", "date", "moment", "duration")
    operator = plant.one("==", "!=", "<", "<=", ">", ">=")
    one, two = plant.grow(kind, depth), plant.grow(kind, depth)
    if plant.one(0, 1, 2, 3) == 0:
        return f"({one} {operator} {two} {plant.one('<', '>=')} {plant.grow(kind, depth)})"
    return f"({one} {operator} {two})"


def _in(plant: Plant, depth: int) -> str:
    kind = plant.one("text", "number", "date")
    items = [plant.grow(kind, plant.one(0, depth)) for _ in range(plant.one(0, 1, 3))]
    items = [item for item in items if item != "null"]
    return f"({plant.grow(kind, depth)} {plant.one('in', 'not in')} [{', '.join(items)}])"


def _listed(plant: Plant, depth: int) -> str:
    word = plant.one("in", "not in")
    if plant.entity != "order":
        return f"(this.customer {word} actor.customers)"
    if plant.one(0, 1, 2) == 0:
        return f"({plant.one('customer.level', 'actor.id', 'note')} {word} levels)"
    if plant.one(0, 1):
        return f"(customer {word} actor.customers)"
    return f"({plant.grow('text', depth)} {word} tags)"


def _is_null(plant: Plant, depth: int) -> str:
    kind = plant.one(*KINDS)
    return f"({plant.grow(kind, depth)} is {plant.one('null', 'not null')})"


_GROWERS: Mapping[str, tuple[Callable[..., str], ...]] = {
    "number": (
        _pattern("({0} + {1})", "number", "number"),
        _pattern("({0} - {1})", "number", "number"),
        _pattern("({0} * {1})", "number", "number"),
        _pattern("round({0} / {1}, 2)", "number", "number"),
        _pattern("round({0} / {1}, 0)", "duration", "duration"),
        _pattern("round({0}, 1)", "number"),
        _pattern("abs({0})", "number"),
        _pattern("(-{0})", "number"),
        _pattern("min({0}, {1})", "number", "number"),
        _pattern("max({0}, {1})", "number", "number"),
        _pattern("length({0})", "text"),
        _pattern("({0} - {1})", "date", "date"),
        _pattern("year({0})", "date"),
        _pattern("day({0})", "moment"),
        _whole,
        _over_rows("sum({0}, {1})", "number", "number"),
        _over_rows("min({0}, {1})", "number", "number"),
        _over_rows("max({0}, {1})", "number", "number"),
        _over_rows("round(avg({0}, {1}), 2)", "number", "number"),
        _over_rows("count({0}, {1})", "boolean", "number"),
    ),
    "text": (
        _pattern("({0} + {1})", "text", "text"),
        _pattern("lower({0})", "text"),
        _pattern("upper({0})", "text"),
    ),
    "boolean": (
        _pattern("({0} and {1})", "boolean", "boolean"),
        _pattern("({0} or {1})", "boolean", "boolean"),
        _pattern("({0} and {1} or {2})", "boolean", "boolean", "boolean"),
        _pattern("(not {0})", "boolean"),
        _pattern("(not {0})", "boolean"),
        _comparison,
        _comparison,
        _pattern("({0} == {1})", "text", "text"),
        _pattern("({0} != {1})", "text", "text"),
        _pattern("contains({0}, {1})", "text", "text"),
        _pattern("starts_with({0}, {1})", "text", "text"),
        _pattern("ends_with({0}, {1})", "text", "text"),
        _in,
        _listed,
        _is_null,
        _orders,
        _over_rows("any({0}, {1})", "boolean", "boolean"),
        _over_rows("all({0}, {1})", "boolean", "boolean"),
        _over_rows("exists({0}, {1})", "boolean", "boolean"),
    ),
    "date": (
        _pattern("({0} + {1})", "date", "duration"),
        _pattern("({0} - {1})", "date", "duration"),
        _pattern("date({0})", "moment"),
        _pattern("max({0}, {1})", "date", "date"),
        _over_rows("min({0}, {1})", "date", "date"),
    ),
    "moment": (
        _pattern("({0} + {1})", "moment", "duration"),
        _pattern("({0} - {1})", "moment", "duration"),
        _pattern("min({0}, {1})", "moment", "moment"),
    ),
    "duration": (
        _pattern("({0} + {1})", "duration", "duration"),
        _pattern("({0} - {1})", "moment", "moment"),
        _pattern("({0} * 3)", "duration"),
        _pattern("abs({0})", "duration"),
    ),
}
