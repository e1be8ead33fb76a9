"""Whole-number arithmetic with scales: rescaling, and where a result could leave the range.

Every stored number has at most 18 digits (`LIMIT`), and so has every value that leaves a sum or a
product. Inside one, steps may use 64 bits; a step that provably might not fit is marked `limited`
and is null when it does not. `close` puts a `Limit` where such a chain ends. SQLite turns an
overflow into floating point and lets it flow to the end of the chain, where `Limit` finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from generator.expressions.tree import (
    Aggregate,
    Arithmetic,
    Call,
    Coalesce,
    Extreme,
    If,
    Limit,
    Literal,
    Rescale,
    Round,
    Tree,
    rebuilt,
)
from generator.expressions.types import LIMIT, Duration, Null, Number, Type

SAFE = 9 * 10**18
"""Results up to this fit a signed 64-bit integer."""

WORD = 2**63
"""A limited step is null outside `-WORD` to `WORD - 1`."""


def scale_of(tree: Tree) -> int:
    """Return the decimals of a number; a duration counts as a whole number."""
    return tree.type.scale if isinstance(tree.type, Number) else 0


def bound(tree: Tree) -> int:
    """Return a number of units that the value of a numeric tree never exceeds."""
    match tree:
        case Literal(value=int(value)):
            return abs(value)
        case Arithmetic() | Rescale() if tree.limited:
            return WORD
        case Arithmetic():
            return _OF_OPERATOR[tree.operator](bound(tree.left), bound(tree.right))
        case Rescale():
            return int(bound(tree.operand) * 10**tree.places)
        case Round():
            return bound(tree.over)
        case If():
            return max(bound(tree.then), bound(tree.other))
        case Coalesce(operands=operands) | Extreme(operands=operands):
            return max(bound(operand) for operand in operands)
        case Aggregate(word="min" | "max", element=element) if element is not None:
            return bound(element)
    return LIMIT


_OF_OPERATOR: Mapping[str, Callable[[int, int], int]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left + right,
    "*": lambda left, right: left * right,
    "//": lambda left, right: left,
    "%": lambda left, right: right,
}


def arithmetic(operator: str, left: Tree, right: Tree, kind: Type) -> Arithmetic:
    """Return the operation, limited if its result might not fit."""
    node = Arithmetic(operator, left, right, kind)
    return replace(node, limited=True) if bound(node) > SAFE else node


def rescale(tree: Tree, scale: int) -> Tree:
    """Return the same number with `scale` decimals, which are not fewer than it has."""
    places = scale - scale_of(tree)
    if places == 0 or isinstance(tree.type, Null):
        return tree
    if isinstance(tree, Literal) and abs(tree.value) * 10**places < LIMIT:
        return Literal(tree.value * 10**places, Number(scale))
    node = Rescale(tree, places, Number(scale))
    return replace(node, limited=True) if bound(node) > SAFE else node


def align(*trees: Tree) -> tuple[Tree, ...]:
    """Return numbers of one scale, the largest among them; other types are returned as they are."""
    if not any(isinstance(tree.type, Number) for tree in trees):
        return trees
    scale = max(scale_of(tree) for tree in trees)
    return tuple(rescale(tree, scale) for tree in trees)


def close(tree: Tree) -> Tree:
    """Return the whole tree with a `Limit` at the end of every chain that needs one."""
    return _settled(_closed(tree))


def _closed(tree: Tree) -> Tree:
    within = is_chain(tree)
    strict = isinstance(tree, (Round, Call))
    return rebuilt(tree, lambda part: _end(_closed(part), within, strict))


def _end(part: Tree, within: bool, strict: bool) -> Tree:
    """Return a part as its parent needs it: raw inside a chain, limited where one ends."""
    if within and is_chain(part):
        return part
    if strict:
        return _settled(part)
    return Limit(part, part.type) if _has_limited_step(part) else part


def _settled(tree: Tree) -> Tree:
    if isinstance(tree.type, (Number, Duration)) and bound(tree) > LIMIT:
        return Limit(tree, tree.type)
    return tree


def is_chain(tree: Tree) -> bool:
    """Return whether a tree is a step of a sum or product."""
    return isinstance(tree, Rescale) or (isinstance(tree, Arithmetic) and tree.operator in "+-*")


def _has_limited_step(tree: Tree) -> bool:
    if isinstance(tree, Rescale):
        return tree.limited or _has_limited_step(tree.operand)
    if isinstance(tree, Arithmetic) and is_chain(tree):
        return tree.limited or _has_limited_step(tree.left) or _has_limited_step(tree.right)
    return False
