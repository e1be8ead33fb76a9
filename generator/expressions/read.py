"""Syntax → typed tree: names, literals, operators. Calls are read in `calls.py`.

A node of Python's grammar that has no function here does not exist in the language.
"""

from __future__ import annotations

import ast
import datetime as dt
from collections.abc import Callable, Mapping

from generator.expressions import calls, numbers
from generator.expressions.hints import (
    LANGUAGE,
    NOT_NULL,
    compared,
    instead,
    ordered,
    reckoned,
)
from generator.expressions.paths import resolve
from generator.expressions.problems import Fault, suggestion
from generator.expressions.tree import (
    Among,
    And,
    Compare,
    Concat,
    Context,
    Difference,
    Field,
    If,
    IsNull,
    Literal,
    Not,
    Or,
    Shift,
    Tree,
    Within,
)
from generator.expressions.types import (
    LIMIT,
    MAX_SCALE,
    ORDERED,
    TEXTUAL,
    Boolean,
    Choice,
    Date,
    DateTime,
    Duration,
    ListOf,
    Null,
    Number,
    Opaque,
    Text,
    Time,
    Type,
    describe,
    is_link,
    unify,
)
from generator.expressions.where import Where
from generator.saying import capitalized, say

_WORDS: Mapping[str, tuple[object, Type]] = {
    "true": (True, Boolean()),
    "false": (False, Boolean()),
    "null": (None, Null()),
}
_COMPARISONS: Mapping[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_OPERATORS: Mapping[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.FloorDiv: "//",
    ast.Mod: "%",
}


def read(node: ast.expr, where: Where) -> Tree:
    """Return the typed tree of a syntax node; raises `Fault`."""
    reader = _READERS.get(type(node))
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


def _unary(node: ast.UnaryOp, where: Where) -> Tree:
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


def _binary(node: ast.BinOp, where: Where) -> Tree:
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


def _compare(node: ast.Compare, where: Where) -> Tree:
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


def _if(node: ast.IfExp, where: Where) -> Tree:
    test = condition(node.test, where)
    then, other = read(node.body, where), read(node.orelse, where)
    then = literal_as(then, other.type, node.body, where)
    other = literal_as(other, then.type, node.orelse, where)
    (then, other), kind = same_type((then, other), node, where)
    return If(test, then, other, kind)


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


_READERS: Mapping[type[ast.expr], Callable[..., Tree]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: resolve,
    ast.BoolOp: _bool_op,
    ast.UnaryOp: _unary,
    ast.BinOp: _binary,
    ast.Compare: _compare,
    ast.IfExp: _if,
    ast.Call: _call,
}
