"""The graph of a workflow: what is reached, what leads on, what goes round."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from generator.model.workflow import Transition, Workflow


def reached(workflow: Workflow, start: Iterable[str] = ()) -> set[str]:
    """Return every state that can be reached from some; from the initial one if none is named."""
    ways = {
        state: {target for edge in workflow.leaving(state) for target in edge.targets}
        for state in workflow.states
    }
    return _closure(start or (workflow.initial,), ways)


def leading_to(workflow: Workflow, ends: Iterable[str]) -> set[str]:
    """Return every state from which one of some can be reached, those included."""
    back: dict[str, set[str]] = {state: set() for state in workflow.states}
    for edge in workflow.transitions:
        for target in edge.targets:
            back.setdefault(target, set()).update(edge.sources)
    return _closure(ends, back)


def circles(
    workflow: Workflow, wanted: Callable[[Transition], bool]
) -> list[tuple[Transition, ...]]:
    """Return the edges of every circle that only some edges make, one list a circle of states."""
    ways: dict[str, set[str]] = {state: set() for state in workflow.states}
    edges = [edge for edge in workflow.transitions if wanted(edge)]
    for edge in edges:
        for source in edge.sources:
            ways[source] |= set(edge.targets)
    after = {state: _closure(ways[state], ways) for state in ways}
    seen: set[frozenset[str]] = set()
    found = []
    for state, further in after.items():
        if state not in further:
            continue
        circle = frozenset(one for one in further if state in after.get(one, ()))
        if circle in seen:
            continue
        seen.add(circle)
        found.append(
            tuple(
                edge for edge in edges if circle & set(edge.sources) and circle & set(edge.targets)
            )
        )
    return found


def longest(workflow: Workflow, wanted: Callable[[Transition], bool]) -> int:
    """Return how many edges of some follow each other at most; circles count once."""
    ways: dict[str, set[str]] = {state: set() for state in workflow.states}
    for edge in workflow.transitions:
        if wanted(edge):
            for source in edge.sources:
                ways[source] |= set(edge.targets)

    def depth(state: str, path: frozenset[str]) -> int:
        further = [one for one in ways.get(state, ()) if one not in path]
        return max((1 + depth(one, path | {one}) for one in further), default=0)

    return max((depth(state, frozenset({state})) for state in ways), default=0)


def _closure(start: Iterable[str], ways: Mapping[str, Iterable[str]]) -> set[str]:
    found: set[str] = set()
    open_ends = list(start)
    while open_ends:
        state = open_ends.pop()
        if state not in found:
            found.add(state)
            open_ends += ways.get(state, ())
    return found
