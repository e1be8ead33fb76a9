"""How deep the SQL of an expression nests: SQLite's parser holds a hundred symbols, not more.

Each kind of node has a price, measured on SQLite 3.40 (its grammar symbols on the parser's stack
while the deepest operand is read). `BUDGET` leaves a quarter to the statement around it, so an
expression that was accepted when it was loaded runs in every list, export and report.
"""

from __future__ import annotations

from collections.abc import Mapping

from generator.expressions import tree as t

BUDGET = 75

_HOP = 8
"""The subquery of one reference on a path."""

_PRICES: Mapping[type, int] = {
    t.Literal: 1,
    t.Field: 2,
    t.Context: 1,
    t.Arithmetic: 5,
    t.Rescale: 5,
    t.Limit: 12,
    t.Round: 13,
    t.Concat: 4,
    t.Shift: 18,
    t.Difference: 9,
    t.Compare: 4,
    t.Among: 4,
    t.Within: 12,
    t.IsNull: 2,
    t.Not: 3,
    t.And: 4,
    t.Or: 4,
    t.If: 7,
    t.Coalesce: 4,
    t.Extreme: 4,
    t.Call: 12,
    t.Aggregate: 20,
}


def depth(tree: t.Tree) -> int:
    """Return the price of the deepest way through a tree."""
    price = _PRICES[type(tree)]
    if isinstance(tree, t.Field):
        price += _HOP * (len(tree.path) - 1)
    if isinstance(tree, t.Arithmetic) and tree.operator in ("//", "%"):
        price = _PRICES[t.Round]
    return price + max((depth(part) for part in t.parts(tree)), default=0)
