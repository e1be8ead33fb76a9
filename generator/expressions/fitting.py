"""A value where a type is wanted: texts become dates and choices, numbers gain decimals."""

from __future__ import annotations

import ast
import datetime as dt
from collections.abc import Callable, Mapping

from generator.expressions import numbers
from generator.expressions.hints import NOT_NULL, instead
from generator.expressions.problems import suggestion
from generator.expressions.tree import Literal, Tree
from generator.expressions.types import (
    Choice,
    Date,
    DateTime,
    ListOf,
    Null,
    Number,
    Opaque,
    Time,
    Type,
    describe,
    unify,
)
from generator.expressions.where import Where
from generator.saying import capitalized, say


def fit(tree: Tree, wanted: Type, node: ast.expr, where: Where, code: str = "D506") -> Tree:
    """Return the tree as a value of the wanted type: texts become dates, numbers gain decimals."""
    tree = literal_as(tree, wanted, node, where)
    kind = tree.type
    if isinstance(kind, Number) and isinstance(wanted, Number):
        if kind.scale <= wanted.scale:
            return numbers.rescale(tree, wanted.scale)
        message = say(
            "The result has {scale} decimals, {kept} are kept.",
            scale=kind.scale,
            kept=wanted.scale,
        )
        written = where.written(node)
        raise where.fault(
            code,
            node,
            message,
            say("Write round({written}, {scale}).", written=written, scale=wanted.scale),
        )
    if unify(kind, wanted) is None:
        message = say(
            "'{written}' is {kind}, {wanted} is needed.",
            written=where.written(node),
            kind=describe(kind),
            wanted=describe(wanted),
        )
        raise where.fault(code, node, message, instead(wanted))
    return tree


def literal_as(tree: Tree, wanted: Type, node: ast.expr, where: Where) -> Tree:
    """Return a text literal as the date, time or choice it stands beside."""
    if not isinstance(tree, Literal) or not isinstance(tree.value, str):
        return tree
    if isinstance(wanted, Choice) and tree.value not in wanted.values:
        message = say("'{value}' is not one of the choices.", value=tree.value)
        raise where.fault("D510", node, message, suggestion(tree.value, wanted.values))
    if isinstance(wanted, Choice):
        return Literal(tree.value, wanted)
    parser = _WRITTEN.get(type(wanted))
    if parser is None:
        return tree
    try:
        return Literal(parser[0](tree.value), wanted)
    except ValueError as error:
        message = say("'{value}' is not {wanted}.", value=tree.value, wanted=describe(wanted))
        raise where.fault(
            "D506", node, message, say("Write it as {form}.", form=parser[1])
        ) from error


def same_type(
    trees: tuple[Tree, ...], node: ast.expr, where: Where
) -> tuple[tuple[Tree, ...], Type]:
    """Return operands brought to one type, and that type; raises `Fault` when there is none."""
    kind: Type = Null()
    for tree in trees:
        found = unify(kind, tree.type)
        if found is None or isinstance(found, (ListOf, Opaque)):
            message = say(
                "{one} and {other} do not go together.",
                one=capitalized(describe(kind)),
                other=describe(tree.type),
            )
            hint = "Give all of them one type, such as numbers only or texts only."
            raise where.fault("D506", node, message, hint)
        kind = found
    if isinstance(kind, Null):
        message = say("'{written}' is always null.", written=where.written(node))
        raise where.fault("D512", node, message, NOT_NULL)
    return numbers.align(*trees) if isinstance(kind, Number) else trees, kind


def _moment(text: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment.astimezone(dt.UTC)


_WRITTEN: Mapping[type, tuple[Callable[[str], object], str]] = {
    Date: (dt.date.fromisoformat, "'2026-01-31'"),
    DateTime: (_moment, "'2026-01-31T09:30:00+08:00'"),
    Time: (dt.time.fromisoformat, "'09:30'"),
}
