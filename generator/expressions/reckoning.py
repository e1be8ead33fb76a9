"""Operators → typed tree: numbers, texts put together, dates and durations."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from generator.expressions import numbers
from generator.expressions.hints import reckoned
from generator.expressions.read import condition, not_allowed, read
from generator.expressions.tree import Concat, Difference, Literal, Not, Shift, Tree
from generator.expressions.types import (
    MAX_SCALE,
    Boolean,
    Choice,
    Date,
    DateTime,
    Duration,
    Number,
    Text,
    describe,
)
from generator.expressions.where import Where
from generator.saying import say

_OPERATORS: Mapping[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.FloorDiv: "//",
    ast.Mod: "%",
}


def unary(node: ast.UnaryOp, where: Where) -> Tree:
    if isinstance(node.op, ast.Not):
        return Not(condition(node.operand, where), Boolean())
    operand = read(node.operand, where)
    if not isinstance(node.op, ast.USub) or not isinstance(operand.type, (Number, Duration)):
        message = say("'{written}' is not allowed here.", written=where.written(node))
        raise where.fault("D502", node, message, "A minus stands before a number.")
    if isinstance(operand, Literal):
        return Literal(-operand.value, operand.type)
    return numbers.arithmetic("-", Literal(0, operand.type), operand, operand.type)


def _operator(node: ast.BinOp, where: Where) -> str:
    if isinstance(node.op, ast.Div):
        hint = say(
            "Write round({written}, 2), with the decimals you want.", written=where.written(node)
        )
        raise where.fault("D511", node, "A division stands alone inside round().", hint)
    operator = _OPERATORS.get(type(node.op))
    if operator is None:
        raise not_allowed(node, where)
    return operator


def binary(node: ast.BinOp, where: Where) -> Tree:
    operator = _operator(node, where)
    left, right = read(node.left, where), read(node.right, where)
    kinds = (left.type, right.type)
    match kinds:
        case (Number(), Number()):
            return _number_op(operator, left, right, node, where)
        case (Text() | Choice(), Text() | Choice()) if operator == "+":
            return Concat(left, right, Text())
        case (Date() | DateTime(), Duration()) if operator in "+-":
            return Shift(left, right, 1 if operator == "+" else -1, left.type)
        case (Duration(), Date() | DateTime()) if operator == "+":
            return Shift(right, left, 1, right.type)
        case (Date(), Date()) if operator == "-":
            return Difference(left, right, Number(0))
        case (DateTime(), DateTime()) if operator == "-":
            return Difference(left, right, Duration())
        case (Duration(), Duration()) if operator in "+-":
            return numbers.arithmetic(operator, left, right, Duration())
        case (Duration(), Number(scale=0)) | (Number(scale=0), Duration()) if operator == "*":
            return numbers.arithmetic(operator, left, right, Duration())
    raise _no_operation(operator, left, right, node, where)


def _number_op(operator: str, left: Tree, right: Tree, node: ast.BinOp, where: Where) -> Tree:
    if operator == "*":
        scale = numbers.scale_of(left) + numbers.scale_of(right)
        if scale > MAX_SCALE:
            hint = say(
                "Round one side first, such as round({written}, 2).",
                written=where.written(node.left),
            )
            message = say(
                "The product has {scale} decimals, {most} are possible.",
                scale=scale,
                most=MAX_SCALE,
            )
            raise where.fault("D509", node, message, hint)
        return numbers.arithmetic("*", left, right, Number(scale))
    if operator in ("//", "%") and numbers.scale_of(left) + numbers.scale_of(right) > 0:
        message = say("'{operator}' works on whole numbers.", operator=operator)
        raise where.fault("D506", node, message, "Use round(a / b, n) for other numbers.")
    left, right = numbers.align(left, right)
    return numbers.arithmetic(operator, left, right, left.type)


def _no_operation(
    operator: str, left: Tree, right: Tree, node: ast.BinOp, where: Where
) -> Exception:
    message = say(
        "'{operator}' does not work on {one} and {other}.",
        operator=operator,
        one=describe(left.type),
        other=describe(right.type),
    )
    return where.fault("D506", node, message, reckoned(left.type, right.type))
