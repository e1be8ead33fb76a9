"""Which conditions can hold together, and whether one of them always does.

Conditions over one field and written values (`risk >= 80`, `kind in ['a', 'b']`, `x is null`) are
decided exactly: a few values stand for all, one on each side of every written one. Any other
comparison is an unknown that is true or false, the same one wherever it is written. Null is left
out except where a condition asks for it, so "always" means: for every record without gaps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any

from generator.expressions import tree as t
from generator.expressions.types import Boolean, Choice, Number

MOST = 4_096
"""So many combinations are tried; more are left undecided."""

ELSEWHERE = "\0elsewhere"
"""A text that nobody wrote."""

Key = tuple[Any, ...]
Point = Mapping[Key, Any]

_OPPOSITE = {"!=": "==", ">=": "<", ">": "<="}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


def always(conditions: Iterable[t.Tree]) -> bool | None:
    """Say whether at least one of some conditions holds for every record; None: undecided."""
    trees = tuple(conditions)
    points = _points(trees)
    if points is None:
        return None
    return all(any(_value(tree, point) is True for tree in trees) for point in points)


def never(condition: t.Tree) -> bool | None:
    """Say whether a condition holds for no record; None: undecided."""
    points = _points((condition,))
    return None if points is None else not any(_value(condition, one) is True for one in points)


def disjoint(one: t.Tree, other: t.Tree) -> bool | None:
    """Say whether two conditions never hold together; None: undecided."""
    points = _points((one, other))
    if points is None:
        return None
    return not any(_value(one, p) is True and _value(other, p) is True for p in points)


def _points(trees: tuple[t.Tree, ...]) -> list[Point] | None:
    """Return a point for every combination that could make a difference."""
    values: dict[Key, list[Any]] = {}
    for tree in trees:
        for key, found in _samples(tree):
            known = values.setdefault(key, [])
            known += [one for one in found if one not in known]
    size = 1
    for found in values.values():
        size *= max(1, len(found))
        if size > MOST:
            return None
    keys = list(values)
    return [dict(zip(keys, each, strict=True)) for each in product(*values.values())]


def _samples(tree: t.Tree) -> Iterator[tuple[Key, list[Any]]]:
    """Yield what each value that a condition asks about may be."""
    if isinstance(tree, (t.And, t.Or, t.Not, t.If)):
        for part in t.parts(tree):
            yield from _samples(part)
    elif isinstance(tree, t.IsNull):
        key = _key(tree.operand)
        yield key, [None, *_usual(tree.operand, ())]
    elif isinstance(tree, t.Among) and _plain(tree.operand) and _written(tree):
        written = tuple(item.value for item in tree.items if isinstance(item, t.Literal))
        yield _key(tree.operand), _usual(tree.operand, written)
    elif isinstance(tree, t.Compare) and (found := _sides(tree)) is not None:
        subject, _, literal = found
        yield _key(subject), _usual(subject, (literal,))
    elif isinstance(tree, (t.Field, t.Context)) and isinstance(tree.type, Boolean):
        yield _key(tree), [True, False]
    elif not isinstance(tree, t.Literal):
        yield _unknown(tree)[0], [True, False]


def _usual(subject: t.Tree, written: tuple[Any, ...]) -> list[Any]:
    """Return values that stand for all there are, around those that are written."""
    kind = subject.type
    if isinstance(kind, Choice):
        return list(kind.values)
    if isinstance(kind, Boolean):
        return [True, False]
    if isinstance(kind, Number):
        near = [one + step for one in written if isinstance(one, int) for step in (-1, 0, 1)]
        return list(dict.fromkeys(near)) or [0]
    return [*dict.fromkeys(written), ELSEWHERE]


def _value(tree: t.Tree, point: Point) -> Any:
    """Return what a condition is at a point: true, false or null."""
    match tree:
        case t.Literal(value=value):
            return value
        case t.Not(operand=operand):
            found = _value(operand, point)
            return None if found is None else not found
        case t.And(parts=parts):
            return _least([_value(part, point) for part in parts])
        case t.Or(parts=parts):
            turned = _least([_not(_value(part, point)) for part in parts])
            return _not(turned)
        case t.If(test=test, then=then, other=other):
            return _value(then if _value(test, point) is True else other, point)
        case t.IsNull(operand=operand):
            return point.get(_key(operand)) is None
        case t.Among(operand=operand, items=items) if _key(operand) in point:
            mine = point[_key(operand)]
            return (
                None
                if mine is None
                else mine in [i.value for i in items if isinstance(i, t.Literal)]
            )
        case t.Compare() if (found := _sides(tree)) is not None:
            subject, operator, literal = found
            return _compared(operator, point[_key(subject)], literal)
        case t.Field() | t.Context() if isinstance(tree.type, Boolean):
            return point[_key(tree)]
    key, turned = _unknown(tree)
    return point[key] is not turned


def _least(found: list[Any]) -> Any:
    if False in found:
        return False
    return None if None in found else True


def _not(value: Any) -> Any:
    return None if value is None else not value


def _compared(operator: str, mine: Any, literal: Any) -> bool | None:
    if mine is None or literal is None:
        return None
    if operator in ("==", "!="):
        return (mine == literal) is (operator == "==")
    if type(mine) is not type(literal):
        return None
    answers = {
        "<": mine < literal,
        "<=": mine <= literal,
        ">": mine > literal,
        ">=": mine >= literal,
    }
    return bool(answers[operator])


def _sides(tree: t.Compare) -> tuple[t.Tree, str, Any] | None:
    """Return subject, operator and written value of a comparison that can be decided."""
    left, right = tree.left, tree.right
    if isinstance(left, t.Literal) and not isinstance(right, t.Literal):
        turned = t.Compare(_TURNED[tree.operator], right, left, tree.type)
        return _sides(turned)
    if not isinstance(right, t.Literal) or not _plain(left):
        return None
    ordered = tree.operator not in ("==", "!=")
    if ordered and not isinstance(left.type, Number):
        return None
    return left, tree.operator, right.value


def _plain(tree: t.Tree) -> bool:
    """Whether a tree is one value of the record or of its surroundings."""
    return isinstance(tree, (t.Field, t.Context, t.Aggregate, t.Rescale))


def _written(tree: t.Among) -> bool:
    """Whether a list holds only written values."""
    return all(isinstance(item, t.Literal) for item in tree.items)


def _key(tree: t.Tree) -> Key:
    return ("value", repr(tree))


def _unknown(tree: t.Tree) -> tuple[Key, bool]:
    """Return what an undecided comparison is called, and whether it is written the other way."""
    if isinstance(tree, t.Compare):
        operator, left, right = tree.operator, tree.left, tree.right
        if repr(left) > repr(right):
            operator, left, right = _TURNED[operator], right, left
        turned = operator in _OPPOSITE
        return ("unknown", _OPPOSITE.get(operator, operator), repr(left), repr(right)), turned
    return ("unknown", repr(tree)), False
