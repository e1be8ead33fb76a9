"""Typed tree → one Python function, compiled once.

`facts` and `context` go in, a stored value or None (unknown) comes out. The source is written from
our own tree only: constants and field names enter through `repr`, operators through fixed tables.

Most operations are one expression behind one null test (`python_writer.py`). Only what treats null
in its own way (`python_logic.py`) and rows (`python_loops.py`) become statements.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from generator.expressions import tree as t
from generator.expressions.numbers import WORD
from generator.expressions.python_logic import (
    choice,
    conjunction,
    disjunction,
    first_known,
    is_null,
    kleene,
    negation,
)
from generator.expressions.python_loops import aggregate
from generator.expressions.python_values import RUNTIME
from generator.expressions.python_writer import Code, Writer, limited
from generator.expressions.types import LIMIT, Date, DateTime, Reference, is_link

Evaluate = Callable[[Mapping[str, Any], Mapping[str, Any]], Any]


def function(tree: t.Tree, *, bounded: bool = True) -> Evaluate:
    """Return `evaluate(facts, context)` for a typed tree.

    Unless `bounded`, a number beyond what is stored is given as it is and not as null.
    """
    writer = Writer(_WRITERS, bounded=bounded)
    result = writer.single(writer.code(tree))
    body = "\n".join(f"    {line}" for line in [*writer.lines, f"return {result.text}"])
    source = f"def evaluate(facts, context):\n{body}\n"
    namespace: dict[str, Any] = {**RUNTIME, **writer.constants}
    # The source was written by Writer from a checked tree; no text of an author is code here.
    exec(compile(source, "<expression>", "exec"), namespace)  # noqa: S102
    evaluate: Evaluate = namespace["evaluate"]
    return evaluate


def _literal(writer: Writer, node: t.Literal) -> Code:
    if node.value is None:
        name = writer.fresh()
        writer.line(f"{name} = None")
        return Code(name, frozenset({name}))
    if isinstance(node.value, (bool, int, str)):
        return Code(repr(node.value))
    return Code(writer.constant(node.value))


def _field(writer: Writer, node: t.Field) -> Code:
    root = writer.rows[0] if node.outer else writer.rows[-1]
    path = node.path
    if len(path) > 1 and path[-1] == "id":
        path = path[:-1]
    elif not isinstance(node.type, Reference):
        return writer.walk(root, path)
    code = writer.walk(root, path)
    return writer.load((root, *path, "id()"), f"record_id({code.text})")


def _context(writer: Writer, node: t.Context) -> Code:
    if node.path == ("utc_offset",):
        return writer.load(("context", "utc_offset"), "context.get('utc_offset', 0)")
    return writer.walk("context", node.path)


def _arithmetic(writer: Writer, node: t.Arithmetic) -> Code:
    left, right = writer.code(node.left), writer.code(node.right)
    code = Code(f"({left.text} {node.operator} {right.text})", left.nulls | right.nulls)
    if node.operator in ("//", "%"):
        if isinstance(node.right, t.Literal) and node.right.value:
            return code
        return writer.nullable(f"{code.text} if {right.text} != 0 else None", code)
    return limited(writer, code, WORD) if node.limited else code


def _rescale(writer: Writer, node: t.Rescale) -> Code:
    operand = writer.code(node.operand)
    text = f"({operand.text} * {10**node.places})" if node.places else operand.text
    code = Code(text, operand.nulls)
    return limited(writer, code, WORD) if node.limited else code


def _limit(writer: Writer, node: t.Limit) -> Code:
    return limited(writer, writer.code(node.operand), LIMIT)


def _round(writer: Writer, node: t.Round) -> Code:
    over, under = writer.code(node.over), writer.code(node.under)
    code = Code("", over.nulls | under.nulls)
    return writer.nullable(f"round_half_away({over.text}, {under.text})", code)


def _binary(pattern: str) -> Callable[[Writer, Any], Code]:
    def write(writer: Writer, node: Any) -> Code:
        left, right = writer.code(node.left), writer.code(node.right)
        return Code(pattern.format(left.text, right.text), left.nulls | right.nulls)

    return write


def _compare(writer: Writer, node: t.Compare) -> Code:
    left, right = writer.code(node.left), writer.code(node.right)
    return Code(f"({left.text} {node.operator} {right.text})", left.nulls | right.nulls)


def _shift(writer: Writer, node: t.Shift) -> Code:
    operand, duration = writer.code(node.operand), writer.code(node.duration)
    seconds = duration.text if node.sign > 0 else f"-{duration.text}"
    if isinstance(node.type, Date):
        text = f"shift_date({operand.text}, whole_days({seconds}))"
    else:
        text = f"shift_moment({operand.text}, {seconds})"
    return writer.nullable(text, Code("", operand.nulls | duration.nulls))


def _difference(writer: Writer, node: t.Difference) -> Code:
    left, right = writer.code(node.left), writer.code(node.right)
    nulls = left.nulls | right.nulls
    if isinstance(node.left.type, DateTime):
        return Code(f"seconds_between({left.text}, {right.text})", nulls)
    return Code(f"({left.text} - {right.text}).days", nulls)


def _among(writer: Writer, node: t.Among) -> Code:
    operand = writer.code(node.operand)
    if not node.items:
        return Code("False")
    if all(isinstance(item, t.Literal) for item in node.items):
        values = frozenset(item.value for item in node.items if isinstance(item, t.Literal))
        return Code(f"({operand.text} in {writer.constant(values)})", operand.nulls)
    value = writer.single(operand)

    def equals(item: t.Tree) -> Code:
        other = writer.code(item)
        return Code(f"({value.text} == {other.text})", value.nulls | other.nulls)

    return kleene(writer, [partial(equals, item) for item in node.items], stop=True)


def _within(writer: Writer, node: t.Within) -> Code:
    operand, listed = writer.code(node.operand), writer.code(node.list)
    if isinstance(node.list, t.Field) and is_link(node.list.type):
        text = f"({operand.text} in record_ids({listed.text}))"
        return Code(text, operand.nulls | listed.nulls)
    text = f"({operand.text} in {listed.text})"
    if isinstance(node.list, t.Field) or not operand.nulls:
        return Code(text, operand.nulls | listed.nulls)
    # An empty list of the context holds nothing, not even an unknown value: as SQL's IN () does.
    name = writer.fresh()
    writer.line(f"{name} = None")
    with writer.block(f"if {listed.known}:"):
        writer.line(
            f"{name} = False if not {listed.text} else None if {operand.unknown} else {text}"
        )
    return Code(name, frozenset({name}))


def _extreme(writer: Writer, node: t.Extreme) -> Code:
    codes = [writer.code(operand) for operand in node.operands]
    nulls = frozenset().union(*(code.nulls for code in codes))
    return Code(f"{node.word}({', '.join(code.text for code in codes)})", nulls)


def _call(writer: Writer, node: t.Call) -> Code:
    codes = [writer.code(argument) for argument in node.arguments]
    nulls = frozenset[str]().union(*(code.nulls for code in codes))
    arguments = ", ".join(code.text for code in codes)
    if node.function == "abs":
        return Code(f"abs({arguments})", nulls)
    if node.function == "date":
        return writer.nullable(f"local_day({arguments})", Code("", nulls))
    return Code(f"f_{node.function}({arguments})", nulls)


_WRITERS: Mapping[type, Callable[[Writer, Any], Code]] = {
    t.Literal: _literal,
    t.Field: _field,
    t.Context: _context,
    t.Arithmetic: _arithmetic,
    t.Rescale: _rescale,
    t.Limit: _limit,
    t.Round: _round,
    t.Concat: _binary("({0} + {1})"),
    t.Shift: _shift,
    t.Difference: _difference,
    t.Compare: _compare,
    t.Among: _among,
    t.Within: _within,
    t.IsNull: is_null,
    t.Not: negation,
    t.And: conjunction,
    t.Or: disjunction,
    t.If: choice,
    t.Coalesce: first_known,
    t.Extreme: _extreme,
    t.Call: _call,
    t.Aggregate: aggregate,
}
