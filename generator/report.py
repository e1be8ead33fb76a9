"""Problems as an author reads them, or as a program does: the same values in two forms.

Nothing is decided here but layout. Text in the terminal keeps the caret under the fault also in
lines with Chinese (two columns a character) and tabs, and never prints a control character.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from unicodedata import combining, east_asian_width

from generator.model.text import NOWHERE
from generator.problems import Problem, in_order, whole_file
from generator.source_scalars import UNREADABLE

WIDEST = 100
"""So many characters of a source line are shown; a longer one is cut around the fault."""

RED, YELLOW, BOLD, PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[1m", "\x1b[0m"


def as_text(
    problems: Iterable[Problem],
    sources: Mapping[str, str],
    color: bool = False,
    *,
    folder: str = "",
) -> str:
    """Return the problems for a terminal, errors first, with source lines, carets and a count.

    `sources` maps each file to its text; a problem of a file that is not in it has no source line.
    `folder` is put before the file names, so that a terminal can open them.
    """
    every = in_order(problems)
    if not every:
        return "No problems in the definitions.\n"
    lines = {file: text.split("\n") for file, text in sources.items()}
    heading = f"{_counted(every)} in the definitions"
    blocks = [_block(one, lines.get(one.span.file, []), color, folder) for one in every]
    files = len({one.span.file for one in every})
    closing = [f"{_counted(every)} in {_number(files, 'file')}."] if len(every) > 1 else []
    return "\n\n".join([heading, *blocks, *closing]) + "\n"


def as_json(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """Return the problems in the same order as plain data; lines and columns count from 1."""
    return [
        {
            "code": one.code,
            "severity": one.severity,
            "file": one.span.file,
            "line": one.span.line,
            "column": one.span.column,
            "end_line": one.span.end_line,
            "end_column": one.span.end_column,
            "message": one.message,
            "hint": one.hint,
        }
        for one in in_order(problems)
    ]


def _counted(problems: Iterable[Problem]) -> str:
    severities = [one.severity for one in problems]
    errors = severities.count("error")
    warnings = len(severities) - errors
    parts = [_number(errors, "problem")] if errors else []
    parts += [_number(warnings, "warning")] if warnings else []
    return " and ".join(parts)


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def _block(problem: Problem, lines: list[str], color: bool, folder: str) -> str:
    paint = (RED if problem.severity == "error" else YELLOW) if color else ""
    bold, plain = (BOLD, PLAIN) if color else ("", "")
    word = problem.code if problem.severity == "error" else f"{problem.code} {problem.severity}"
    place = "built in" if problem.span == NOWHERE else f"{folder}{problem.span}"
    parts = [f"{paint}{word}{plain} {bold}{_safe(place)}{plain}\n  {_safe(problem.message)}"]
    excerpt = _excerpt(problem, lines, paint, plain)
    if excerpt:
        parts.append(excerpt)
    if problem.hint:
        parts.append(f"  {_safe(problem.hint)}")
    return "\n\n".join(parts)


def _excerpt(problem: Problem, lines: list[str], paint: str, plain: str) -> str:
    """Return the source line with a caret under each character at fault, or '' without a line."""
    span = problem.span
    if not 1 <= span.line <= len(lines) or span == whole_file(span.file):
        return ""
    line = lines[span.line - 1]
    if not line.strip():
        return ""
    start = span.column - 1
    end = span.end_column - 1 if span.end_line == span.line else len(line.rstrip())
    line, start, end = _window(line, start, max(end, start + 1))
    number = str(span.line)
    blank = "".join("\t" if letter == "\t" else " " * _width(letter) for letter in line[:start])
    carets = "^" * max(sum(_width(letter) for letter in line[start:end]), 1)
    return (
        f"  {number} | {_safe(line.rstrip())}\n"
        f"  {' ' * len(number)} | {blank}{paint}{carets}{plain}"
    )


def _window(line: str, start: int, end: int) -> tuple[str, int, int]:
    """Return the part of a long line that shows the fault, and where the fault is in it."""
    if len(line) <= WIDEST:
        return line, start, min(end, max(len(line), start + 1))
    left = max(0, min(start - WIDEST // 3, len(line) - WIDEST))
    right = left + WIDEST
    head, tail = "…" if left else "", "…" if right < len(line) else ""
    start, end = start - left + len(head), min(end, right) - left + len(head)
    return head + line[left:right] + tail, start, max(end, start + 1)


def _width(letter: str) -> int:
    """Return the columns a character takes in a terminal."""
    if combining(letter) or letter in "\u200d\ufe0f":
        return 0
    return 2 if east_asian_width(letter) in "WF" else 1


def _safe(text: str) -> str:
    return UNREADABLE.sub("\ufffd", text)
