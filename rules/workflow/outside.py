"""Calls to providers: which is next, and what takes back what was done when one fails for good.

A run is the calls of one transition, in order. It takes back only what it did itself, in reverse,
under keys of its own; what nothing takes back is left to a person.
"""

from __future__ import annotations

from dataclasses import dataclass

from rules.commands import Call

WAITING, DONE, FAILED, UNDONE = "waiting", "done", "failed", "undone"
UNDO = ":undo"


@dataclass(frozen=True)
class Made:
    """A call and what became of it: waiting, done, failed (a definite refusal) or undone."""

    call: Call
    status: str = WAITING


@dataclass(frozen=True)
class Next:
    """What is to be done now: `operation` under `key`; nothing when the run has ended."""

    state: str
    """running, done, reverting, reverted or needs_person."""
    operation: str = ""
    key: str = ""
    position: int = -1
    """Which of the calls it belongs to."""


def following(run: tuple[Made, ...]) -> Next:
    """Return the next call of a run."""
    if any(one.status == FAILED for one in run):
        return _back(run)
    for position, one in enumerate(run):
        if one.status == WAITING:
            return Next("running", one.call.operation, one.call.key, position)
    return Next("done")


def _back(run: tuple[Made, ...]) -> Next:
    for position in range(len(run) - 1, -1, -1):
        one = run[position]
        if one.status == DONE:
            if not one.call.undo:
                return Next("needs_person", position=position)
            return Next("reverting", one.call.undo, one.call.key + UNDO, position)
    return Next("reverted")
