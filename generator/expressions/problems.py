"""A fault inside an expression, and its place in the YAML file. The codes are D5xx."""

from __future__ import annotations

from collections.abc import Iterable

from generator.model.text import Span
from generator.problems import MOST, Problem, did_you_mean
from generator.source_nodes import within


class Fault(Exception):
    """Ends the reading of one expression; `parse` turns it into a `Problem`.

    Whoever finds a fault knows best what to write instead, so no fault is without its hint.
    """

    def __init__(self, code: str, start: int, end: int, message: str, hint: str) -> None:
        super().__init__(message)
        self.code, self.start, self.end = code, start, end
        self.message, self.hint = message, hint


def suggestion(written: str, known: Iterable[str]) -> str:
    """Return "Did you mean 'x'? …" or the list of what is known."""
    names = set(known)
    otherwise = "None is defined here; write a value instead."
    if len(names) > MOST:
        otherwise = "Write a name that is defined; `show` and the reference list them."
    return did_you_mean(written, names, otherwise=otherwise)


def problem(fault: Fault, text: str, span: Span, written: str) -> Problem:
    """Return the fault as a `Problem` at its words in the file.

    `span` is where the expression stands and `written` how: with its quotes, escapes, `|` or `>`.
    """
    end = max(fault.end, fault.start + 1)
    return Problem(
        fault.code, within(span, text, written, fault.start, end), fault.message, fault.hint
    )
