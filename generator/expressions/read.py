"""Syntax → typed tree: the one door, which every part of an expression goes through.

How each kind of node is read stands in `grammar.py`; it comes along in `Where`, so that a reader of
parts needs not know all the others. A node of Python's grammar without a reader does not exist in
the language.
"""

from __future__ import annotations

import ast

from generator.expressions.hints import LANGUAGE
from generator.expressions.problems import Fault
from generator.expressions.tree import Tree
from generator.expressions.types import Boolean, Null, describe
from generator.expressions.where import Where
from generator.saying import say


def read(node: ast.expr, where: Where) -> Tree:
    """Return the typed tree of a syntax node; raises `Fault`."""
    reader = where.readers.get(type(node))
    if reader is None:
        raise not_allowed(node, where)
    return reader(node, where)


def not_allowed(node: ast.expr, where: Where) -> Fault:
    """Return the fault of what Python's grammar has and the language has not."""
    message = say("'{written}' is not allowed here.", written=where.written(node))
    return where.fault("D502", node, message, LANGUAGE)


def condition(node: ast.expr, where: Where) -> Tree:
    """Return the tree of a node that must be true, false or unknown."""
    tree = read(node, where)
    if isinstance(tree.type, (Boolean, Null)):
        return tree
    hint = "Compare it with something, such as '> 0', or ask 'is not null'."
    message = say(
        "'{written}' is {type}, a condition is needed.",
        written=where.written(node),
        type=describe(tree.type),
    )
    raise where.fault("D506", node, message, hint)


def many(node: ast.expr, where: Where) -> Fault:
    """Return the fault of a many-to-many field used as one value."""
    written = where.written(node)
    hint = say("Write exists({written}), count({written}) or 'x in {written}'.", written=written)
    return where.fault(
        "D513",
        node,
        say("'{written}' is many records, one value is needed.", written=written),
        hint,
    )
