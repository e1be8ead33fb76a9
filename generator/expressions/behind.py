"""A condition on a record → the same condition on a record that points at it.

Comes in: an expression about `order` and the field by which `order_line` points at it. Goes out:
the expression about `order_line` that asks the order. A part of a record is seen by whoever sees
the record, so the scope of the one is made from the scope of the other, once, when it is loaded.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from generator.expressions import tree as t
from generator.expressions.compile import Expression


def behind(expression: Expression, entity: str, field: str) -> Expression:
    """Return the expression as a record of `entity` asks it of what its `field` points at."""
    tree = _moved(expression.tree, entity, field, inside=False)
    return replace(
        expression,
        text=f"{field}: {expression.text}",
        entity=entity,
        paths=tuple((field, *path) for path in expression.paths),
        tree=tree,
    )


def _moved(node: t.Tree, entity: str, field: str, *, inside: bool) -> t.Tree:
    """Return a tree read one reference further away; a row inside an aggregate stays its own."""
    if isinstance(node, t.Field):
        return node if inside and not node.outer else _further(node, entity, field)
    if isinstance(node, t.Aggregate):
        own = not inside or node.rows.outer
        rows = _further_rows(node.rows, entity, field) if own else node.rows
        element = node.element
        if element is not None:
            element = _moved(element, entity, field, inside=True)
        return replace(node, rows=rows, element=element)
    return t.rebuilt(node, partial(_moved, entity=entity, field=field, inside=inside))


def _further(node: t.Field, entity: str, field: str) -> t.Field:
    return replace(node, path=(field, *node.path), entities=(entity, *node.entities))


def _further_rows(node: t.Rows, entity: str, field: str) -> t.Rows:
    return replace(node, path=(field, *node.path), entities=(entity, *node.entities))
