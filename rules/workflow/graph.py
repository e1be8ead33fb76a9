"""A workflow as a picture shows it: states, and arrows that carry what fires them.

In: a workflow or a derived column. Out: plain values in the order of the file, for the Mermaid text
(`mermaid.py`), for the picture on screen (`layout.py`) and for the table beside it. Nothing here
knows a language or a color.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from generator.model.text import Label
from generator.model.workflow import AUTO, PEOPLE, TIMER, Derivation, State, Transition, Workflow
from rules.workflow.timers import ENTERED

BY_HAND, BY_ITSELF, BY_TIME, BY_SYSTEM = "hand", "auto", "timer", "system"
"""What stands behind an arrow: somebody, a condition, a clock, or a machine's answer."""


@dataclass(frozen=True)
class Arrow:
    """One way from a state to another."""

    source: str
    target: str
    transition: str
    label: Label
    kind: str
    roles: tuple[str, ...] = ()
    conditions: int = 0
    seconds: int = 0
    """After how long it fires by itself; 0: not by a clock."""
    branch: str = ""
    """The condition of this one of several targets; empty where there is one alone."""
    back: bool = False
    """It leads back to where the record came from, if that is this state."""


@dataclass(frozen=True)
class Graph:
    """States and the ways between them."""

    states: Mapping[str, State]
    initial: str
    """Empty where the value follows from others."""
    arrows: tuple[Arrow, ...]

    def leaving(self, state: str) -> tuple[Arrow, ...]:
        """Return the ways out of a state."""
        return tuple(one for one in self.arrows if one.source == state)


def graph_of(machine: Workflow | Derivation) -> Graph:
    """Return the picture of a machine; a derived column has states and no ways."""
    if isinstance(machine, Derivation):
        return Graph(machine.states, "", ())
    arrows = tuple(
        arrow
        for edge in machine.transitions
        for source in edge.sources
        for arrow in _arrows(edge, source)
    )
    return Graph(machine.states, machine.initial, arrows)


def kind_of(edge: Transition) -> str:
    """Return what stands behind a transition; somebody, where several do."""
    if PEOPLE & set(edge.triggers):
        return BY_HAND
    if TIMER in edge.triggers:
        return BY_TIME
    return BY_ITSELF if AUTO in edge.triggers else BY_SYSTEM


def _arrows(edge: Transition, source: str) -> tuple[Arrow, ...]:
    kind, seconds = kind_of(edge), 0
    if edge.timer is not None and edge.timer.start == ENTERED:
        seconds = edge.timer.seconds

    def arrow(target: str, branch: str = "", *, back: bool = False) -> Arrow:
        conditions = len(edge.guards)
        found = (edge.name, edge.label, kind, edge.roles, conditions, seconds, branch, back)
        return Arrow(source, target, *found)

    if edge.previous is not None:
        states = dict.fromkeys((*edge.previous.among, edge.previous.otherwise))
        return tuple(arrow(target, back=True) for target in states if target != source)
    several = len(edge.branches) > 1
    return tuple(
        arrow(one.to, (one.when.text if one.when else "else") if several else "")
        for one in edge.branches
    )
