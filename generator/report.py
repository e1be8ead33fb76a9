"""Problems as an author reads them, or as a program does: the same values in two forms.

Nothing is decided here but layout, and which of the two languages is printed. Text in the
terminal keeps the caret under the fault also in
lines with Chinese (two columns a character) and tabs, and never prints a control character.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from unicodedata import combining, east_asian_width

from generator.model.text import NOWHERE
from generator.problems import Problem, in_order, whole_file
from generator.saying import in_language
from generator.source_scalars import UNREADABLE

WIDEST = 100
"""So many characters of a source line are shown; a longer one is cut around the fault."""

TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "none": "No problems in the definitions.",
        "heading": "{count} in the definitions",
        "closing": "{count} in {files}.",
        "error": "{number} problem",
        "warning": "{number} warning",
        "info": "{number} note",
        "file": "{number} file",
        "many": "s",
        "and": " and ",
    },
    "zh": {
        "none": "定义没有问题。",
        "heading": "定义中有 {count}",
        "closing": "{files}中共 {count}。",
        "error": "{number} 个错误",
        "warning": "{number} 个警告",
        "info": "{number} 条提示",
        "file": "{number} 个文件",
        "many": "",
        "and": "、",
    },
}
"""What stands around the problems."""

RED, YELLOW, BOLD, PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[1m", "\x1b[0m"


def as_text(
    problems: Iterable[Problem],
    sources: Mapping[str, str],
    color: bool = False,
    *,
    folder: str = "",
    locale: str = "en",
) -> str:
    """Return the problems for a terminal, errors first, with source lines, carets and a count.

    `sources` maps each file to its text; a problem of a file that is not in it has no source line.
    `folder` is put before the file names, so that a terminal can open them. `locale` is en or zh.
    """
    every = in_order(problems)
    texts = TEXTS["zh" if locale.startswith("zh") else "en"]
    if not every:
        return f"{texts['none']}\n"
    lines = {file: text.split("\n") for file, text in sources.items()}
    count = _counted(every, texts)
    heading = texts["heading"].format(count=count)
    blocks = [_block(one, lines.get(one.span.file, []), color, folder, locale) for one in every]
    files = _number(len({one.span.file for one in every}), "file", texts)
    closing = [texts["closing"].format(count=count, files=files)] if len(every) > 1 else []
    return "\n\n".join([heading, *blocks, *closing]) + "\n"


def as_json(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """Return the problems in the same order as plain data; lines and columns count from 1.

    Both languages are in it: `message` and `hint` are English, `message_zh` and `hint_zh` Chinese.
    """
    return [
        {
            "code": one.code,
            "severity": one.severity,
            **({"finding": one.finding} if one.finding else {}),
            "file": one.span.file,
            "line": one.span.line,
            "column": one.span.column,
            "end_line": one.span.end_line,
            "end_column": one.span.end_column,
            "message": str(one.message),
            "hint": str(one.hint),
            "message_zh": in_language(one.message, "zh"),
            "hint_zh": in_language(one.hint, "zh"),
        }
        for one in in_order(problems)
    ]


def _counted(problems: Iterable[Problem], texts: Mapping[str, str]) -> str:
    severities = [one.severity for one in problems]
    counts = {word: severities.count(word) for word in ("error", "warning", "info")}
    parts = [_number(count, word, texts) for word, count in counts.items() if count]
    return texts["and"].join(parts)


def _number(count: int, noun: str, texts: Mapping[str, str]) -> str:
    return texts[noun].format(number=f"{count:,}") + ("" if count == 1 else texts["many"])


def _block(problem: Problem, lines: list[str], color: bool, folder: str, locale: str) -> str:
    paint = (RED if problem.severity == "error" else YELLOW) if color else ""
    bold, plain = (BOLD, PLAIN) if color else ("", "")
    word = problem.code if problem.severity == "error" else f"{problem.code} {problem.severity}"
    place = "built in" if problem.span == NOWHERE else f"{folder}{problem.span}"
    if problem.span == whole_file(""):
        place = folder.rstrip("/") or "."
    message = in_language(problem.message, locale)
    parts = [f"{paint}{word}{plain} {bold}{_safe(place)}{plain}\n  {_safe(message)}"]
    excerpt = _excerpt(problem, lines, paint, plain)
    if excerpt:
        parts.append(excerpt)
    if problem.hint:
        parts.append(f"  {_safe(in_language(problem.hint, locale))}")
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
