"""What two actions open together: the rows of one, as far as the other covers them too.

In: the lines of one action and the grant of another. Out: lines that open only what both open. A
record is printed where it is read and some line gives `print`, whatever line that is; a field that
holds a file is seen where it is read and some line gives `file`. Rows of equal conditions, and rows
of every record, need no condition more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from generator.expressions import tree as t
from generator.expressions.compile import Expression
from generator.expressions.types import Boolean
from rules.permissions import Grant, Line


def narrowed(lines: Iterable[Line], other: Grant, known: Iterable[Expression]) -> tuple[Line, ...]:
    """Return lines that open what the other grant covers as well.

    `known` are the guardrails that stand around the lines already.
    """
    forbid = _more(other, known)
    return tuple(part for line in lines for part in _within(line, other, forbid))


def with_files(
    lines: Iterable[Line], files: frozenset[str], other: Grant | None, known: Iterable[Expression]
) -> tuple[Line, ...]:
    """Return lines that show and set fields with files only where the other grant covers a row."""
    if other is None:
        return tuple(_without(line, files) for line in lines)
    forbid = _more(other, known)
    found: list[Line] = []
    for line in lines:
        parts = tuple(_within(line, other, forbid))
        found += parts if parts == (line,) else (_without(line, files), *parts)
    return tuple(found)


def _more(other: Grant, known: Iterable[Expression]) -> tuple[Expression, ...]:
    """Return what closes rows to the other action alone."""
    texts = {one.text for one in known}
    return tuple(one for one in other.forbid if one.text not in texts)


def _within(line: Line, other: Grant, forbid: tuple[Expression, ...]) -> Iterator[Line]:
    """Yield a line as far as the other grant covers it; itself where it covers all of it."""
    if any(one.rows is None or _same(one.rows, line.rows) for one in other.lines):
        rows = _all(line.rows, *(_not(one) for one in forbid))
        yield replace(line, rows=rows) if forbid else line
        return
    for one in other.lines:
        yield replace(line, rows=_all(line.rows, one.rows, *(_not(each) for each in forbid)))


def _without(line: Line, files: frozenset[str]) -> Line:
    """Return a line that neither shows nor sets some fields."""
    masked = {name: kind for name, kind in line.masked.items() if name not in files}
    return replace(line, clear=line.clear - files, masked=masked, write=line.write - files)


def _same(one: Expression, other: Expression | None) -> bool:
    return other is not None and one.text == other.text


def _all(*conditions: Expression | None) -> Expression | None:
    """Return the condition that is true where every one of some is."""
    asked = tuple(one for one in conditions if one is not None)
    if len(asked) < 2:
        return next(iter(asked), None)
    return replace(
        asked[0],
        text=" and ".join(f"({one.text})" for one in asked),
        paths=tuple(dict.fromkeys(path for one in asked for path in one.paths)),
        context=tuple(dict.fromkeys(path for one in asked for path in one.context)),
        tree=t.And(tuple(one.tree for one in asked), Boolean()),
    )


def _not(one: Expression) -> Expression:
    """Return the condition that is true where this one is false, and unknown where it is."""
    return replace(one, text=f"not ({one.text})", tree=t.Not(one.tree, Boolean()))
