"""Who can move what where: every state × role, walked without a record."""

from __future__ import annotations

from dataclasses import dataclass

from generator.model.workflow import ANY_ROLE, PEOPLE, Transition, Workflow


@dataclass(frozen=True)
class Move:
    """One way out of a state: who or what takes it, and where it may lead."""

    state: str
    transition: str
    targets: tuple[str, ...]
    who: tuple[str, ...]
    """Roles, `any`, or the triggers of what needs nobody, such as `timer`."""
    conditions: int
    """How many clauses of a guard stand in the way."""


def moves(workflow: Workflow, role: str = "") -> tuple[Move, ...]:
    """Return every way out of every state, in the order of the file; for one role, its own."""
    return tuple(
        Move(state, edge.name, edge.targets, _who(edge), len(edge.guards))
        for state in workflow.states
        for edge in workflow.leaving(state)
        if not role or _is_for(edge, role)
    )


def _who(edge: Transition) -> tuple[str, ...]:
    machines = tuple(one for one in edge.triggers if one not in PEOPLE)
    return (*edge.roles, *machines)


def _is_for(edge: Transition, role: str) -> bool:
    return bool(PEOPLE & set(edge.triggers)) and bool({role, ANY_ROLE} & set(edge.roles))
