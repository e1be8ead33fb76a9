"""Whole-number arithmetic with scales: rescaling, and where a result could leave the range.

Every stored number has fewer than 18 digits (`LIMIT`), so most sums provably fit 64 bits. Where a
result might not, the node is marked `limited`: it is null when it reaches `LIMIT`. The same nodes
are marked for every back end, so none can overflow, and SQLite never slips into floating point.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from generator.expressions.tree import (
    Aggregate,
    Arithmetic,
    Coalesce,
    Extreme,
    If,
    Literal,
    Rescale,
    Round,
    Tree,
)
from generator.expressions.types import LIMIT, Duration, Null, Number, Type

SAFE = 9 * 10**18
"""Results up to this fit a signed 64-bit integer."""


def scale_of(tree: Tree) -> int:
    """Return the decimals of a number; a duration counts as a whole number."""
    return tree.type.scale if isinstance(tree.type, Number) else 0


def bound(tree: Tree) -> int:
    """Return a number of units that the value of a numeric tree never exceeds."""
    match tree:
        case Literal(value=int(value)):
            return abs(value)
        case Arithmetic() | Rescale() if tree.limited:
            return LIMIT
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


def settle(tree: Tree) -> Tree:
    """Return a tree whose final value has at most 18 digits, or is null."""
    if isinstance(tree.type, (Number, Duration)) and bound(tree) > LIMIT:
        return Rescale(tree, 0, tree.type, limited=True)
    return tree
