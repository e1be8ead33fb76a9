"""A `Problem` is one fault in a definition: its code, its place, what is wrong, what to write instead."""

from __future__ import annotations

from dataclasses import dataclass

from generator.model.text import Span


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault. Codes: D1xx read, D2xx shape, D3xx unknown name, D4xx check, D5xx expression."""

    code: str
    span: Span
    message: str
    hint: str = ""
    severity: str = "error"
    """`error` stops the load; `warning` is shown and `check --strict` refuses it."""


class DefinitionError(Exception):
    """The definitions have faults; all of them are here, in file order."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(f"{len(problems)} problems in the definitions")
        self.problems = problems
