"""Calls → typed tree: the forms with rules of their own, and the plain functions of the table."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from generator.expressions import numbers, read
from generator.expressions.fitting import fit, literal_as, same_type
from generator.expressions.functions import FORMS, FUNCTIONS, Function
from generator.expressions.paths import resolve, split, steps
from generator.expressions.tree import (
    Aggregate,
    Call,
    Coalesce,
    Context,
    Extreme,
    Literal,
    Round,
    Rows,
    Tree,
)
from generator.expressions.types import (
    MAX_SCALE,
    ORDERED,
    TEXTUAL,
    Boolean,
    Date,
    DateTime,
    Duration,
    Number,
    Text,
    describe,
)
from generator.expressions.where import Where
from generator.saying import say

HAVE_ORDER = "Write values that have an order: numbers, dates, times or durations."

Reader = Callable[[ast.Call, Where], Tree]


def reader(name: str) -> Reader | None:
    """Return what reads a call of `name`, or None for an unknown word."""
    if name in _FORMS:
        return _FORMS[name]
    return _plain if name in FUNCTIONS else None


def known() -> Iterable[str]:
    """Return every word that can be called."""
    return {*FORMS, *FUNCTIONS}


def _arguments(node: ast.Call, where: Where, least: int, most: int) -> list[ast.expr]:
    if least <= len(node.args) <= most:
        return node.args
    name = where.written(node.func)
    wanted = str(least) if least == most else say("{least} to {most}", least=least, most=most)
    message = say(
        "{name}() takes {wanted} argument(s), {args} are written.",
        name=name,
        wanted=wanted,
        args=len(node.args),
    )
    raise where.fault("D507", node, message, signature(name))


def signature(name: str) -> str:
    """Return the hint of how a word is called."""
    entry = FUNCTIONS.get(name) or FORMS[name]
    return say("Write {signature}.", signature=entry.signature)


def _plain(node: ast.Call, where: Where) -> Tree:
    function = FUNCTIONS[where.written(node.func)]
    count = len(function.arguments)
    written = _arguments(node, where, count, count)
    arguments = tuple(read.read(argument, where) for argument in written)
    for argument, allowed, source in zip(arguments, function.arguments, written, strict=True):
        _check_argument(function, argument, allowed, source, where)
    if function.arguments == ((Date, DateTime),) and isinstance(arguments[0].type, DateTime):
        arguments = (_day_of(arguments[0]),)
    return Call(function.name, arguments, function.result)


def _check_argument(
    function: Function, tree: Tree, allowed: tuple[type, ...], node: ast.expr, where: Where
) -> None:
    kinds = (*allowed, *TEXTUAL) if Text in allowed else allowed
    if not isinstance(tree.type, kinds):
        message = say(
            "{function}() does not take {type}.", function=function.name, type=describe(tree.type)
        )
        raise where.fault("D507", node, message, signature(function.name))


def _day_of(moment: Tree) -> Tree:
    return Call("date", (moment, Context(("utc_offset",), Duration())), Date())


def _date(node: ast.Call, where: Where) -> Tree:
    (written,) = _arguments(node, where, 1, 1)
    tree = read.read(written, where)
    if isinstance(tree, Literal):
        return fit(tree, Date(), written, where, "D507")
    if isinstance(tree.type, Date):
        return tree
    if isinstance(tree.type, DateTime):
        return _day_of(tree)
    message = say("date() does not take {type}.", type=describe(tree.type))
    raise where.fault("D507", written, message, signature("date"))


def _duration(seconds: int) -> Reader:
    def read_duration(node: ast.Call, where: Where) -> Tree:
        (written,) = _arguments(node, where, 1, 1)
        tree = read.read(written, where)
        if tree.type != Number(0):
            message = say(
                "A duration counts whole numbers, '{written}' is not one.",
                written=where.written(written),
            )
            raise where.fault("D507", written, message, signature(where.written(node.func)))
        if isinstance(tree, Literal) and abs(tree.value) < 10**9:
            return Literal(tree.value * seconds, Duration())
        return numbers.arithmetic("*", tree, Literal(seconds, Number(0)), Duration())

    return read_duration


def _abs(node: ast.Call, where: Where) -> Tree:
    (written,) = _arguments(node, where, 1, 1)
    tree = read.read(written, where)
    if not isinstance(tree.type, (Number, Duration)):
        message = say("abs() does not take {type}.", type=describe(tree.type))
        raise where.fault("D507", written, message, signature("abs"))
    return Call("abs", (tree,), tree.type)


def _round(node: ast.Call, where: Where) -> Tree:
    written, *rest = _arguments(node, where, 1, 2)
    places = _places(rest[0], where) if rest else 0
    if isinstance(written, ast.BinOp) and isinstance(written.op, ast.Div):
        over, under = read.read(written.left, where), read.read(written.right, where)
        return _quotient(over, under, places, written, where)
    if isinstance(written, ast.Call) and where.written(written.func) == "avg":
        rows, element = _many(written, where)
        total = Aggregate("sum", rows, element, element.type)
        number = Aggregate("known", rows, element, Number(0))
        return _quotient(total, number, places, written, where)
    tree = read.read(written, where)
    if not isinstance(tree.type, Number):
        message = say("round() does not take {type}.", type=describe(tree.type))
        raise where.fault("D507", written, message, signature("round"))
    if tree.type.scale <= places:
        return numbers.rescale(tree, places)
    under = Literal(10 ** (tree.type.scale - places), Number(0))
    return Round(tree, under, Number(places), (tree, None, places))


def _places(node: ast.expr, where: Where) -> int:
    tree = read.read(node, where)
    if isinstance(tree, Literal) and tree.type == Number(0) and 0 <= tree.value <= MAX_SCALE:
        return int(tree.value)
    message = say("The decimals of round() are a written number from 0 to {most}.", most=MAX_SCALE)
    raise where.fault("D507", node, message, "Write a number there, such as round(value, 2).")


def _quotient(over: Tree, under: Tree, places: int, node: ast.expr, where: Where) -> Tree:
    shown = (over, under, places)
    for tree in (over, under):
        if not isinstance(tree.type, (Number, Duration)):
            message = say("'/' does not divide {type}.", type=describe(tree.type))
            raise where.fault("D506", node, message, signature("round"))
    if isinstance(over.type, Duration) != isinstance(under.type, Duration):
        hint = "Write round(worked / hours(1), 2)."
        raise where.fault("D506", node, "A duration divides by a duration.", hint)
    shift = places + numbers.scale_of(under) - numbers.scale_of(over)
    over, under = _plain_number(over), _plain_number(under)
    if shift >= 0:
        over = numbers.rescale(over, shift)
    else:
        under = numbers.rescale(under, -shift)
    return Round(over, under, Number(places), shown)


def _plain_number(tree: Tree) -> Tree:
    """Return the units of a number as a whole number: the scale is accounted for elsewhere."""
    return replace(tree, type=Number(0))


def _avg(node: ast.Call, where: Where) -> Tree:
    written = where.written(node)
    hint = say("Write round({written}, 2), with the decimals you want.", written=written)
    raise where.fault("D511", node, "An average is a division, it stands inside round().", hint)


def _coalesce(node: ast.Call, where: Where) -> Tree:
    written = _arguments(node, where, 2, 20)
    trees = tuple(read.read(argument, where) for argument in written)
    kind = next((tree.type for tree in trees if not isinstance(tree, Literal)), trees[0].type)
    pairs = zip(trees, written, strict=True)
    trees = tuple(literal_as(tree, kind, argument, where) for tree, argument in pairs)
    trees, kind = same_type(trees, node, where)
    return Coalesce(trees, kind)


def _extreme(node: ast.Call, where: Where) -> Tree:
    word = where.written(node.func)
    if len(node.args) == 1:
        return _over_rows(node, where)
    written = _arguments(node, where, 1, 20)
    if _is_rows(written[0], where):
        return _over_rows(node, where)
    trees, kind = same_type(tuple(read.read(argument, where) for argument in written), node, where)
    if not isinstance(kind, ORDERED):
        message = say("{word}() does not order {kind}.", word=word, kind=describe(kind))
        raise where.fault("D507", node, message, HAVE_ORDER)
    return Extreme(word, trees, kind)


def _over_rows(node: ast.Call, where: Where) -> Tree:
    """Read `sum(lines.amount)`, `min(lines, expression)` and their like."""
    word = where.written(node.func)
    rows, element = _many(node, where)
    wanted = (Number, Duration) if word == "sum" else ORDERED
    if not isinstance(element.type, wanted):
        message = say("{word}() does not take {type}.", word=word, type=describe(element.type))
        hint = "Write a number or a duration of the records, such as sum(lines.amount)."
        raise where.fault("D507", node, message, hint if word == "sum" else HAVE_ORDER)
    return Aggregate(word, rows, element, element.type)


def _many(node: ast.Call, where: Where) -> tuple[Rows, Tree]:
    written = _arguments(node, where, 1, 2)
    rows, rest = _rows(written[0], where)
    inside = where.inside(rows.entity)
    if len(written) == 2 and not rest:
        return rows, read.read(written[1], inside)
    if len(written) == 1 and rest:
        return rows, _element(written[0], rest, inside)
    name = ".".join(rows.path)
    message = "It is not said which value of the records is meant."
    raise where.fault(
        "D507",
        node,
        message,
        say("Write {written}({name}.field).", written=where.written(node.func), name=name),
    )


def _element(node: ast.expr, rest: tuple[str, ...], inside: Where) -> Tree:
    """Read the part of `lines.product.price` after the rows, on one of them."""
    written = [node]
    while len(written) < len(rest) and isinstance(written[-1], ast.Attribute):
        written.append(written[-1].value)
    parsed: ast.expr = ast.copy_location(ast.Name(rest[0]), written.pop())
    for name in rest[1:]:
        parsed = ast.copy_location(ast.Attribute(parsed, name), written.pop())
    return resolve(parsed, inside)


def _count(node: ast.Call, where: Where) -> Tree:
    written = _arguments(node, where, 1, 2)
    rows = _bare_rows(written[0], where)
    element = read.condition(written[1], where.inside(rows.entity)) if written[1:] else None
    return Aggregate("count", rows, element, Number(0))


def _exists(node: ast.Call, where: Where) -> Tree:
    written = _arguments(node, where, 1, 2)
    rows = _bare_rows(written[0], where)
    inside = where.inside(rows.entity)
    element = read.condition(written[1], inside) if written[1:] else Literal(True, Boolean())
    return Aggregate("any", rows, element, Boolean())


def _quantified(node: ast.Call, where: Where) -> Tree:
    written = _arguments(node, where, 2, 2)
    rows = _bare_rows(written[0], where)
    element = read.condition(written[1], where.inside(rows.entity))
    if where.written(node.func) == "any":
        return Aggregate("any", rows, element, Boolean())
    return Aggregate("all", rows, element, Boolean())


def _bare_rows(node: ast.expr, where: Where) -> Rows:
    rows, rest = _rows(node, where)
    if rest:
        name = ".".join(rows.path)
        raise where.fault(
            "D507", node, "Only the records are named here.", say("Write {name}.", name=name)
        )
    return rows


def _rows(node: ast.expr, where: Where) -> tuple[Rows, tuple[str, ...]]:
    if isinstance(node, (ast.Name, ast.Attribute)):
        rows, rest = split(steps(node, where), node, where)
        if rows is not None:
            return rows, rest
    tree = read.read(node, where)
    message = say(
        "'{written}' is {type}, records are needed.",
        written=where.written(node),
        type=describe(tree.type),
    )
    raise where.fault("D507", node, message, "Name a field of type children, such as lines.")


def _is_rows(node: ast.expr, where: Where) -> bool:
    if not isinstance(node, (ast.Name, ast.Attribute)):
        return False
    return split(steps(node, where), node, where)[0] is not None


_FORMS: Mapping[str, Reader] = {
    "round": _round,
    "abs": _abs,
    "min": _extreme,
    "max": _extreme,
    "coalesce": _coalesce,
    "date": _date,
    "days": _duration(86_400),
    "hours": _duration(3_600),
    "minutes": _duration(60),
    "sum": _over_rows,
    "avg": _avg,
    "count": _count,
    "any": _quantified,
    "all": _quantified,
    "exists": _exists,
}
