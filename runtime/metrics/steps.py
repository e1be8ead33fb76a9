"""How long each step of the pipeline takes: marks go in, seconds by step come out.

The transport opens a `Steps` for its request; `handle` notes into whichever is open and into none
for a job. A page that handles several requests adds them up. A step that refuses counts as well.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextvars import ContextVar

NAMES = ("authorize", "parse", "plan", "execute")
"""The steps of `handle`, in order."""
RENDER = "render"
"""What follows the last of them."""

NANO = 1e-9


class Steps:
    """The seconds of one request by step."""

    __slots__ = ("_last", "_took")

    def __init__(self) -> None:
        self._took: dict[str, int] = {}
        self._last = 0

    def note(self, marks: Sequence[int]) -> None:
        """Add the times between marks of `time.monotonic_ns`, one more than steps were begun."""
        took = self._took
        for name, begin, end in zip(NAMES, marks, marks[1:], strict=False):
            took[name] = took.get(name, 0) + end - begin
        self._last = marks[-1]

    def seconds(self) -> Mapping[str, float]:
        """Return the seconds by step, `render` until now; empty when nothing was handled."""
        if not self._last:
            return {}
        found = {name: took * NANO for name, took in self._took.items()}
        found[RENDER] = (time.monotonic_ns() - self._last) * NANO
        return found


open_steps: ContextVar[Steps | None] = ContextVar("steps", default=None)
"""What the request in hand takes; None outside of one."""


def note(marks: Sequence[int]) -> None:
    """Note the marks of one run through the pipeline to the request in hand."""
    steps = open_steps.get()
    if steps is not None:
        steps.note(marks)
