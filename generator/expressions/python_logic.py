"""What treats null in its own way, as statements of Python: and, or, not, if-else, coalesce."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from generator.expressions import tree as t
from generator.expressions.python_writer import CONSTANT, Code, Writer


def is_null(writer: Writer, node: t.IsNull) -> Code:
    operand = writer.code(node.operand)
    return Code(f"({operand.unknown})" if operand.nulls else "False")


def negation(writer: Writer, node: t.Not) -> Code:
    operand = writer.code(node.operand)
    return Code(f"(not {operand.text})", operand.nulls)


def conjunction(writer: Writer, node: t.And) -> Code:
    return kleene(writer, [partial(writer.code, part) for part in node.parts], stop=False)


def disjunction(writer: Writer, node: t.Or) -> Code:
    return kleene(writer, [partial(writer.code, part) for part in node.parts], stop=True)


def kleene(writer: Writer, parts: Sequence[Callable[[], Code]], *, stop: bool) -> Code:
    """Write `or` (stop at true) or `and` (stop at false): each part runs only if it is needed."""
    name = writer.fresh()
    writer.line(f"{name} = {not stop}")
    unknown = False
    for position, part in enumerate(parts):
        if position == 0:
            unknown |= _kleene_part(writer, name, part, stop=stop)
            continue
        with writer.block(f"if {name} is not {stop}:"):
            unknown |= _kleene_part(writer, name, part, stop=stop)
    return Code(name, frozenset({name}) if unknown else CONSTANT)


def _kleene_part(writer: Writer, name: str, part: Callable[[], Code], *, stop: bool) -> bool:
    code = part()
    test = code.text if stop else f"not {code.text}"
    if code.nulls:
        writer.line(f"if {code.unknown}: {name} = None")
        writer.line(f"elif {test}: {name} = {stop}")
    else:
        writer.line(f"if {test}: {name} = {stop}")
    return bool(code.nulls)


def choice(writer: Writer, node: t.If) -> Code:
    test = writer.code(node.test)
    name = writer.fresh()
    with writer.block(f"if {test.known} and {test.text}:" if test.nulls else f"if {test.text}:"):
        then = writer.code(node.then)
        writer.assign(name, then)
    with writer.block("else:"):
        other = writer.code(node.other)
        writer.assign(name, other)
    return Code(name, frozenset({name}) if then.nulls or other.nulls else CONSTANT)


def first_known(writer: Writer, node: t.Coalesce) -> Code:
    name = writer.fresh()
    writer.assign(name, writer.code(node.operands[0]))
    sure = False
    for operand in node.operands[1:]:
        with writer.block(f"if {name} is None:"):
            code = writer.code(operand)
            writer.assign(name, code)
            sure |= not code.nulls
    return Code(name, CONSTANT if sure else frozenset({name}))
