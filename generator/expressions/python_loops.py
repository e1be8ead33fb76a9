"""Aggregates over child rows → a loop of Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from generator.expressions import tree as t
from generator.expressions.python_writer import CONSTANT, Code, Writer, limited
from generator.expressions.types import LIMIT


def aggregate(writer: Writer, node: t.Aggregate) -> Code:
    root = writer.rows[0] if node.rows.outer else writer.rows[-1]
    source = writer.walk(root, node.rows.path)
    name = writer.fresh()
    if node.element is None:
        return Code(f"(0 if {source.text} is None else len({source.text}))")
    start = {"any": "False", "all": "True", "min": "None", "max": "None"}.get(node.word, "0")
    writer.line(f"{name} = {start}")
    row = writer.fresh()
    writer.rows.append(row)
    with writer.block(f"for {row} in {source.text} or ():"):
        code = writer.code(node.element)
        _LOOPS[node.word](writer, name, code)
    writer.rows.pop()
    if node.word == "sum":
        return limited(writer, Code(name), LIMIT)
    never = node.word in ("count", "known") or (node.word in ("any", "all") and not code.nulls)
    return Code(name, CONSTANT if never else frozenset({name}))


def _sum(writer: Writer, name: str, code: Code) -> None:
    writer.line(f"if {code.known or True}: {name} += {code.text}")


def _count(writer: Writer, name: str, code: Code) -> None:
    writer.line(f"if {code.known or True} and {code.text}: {name} += 1")


def _known(writer: Writer, name: str, code: Code) -> None:
    writer.line(f"if {code.known or True}: {name} += 1")


def _smallest(writer: Writer, name: str, code: Code) -> None:
    value = writer.single(code)
    better = f"({name} is None or {value.text} < {name})"
    writer.line(f"if {value.known or True} and {better}: {name} = {value.text}")


def _largest(writer: Writer, name: str, code: Code) -> None:
    value = writer.single(code)
    better = f"({name} is None or {value.text} > {name})"
    writer.line(f"if {value.known or True} and {better}: {name} = {value.text}")


def _any(writer: Writer, name: str, code: Code) -> None:
    if code.nulls:
        writer.line(f"if {code.unknown}: {name} = None")
    with writer.block(f"{'elif' if code.nulls else 'if'} {code.text}:"):
        writer.line(f"{name} = True")
        writer.line("break")


def _all(writer: Writer, name: str, code: Code) -> None:
    if code.nulls:
        writer.line(f"if {code.unknown}: {name} = None")
    with writer.block(f"{'elif' if code.nulls else 'if'} not {code.text}:"):
        writer.line(f"{name} = False")
        writer.line("break")


_LOOPS: Mapping[str, Callable[[Writer, str, Code], None]] = {
    "sum": _sum,
    "count": _count,
    "known": _known,
    "min": _smallest,
    "max": _largest,
    "any": _any,
    "all": _all,
}
