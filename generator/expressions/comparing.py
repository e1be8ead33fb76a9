"""Comparisons → typed tree: == and its like, `is null`, `in`."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from generator.expressions import numbers
from generator.expressions.fitting import literal_as
from generator.expressions.hints import compared, instead, ordered
from generator.expressions.read import many, read
from generator.expressions.tree import (
    Among,
    And,
    Compare,
    Context,
    Field,
    IsNull,
    Not,
    Tree,
    Within,
)
from generator.expressions.types import (
    ORDERED,
    TEXTUAL,
    Boolean,
    ListOf,
    Null,
    Number,
    Opaque,
    describe,
    is_link,
    unify,
)
from generator.expressions.where import Where
from generator.saying import capitalized, say

_COMPARISONS: Mapping[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


def compare(node: ast.Compare, where: Where) -> Tree:
    sides = [node.left, *node.comparators]
    pairs = zip(sides, node.ops, sides[1:], strict=False)
    parts = tuple(_comparison(left, op, right, node, where) for left, op, right in pairs)
    return parts[0] if len(parts) == 1 else And(parts, Boolean())


def _comparison(
    left: ast.expr, op: ast.cmpop, right: ast.expr, node: ast.expr, where: Where
) -> Tree:
    if isinstance(op, (ast.Is, ast.IsNot)):
        return _is_null(left, op, right, where)
    if isinstance(op, (ast.In, ast.NotIn)):
        found = _membership(left, right, where)
        return Not(found, Boolean()) if isinstance(op, ast.NotIn) else found
    operator = _COMPARISONS[type(op)]
    one, two = read(left, where), read(right, where)
    if isinstance(one.type, Null) or isinstance(two.type, Null):
        other = where.written(left if isinstance(two.type, Null) else right)
        wanted = "is null" if operator == "==" else "is not null"
        message = "Nothing equals null, not even null."
        raise where.fault(
            "D508", node, message, say("Write '{other} {wanted}'.", other=other, wanted=wanted)
        )
    one, two = literal_as(one, two.type, left, where), literal_as(two, one.type, right, where)
    kind = unify(one.type, two.type)
    if kind is None or isinstance(kind, (ListOf, Opaque)):
        message = say(
            "{one} does not compare with {other}.",
            one=capitalized(describe(one.type)),
            other=describe(two.type),
        )
        raise where.fault("D506", node, message, compared(one.type, two.type))
    if operator not in ("==", "!=") and not isinstance(kind, ORDERED):
        message = say("'{operator}' does not order {kind}.", operator=operator, kind=describe(kind))
        raise where.fault("D506", node, message, ordered(kind))
    one, two = numbers.align(one, two)
    return Compare(operator, one, two, Boolean())


def _is_null(left: ast.expr, op: ast.cmpop, right: ast.expr, where: Where) -> Tree:
    operand = read(left, where)
    if isinstance(operand, Field) and is_link(operand.type):
        raise many(left, where)
    if not isinstance(read(right, where).type, Null):
        raise where.fault("D502", right, "'is' only asks for null.", "Write == to compare values.")
    asked = IsNull(operand, Boolean())
    return Not(asked, Boolean()) if isinstance(op, ast.IsNot) else asked


def _membership(left: ast.expr, right: ast.expr, where: Where) -> Tree:
    operand = read(left, where)
    if isinstance(right, (ast.List, ast.Tuple)):
        return _among(operand, right, left, where)
    listed = read(right, where)
    if not isinstance(listed, (Field, Context)) or not isinstance(listed.type, ListOf):
        hint = "For a part of a text write contains(text, part)."
        message = say(
            "'{written}' is {type}, a list is needed.",
            written=where.written(right),
            type=describe(listed.type),
        )
        if not isinstance(listed.type, TEXTUAL):
            hint = "Write a list such as ['a', 'b'], or a field that holds one."
        raise where.fault("D506", right, message, hint)
    operand = literal_as(operand, listed.type.item, left, where)
    kind = unify(operand.type, listed.type.item)
    if kind is None or isinstance(kind, Null) or numbers.scale_of(operand) != _item_scale(listed):
        message = say(
            "{one} holds no {other}.",
            one=capitalized(describe(listed.type)),
            other=describe(operand.type),
        )
        raise where.fault("D506", left, message, instead(listed.type.item))
    return Within(operand, listed, Boolean())


def _item_scale(listed: Field | Context) -> int:
    item = listed.type.item if isinstance(listed.type, ListOf) else listed.type
    return item.scale if isinstance(item, Number) else 0


def _among(operand: Tree, listed: ast.List | ast.Tuple, left: ast.expr, where: Where) -> Tree:
    items = []
    for element in listed.elts:
        item = literal_as(read(element, where), operand.type, element, where)
        if isinstance(item.type, Null) or isinstance(operand.type, Null):
            raise where.fault("D508", element, "Nothing equals null.", "Write 'or x is null'.")
        if unify(operand.type, item.type) is None or isinstance(item.type, ListOf):
            message = say(
                "{one} is never {other}.",
                one=capitalized(describe(item.type)),
                other=describe(operand.type),
            )
            raise where.fault("D506", element, message, instead(operand.type))
        items.append(literal_as(item, operand.type, element, where))
        operand = literal_as(operand, item.type, left, where)
    operand, *rest = numbers.align(operand, *items)
    return Among(operand, tuple(rest), Boolean())
