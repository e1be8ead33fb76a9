"""A fault inside an expression, and its place in the YAML file. The codes are D5xx."""

from __future__ import annotations

from collections.abc import Iterable

from generator.model.text import Span
from generator.problems import Problem, did_you_mean
from generator.saying import say


class Fault(Exception):
    """Ends the reading of one expression; `parse` turns it into a `Problem`."""

    def __init__(self, code: str, start: int, end: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code, self.start, self.end = code, start, end
        self.message, self.hint = message, hint


def suggestion(written: str, known: Iterable[str]) -> str:
    """Return "Did you mean 'x'? …" or the list of what is known."""
    return did_you_mean(written, known, otherwise="None is defined here.")


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
        message = say(
            "{message} (column {column} of the expression)",
            message=say(message),
            column=fault.start + 1,
        )
    return Problem(fault.code, spot, message, fault.hint)
