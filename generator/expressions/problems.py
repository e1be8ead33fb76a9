"""The faults of the expression language: D5xx, each worded in one place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from generator.model.text import Span
from generator.problems import Problem

CODES: Mapping[str, str] = {
    "D501": "The expression cannot be read.",
    "D502": "The expression uses something the language does not have.",
    "D503": "The expression is too long, too deep or too large.",
    "D504": "A name in the expression is unknown.",
    "D505": "A function in the expression is unknown.",
    "D506": "A value in the expression has the wrong type.",
    "D507": "A function is called with the wrong arguments.",
    "D508": "A comparison with null; write `is null`.",
    "D509": "A number has too many digits or decimals.",
    "D510": "A value outside the choices of a field.",
    "D511": "A division outside round().",
    "D512": "The expression has another type than its place needs.",
    "D513": "Records of another entity are used as one value.",
}


class Fault(Exception):
    """Ends the reading of one expression; `parse` turns it into a `Problem`."""

    def __init__(self, code: str, start: int, end: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code, self.start, self.end = code, start, end
        self.message, self.hint = message, hint


def suggestion(written: str, known: Iterable[str]) -> str:
    """Return "Did you mean 'x'? …" or the list of what is known."""
    names = sorted(set(known))
    close = get_close_matches(written, names, n=1)
    if close:
        others = ", ".join(name for name in names if name != close[0])
        return f"Did you mean '{close[0]}'?" + (f" The others are: {others}." if others else "")
    return f"Known: {', '.join(names)}." if names else "None is defined here."


def place(span: Span, text: str, start: int, end: int) -> Span:
    """Return the place of `text[start:end]` in the file.

    Exact for a scalar on one line without escapes, plain or quoted; otherwise the whole scalar.
    """
    width = span.end_column - span.column
    if span.line != span.end_line or width not in (len(text), len(text) + 2):
        return span
    base = span.column + (1 if width == len(text) + 2 else 0)
    return Span(span.file, span.line, base + start, span.line, base + max(end, start + 1))


def problem(fault: Fault, text: str, span: Span) -> Problem:
    """Return the fault as a `Problem`; where the column is lost, the message quotes the words."""
    spot = place(span, text, fault.start, fault.end)
    message = fault.message
    if spot == span and text:
        message = f"{message} (column {fault.start + 1} of the expression)"
    return Problem(fault.code, spot, message, fault.hint)
