"""Typed tree → one Python function, compiled once.

`facts` and `context` go in, a stored value or None (unknown) comes out. The source is written from
our own tree only: constants and field names enter through `repr`, operators through fixed tables.

Every piece of code says which variables may be null (`Code.nulls`): an operation on them is one
expression behind one null test, so `a + b >= c` costs three look-ups and one test. Only what treats
null in its own way (`and`, `or`, if-else, aggregates) becomes statements.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from generator.expressions import tree as t
from generator.expressions.functions import FUNCTIONS
from generator.expressions.numbers import WORD
from generator.expressions.types import LIMIT, Date, DateTime, Reference, is_link

Evaluate = Callable[[Mapping[str, Any], Mapping[str, Any]], Any]

_CONSTANT = frozenset[str]()


@dataclass(frozen=True, slots=True)
class Code:
    """An expression of Python, right and never None if none of `nulls` is None."""

    text: str
    nulls: frozenset[str] = _CONSTANT

    @property
    def known(self) -> str:
        """The test that no variable is null."""
        return " and ".join(f"{name} is not None" for name in sorted(self.nulls))

    @property
    def unknown(self) -> str:
        """The test that some variable is null."""
        return " or ".join(f"{name} is None" for name in sorted(self.nulls))


def function(tree: t.Tree, *, bounded: bool = True) -> Evaluate:
    """Return `evaluate(facts, context)` for a typed tree.

    Unless `bounded`, a number beyond what is stored is given as it is and not as null.
    """
    writer = _Writer(bounded=bounded)
    result = writer.single(writer.code(tree))
    body = "\n".join(f"    {line}" for line in [*writer.lines, f"return {result.text}"])
    source = f"def evaluate(facts, context):\n{body}\n"
    namespace: dict[str, Any] = {**_RUNTIME, **writer.constants}
    # The source was written by _Writer from a checked tree; no text of an author is code here.
    exec(compile(source, "<expression>", "exec"), namespace)  # noqa: S102
    evaluate: Evaluate = namespace["evaluate"]
    return evaluate


def round_half_away(over: int, under: int) -> int | None:
    """Return `over / under` rounded half away from zero, None when `under` is zero."""
    if under == 0:
        return None
    quotient, rest = divmod(abs(over), abs(under))
    quotient += 2 * rest >= abs(under)
    return quotient if (over < 0) == (under < 0) else -quotient


def whole_days(seconds: int) -> int:
    """Return the whole days of a duration, towards zero."""
    return seconds // 86_400 if seconds >= 0 else -(-seconds // 86_400)


def shift_date(day: dt.date, days: int) -> dt.date | None:
    """Return the day so many days later, None outside the years 1 to 9999."""
    number = day.toordinal() + days
    return dt.date.fromordinal(number) if 1 <= number <= 3_652_059 else None


def shift_moment(moment: dt.datetime, seconds: int) -> dt.datetime | None:
    """Return the moment so many seconds later, None outside the years 1 to 9999."""
    try:
        return moment + dt.timedelta(seconds=seconds)
    except OverflowError:
        return None


def seconds_between(later: dt.datetime, earlier: dt.datetime) -> int:
    """Return the seconds between two moments, fractions of a second left out."""
    gap = later.replace(microsecond=0) - earlier.replace(microsecond=0)
    return gap.days * 86_400 + gap.seconds


def local_day(moment: dt.datetime, offset: int) -> dt.date | None:
    """Return the calendar day of a moment, `offset` seconds east of UTC."""
    local = shift_moment(moment.astimezone(dt.UTC), offset)
    return None if local is None else local.date()


def record_id(value: Any) -> Any:
    """Return the id of a reference: facts hold the id itself, the target's row, or None."""
    return value["id"] if isinstance(value, Mapping) else value


def record_ids(values: Sequence[Any]) -> list[Any]:
    """Return the ids a many-to-many field holds: facts hold ids or the targets' rows."""
    return [record_id(value) for value in values]


_RUNTIME: Mapping[str, Any] = {
    "__builtins__": {"abs": abs, "min": min, "max": max, "len": len},
    "round_half_away": round_half_away,
    "whole_days": whole_days,
    "shift_date": shift_date,
    "shift_moment": shift_moment,
    "seconds_between": seconds_between,
    "local_day": local_day,
    "record_id": record_id,
    "record_ids": record_ids,
    **{f"f_{entry.name}": entry.python for entry in FUNCTIONS.values()},
}


@dataclass
class _Writer:
    """Collects the lines of the function; a resource that lives for one compilation."""

    bounded: bool = True
    lines: list[str] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=dict)
    indent: str = ""
    rows: list[str] = field(default_factory=lambda: ["facts"])
    loaded: list[dict[tuple[str, ...], Code]] = field(default_factory=lambda: [{}])
    """Values already read, one frame for each block that may not run."""
    count: int = 0

    def line(self, text: str) -> None:
        self.lines.append(self.indent + text)

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        """Write a header and indent what follows; what is read inside is forgotten after it."""
        self.line(header)
        before, self.indent = self.indent, self.indent + " "
        self.loaded.append({})
        yield
        if self.lines[-1] == before + header:
            self.line("pass")
        self.loaded.pop()
        self.indent = before

    def fresh(self) -> str:
        self.count += 1
        return f"v{self.count}"

    def constant(self, value: Any) -> str:
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name

    def single(self, code: Code) -> Code:
        """Return the value in one variable or constant, None when it is unknown."""
        if code.nulls == {code.text} or (not code.nulls and code.text.isidentifier()):
            return code
        name = self.fresh()
        if not code.nulls:
            self.line(f"{name} = {code.text}")
            return Code(name)
        self.line(f"{name} = None if {code.unknown} else {code.text}")
        return Code(name, frozenset({name}))

    def nullable(self, text: str, code: Code) -> Code:
        """Return `text` in a variable: an operation that may give None by itself."""
        name = self.fresh()
        self.line(
            f"{name} = {text}" if not code.nulls else f"{name} = None if {code.unknown} else {text}"
        )
        return Code(name, frozenset({name}))

    def assign(self, name: str, code: Code) -> None:
        value = self.single(code)
        self.line(f"{name} = {value.text}")

    def code(self, tree: t.Tree) -> Code:
        writer: Callable[[_Writer, Any], Code] = _WRITERS[type(tree)]
        return writer(self, tree)

    def load(self, key: tuple[str, ...], text: str) -> Code:
        """Return the variable that holds `text`, read once while it stays in reach."""
        for frame in self.loaded:
            if key in frame:
                return frame[key]
        name = self.fresh()
        self.line(f"{name} = {text}")
        code = Code(name, frozenset({name}))
        self.loaded[-1][key] = code
        return code

    def walk(self, root: str, path: tuple[str, ...]) -> Code:
        """Return the value at the end of a path of nested mappings; None ends it early."""
        code = self.load((root, path[0]), f"{root}[{path[0]!r}]")
        for length in range(2, len(path) + 1):
            step = f"{code.text}[{path[length - 1]!r}]"
            key = (root, *path[:length])
            code = self.load(key, f"None if {code.text} is None else {step}")
        return code


def _literal(writer: _Writer, node: t.Literal) -> Code:
    if node.value is None:
        name = writer.fresh()
        writer.line(f"{name} = None")
        return Code(name, frozenset({name}))
    if isinstance(node.value, (bool, int, str)):
        return Code(repr(node.value))
    return Code(writer.constant(node.value))


def _field(writer: _Writer, node: t.Field) -> Code:
    root = writer.rows[0] if node.outer else writer.rows[-1]
    path = node.path
    if len(path) > 1 and path[-1] == "id":
        path = path[:-1]
    elif not isinstance(node.type, Reference):
        return writer.walk(root, path)
    code = writer.walk(root, path)
    return writer.load((root, *path, "id()"), f"record_id({code.text})")


def _context(writer: _Writer, node: t.Context) -> Code:
    if node.path == ("utc_offset",):
        return writer.load(("context", "utc_offset"), "context.get('utc_offset', 0)")
    return writer.walk("context", node.path)


def _arithmetic(writer: _Writer, node: t.Arithmetic) -> Code:
    left, right = writer.code(node.left), writer.code(node.right)
    code = Code(f"({left.text} {node.operator} {right.text})", left.nulls | right.nulls)
    if node.operator in ("//", "%"):
        if isinstance(node.right, t.Literal) and node.right.value:
            return code
        return writer.nullable(f"{code.text} if {right.text} != 0 else None", code)
    return _limited(writer, code, WORD) if node.limited else code


def _rescale(writer: _Writer, node: t.Rescale) -> Code:
    operand = writer.code(node.operand)
    text = f"({operand.text} * {10**node.places})" if node.places else operand.text
    code = Code(text, operand.nulls)
    return _limited(writer, code, WORD) if node.limited else code


def _limit(writer: _Writer, node: t.Limit) -> Code:
    return _limited(writer, writer.code(node.operand), LIMIT)


def _limited(writer: _Writer, code: Code, limit: int) -> Code:
    if not writer.bounded:
        return code
    value = writer.single(code)
    name = writer.fresh()
    low = "<=" if limit == WORD else "<"
    test = f"{value.text} if {-limit} {low} {value.text} < {limit} else None"
    writer.line(
        f"{name} = None if {value.unknown} else {test}" if value.nulls else f"{name} = {test}"
    )
    return Code(name, frozenset({name}))


def _round(writer: _Writer, node: t.Round) -> Code:
    over, under = writer.code(node.over), writer.code(node.under)
    code = Code("", over.nulls | under.nulls)
    return writer.nullable(f"round_half_away({over.text}, {under.text})", code)


def _binary(pattern: str) -> Callable[[_Writer, Any], Code]:
    def write(writer: _Writer, node: Any) -> Code:
        left, right = writer.code(node.left), writer.code(node.right)
        return Code(pattern.format(left.text, right.text), left.nulls | right.nulls)

    return write


def _compare(writer: _Writer, node: t.Compare) -> Code:
    left, right = writer.code(node.left), writer.code(node.right)
    return Code(f"({left.text} {node.operator} {right.text})", left.nulls | right.nulls)


def _shift(writer: _Writer, node: t.Shift) -> Code:
    operand, duration = writer.code(node.operand), writer.code(node.duration)
    seconds = duration.text if node.sign > 0 else f"-{duration.text}"
    if isinstance(node.type, Date):
        text = f"shift_date({operand.text}, whole_days({seconds}))"
    else:
        text = f"shift_moment({operand.text}, {seconds})"
    return writer.nullable(text, Code("", operand.nulls | duration.nulls))


def _difference(writer: _Writer, node: t.Difference) -> Code:
    left, right = writer.code(node.left), writer.code(node.right)
    nulls = left.nulls | right.nulls
    if isinstance(node.left.type, DateTime):
        return Code(f"seconds_between({left.text}, {right.text})", nulls)
    return Code(f"({left.text} - {right.text}).days", nulls)


def _among(writer: _Writer, node: t.Among) -> Code:
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

    return _kleene(writer, [partial(equals, item) for item in node.items], stop=True)


def _within(writer: _Writer, node: t.Within) -> Code:
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


def _is_null(writer: _Writer, node: t.IsNull) -> Code:
    operand = writer.code(node.operand)
    return Code(f"({operand.unknown})" if operand.nulls else "False")


def _not(writer: _Writer, node: t.Not) -> Code:
    operand = writer.code(node.operand)
    return Code(f"(not {operand.text})", operand.nulls)


def _and(writer: _Writer, node: t.And) -> Code:
    return _kleene(writer, [partial(writer.code, part) for part in node.parts], stop=False)


def _or(writer: _Writer, node: t.Or) -> Code:
    return _kleene(writer, [partial(writer.code, part) for part in node.parts], stop=True)


def _kleene(writer: _Writer, parts: Sequence[Callable[[], Code]], *, stop: bool) -> Code:
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
    return Code(name, frozenset({name}) if unknown else _CONSTANT)


def _kleene_part(writer: _Writer, name: str, part: Callable[[], Code], *, stop: bool) -> bool:
    code = part()
    test = code.text if stop else f"not {code.text}"
    if code.nulls:
        writer.line(f"if {code.unknown}: {name} = None")
        writer.line(f"elif {test}: {name} = {stop}")
    else:
        writer.line(f"if {test}: {name} = {stop}")
    return bool(code.nulls)


def _if(writer: _Writer, node: t.If) -> Code:
    test = writer.code(node.test)
    name = writer.fresh()
    with writer.block(f"if {test.known} and {test.text}:" if test.nulls else f"if {test.text}:"):
        then = writer.code(node.then)
        writer.assign(name, then)
    with writer.block("else:"):
        other = writer.code(node.other)
        writer.assign(name, other)
    return Code(name, frozenset({name}) if then.nulls or other.nulls else _CONSTANT)


def _coalesce(writer: _Writer, node: t.Coalesce) -> Code:
    name = writer.fresh()
    writer.assign(name, writer.code(node.operands[0]))
    sure = False
    for operand in node.operands[1:]:
        with writer.block(f"if {name} is None:"):
            code = writer.code(operand)
            writer.assign(name, code)
            sure |= not code.nulls
    return Code(name, _CONSTANT if sure else frozenset({name}))


def _extreme(writer: _Writer, node: t.Extreme) -> Code:
    codes = [writer.code(operand) for operand in node.operands]
    nulls = frozenset().union(*(code.nulls for code in codes))
    return Code(f"{node.word}({', '.join(code.text for code in codes)})", nulls)


def _call(writer: _Writer, node: t.Call) -> Code:
    codes = [writer.code(argument) for argument in node.arguments]
    nulls = frozenset[str]().union(*(code.nulls for code in codes))
    arguments = ", ".join(code.text for code in codes)
    if node.function == "abs":
        return Code(f"abs({arguments})", nulls)
    if node.function == "date":
        return writer.nullable(f"local_day({arguments})", Code("", nulls))
    return Code(f"f_{node.function}({arguments})", nulls)


def _aggregate(writer: _Writer, node: t.Aggregate) -> Code:
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
        return _limited(writer, Code(name), LIMIT)
    never = node.word in ("count", "known") or (node.word in ("any", "all") and not code.nulls)
    return Code(name, _CONSTANT if never else frozenset({name}))


def _sum(writer: _Writer, name: str, code: Code) -> None:
    writer.line(f"if {code.known or True}: {name} += {code.text}")


def _count(writer: _Writer, name: str, code: Code) -> None:
    writer.line(f"if {code.known or True} and {code.text}: {name} += 1")


def _known(writer: _Writer, name: str, code: Code) -> None:
    writer.line(f"if {code.known or True}: {name} += 1")


def _smallest(writer: _Writer, name: str, code: Code) -> None:
    value = writer.single(code)
    better = f"({name} is None or {value.text} < {name})"
    writer.line(f"if {value.known or True} and {better}: {name} = {value.text}")


def _largest(writer: _Writer, name: str, code: Code) -> None:
    value = writer.single(code)
    better = f"({name} is None or {value.text} > {name})"
    writer.line(f"if {value.known or True} and {better}: {name} = {value.text}")


def _any(writer: _Writer, name: str, code: Code) -> None:
    if code.nulls:
        writer.line(f"if {code.unknown}: {name} = None")
    with writer.block(f"{'elif' if code.nulls else 'if'} {code.text}:"):
        writer.line(f"{name} = True")
        writer.line("break")


def _all(writer: _Writer, name: str, code: Code) -> None:
    if code.nulls:
        writer.line(f"if {code.unknown}: {name} = None")
    with writer.block(f"{'elif' if code.nulls else 'if'} not {code.text}:"):
        writer.line(f"{name} = False")
        writer.line("break")


_LOOPS: Mapping[str, Callable[[_Writer, str, Code], None]] = {
    "sum": _sum,
    "count": _count,
    "known": _known,
    "min": _smallest,
    "max": _largest,
    "any": _any,
    "all": _all,
}

_WRITERS: Mapping[type, Callable[[_Writer, Any], Code]] = {
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
    t.IsNull: _is_null,
    t.Not: _not,
    t.And: _and,
    t.Or: _or,
    t.If: _if,
    t.Coalesce: _coalesce,
    t.Extreme: _extreme,
    t.Call: _call,
    t.Aggregate: _aggregate,
}
