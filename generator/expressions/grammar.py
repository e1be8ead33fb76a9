"""The grammar: which node of Python's syntax is read how; the language has no other."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from generator.expressions import calls
from generator.expressions.comparing import compare
from generator.expressions.fitting import literal_as, same_type
from generator.expressions.paths import resolve
from generator.expressions.problems import suggestion
from generator.expressions.read import condition, not_allowed, read
from generator.expressions.reckoning import binary, unary
from generator.expressions.tree import And, If, Literal, Or, Tree
from generator.expressions.types import LIMIT, MAX_SCALE, Boolean, Null, Number, Text, Type
from generator.expressions.where import Where
from generator.saying import say

_WORDS: Mapping[str, tuple[object, Type]] = {
    "true": (True, Boolean()),
    "false": (False, Boolean()),
    "null": (None, Null()),
}


def _constant(node: ast.Constant, where: Where) -> Tree:
    if node.value is None:
        return Literal(None, Null())
    if isinstance(node.value, bool):
        return Literal(node.value, Boolean())
    if isinstance(node.value, str):
        return Literal(node.value, Text())
    if not isinstance(node.value, (int, float)):
        raise not_allowed(node, where)
    whole, _, decimals = where.written(node).partition(".")
    decimals = decimals.rstrip("0")
    value = int(whole + decimals)
    if value >= LIMIT or len(decimals) > MAX_SCALE:
        hint = say("At most 18 digits, {most} of them after the point.", most=MAX_SCALE)
        raise where.fault("D509", node, "The number has too many digits.", hint)
    return Literal(value, Number(len(decimals)))


def _name(node: ast.Name, where: Where) -> Tree:
    if node.id in _WORDS:
        value, kind = _WORDS[node.id]
        return Literal(value, kind)
    return resolve(node, where)


def _bool_op(node: ast.BoolOp, where: Where) -> Tree:
    parts = tuple(condition(part, where) for part in node.values)
    return And(parts, Boolean()) if isinstance(node.op, ast.And) else Or(parts, Boolean())


def _if(node: ast.IfExp, where: Where) -> Tree:
    test = condition(node.test, where)
    then, other = read(node.body, where), read(node.orelse, where)
    then = literal_as(then, other.type, node.body, where)
    other = literal_as(other, then.type, node.orelse, where)
    (then, other), kind = same_type((then, other), node, where)
    return If(test, then, other, kind)


def _call(node: ast.Call, where: Where) -> Tree:
    if not isinstance(node.func, ast.Name):
        message = say("'{written}' cannot be called.", written=where.written(node.func))
        raise where.fault(
            "D502", node.func, message, "Write function(value), not value.function()."
        )
    reader = calls.reader(node.func.id)
    if reader is None:
        message = say("There is no function '{name}'.", name=node.func.id)
        raise where.fault("D505", node.func, message, suggestion(node.func.id, calls.known()))
    if node.keywords:
        hint = "Write function(value), not function(name=value)."
        raise where.fault("D507", node, "Arguments are written without names.", hint)
    return reader(node, where)


READERS: Mapping[type[ast.expr], Callable[..., Tree]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: resolve,
    ast.BoolOp: _bool_op,
    ast.UnaryOp: unary,
    ast.BinOp: binary,
    ast.Compare: compare,
    ast.IfExp: _if,
    ast.Call: _call,
}
