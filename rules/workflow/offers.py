"""The buttons of a record: which transitions lead from where it is, and what stands in their way.

Nothing is written and no veto is asked; one that a person's roles may not fire is not offered.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import Any

from generator.model.workflow import BLOCKED, Clause, Transition, Workflow
from rules.blockers import Blocker, both
from rules.workflow import answers, guarding
from rules.workflow.asking import (
    Ask,
    Asker,
    Machines,
    Offer,
    Refused,
    Situation,
    context,
    holds,
)

NO_WAY = both("None of the ways it could go is open.", "没有可走的路径。")


def offers(
    machines: Machines, by: Asker, situation: Situation, only: str = ""
) -> tuple[Offer, ...] | Refused:
    """Return the transitions somebody may see, in the order of the files.

    `only` asks about the transition of one name: no guard of another one is evaluated.
    """
    found: list[Offer] = []
    for workflow in machines.workflows.values():
        state: Any = situation.facts.get(workflow.field)
        if state not in workflow.states:
            return Refused("unknown_stored_state", current=str(state))
        for edge in seen(workflow, state, by):
            if only and edge.name != only:
                continue
            reasons = _reasons(edge, workflow, by, situation, state)
            if not (reasons and edge.hide_blocked):
                found.append(Offer(edge, workflow.name, reasons))
    return tuple(found)


def seen(workflow: Workflow, state: str, by: Asker) -> tuple[Transition, ...]:
    """Return the edges from a state that somebody's roles may fire; no guard is asked."""
    return tuple(
        edge
        for edge in workflow.leaving(state)
        if by.source in edge.triggers and not guarding.role_missing(edge, by)
    )


def common(workflow: Workflow, states: Iterable[str], by: Asker) -> tuple[str, ...]:
    """Return the transitions that lead from every one of some states, for a selection of rows."""
    each = [[edge.name for edge in seen(workflow, state, by)] for state in states]
    if not each:
        return ()
    shared = reduce(lambda kept, names: kept & set(names), each, set(each[0]))
    return tuple(dict.fromkeys(name for name in each[0] if name in shared))


def _reasons(
    edge: Transition, workflow: Workflow, by: Asker, situation: Situation, state: str
) -> tuple[Blocker, ...]:
    ask = Ask(workflow.name, edge.name, by)
    beside = {**context(ask, situation, state), "input": answers.complete(edge, {})}
    reasons = (
        *guarding.same_person(edge, by, situation.past),
        *guarding.blocked(_askable(edge), situation.facts, beside),
    )
    if reasons or edge.previous is not None or any(_asks_input(one.when) for one in edge.branches):
        return reasons
    if any(holds(one.when, situation.facts, beside) for one in edge.branches):
        return ()
    return (Blocker(BLOCKED, NO_WAY, {}, edge.span),)


def _askable(edge: Transition) -> tuple[Clause, ...]:
    """Return the clauses that can be asked before the form is filled in."""
    return tuple(one for one in edge.guards if not _asks_input(one.when))


def _asks_input(condition: object) -> bool:
    paths = getattr(condition, "context", ())
    return any(path[0] == "input" for path in paths)
