"""Two versions of a transition → what stands in the way of it no more, or newly.

Comes in: the edges of one name before and after. Goes out: what `comparing.py` tells of a role that
may fire them: states it leads from, guards, vetoes, who else it must be, and how it is confirmed. A
guard that goes or says something else opens a way, as does a weaker confirmation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from generator.model.app import App
from generator.model.workflow import PEOPLE, Transition
from generator.shapes.access import TRANSITION
from generator.shapes.workflow import CONFIRMATIONS

WIDENS, NARROWS, OTHERWISE = "widens", "narrows", "otherwise"

Texts = tuple[str, ...]
Found = tuple[str, str, Texts, tuple[Texts, Texts]]


def steps(old: App, new: App, entity: str, action: str) -> Iterator[Found]:
    """Yield what changes about an action that fires a transition; nothing for another action."""
    before, after = _edges(old, entity, action), _edges(new, entity, action)
    if not before or not after:
        return
    yield from _more("from", _sources(before), _sources(after))
    for kind, name in (("clauses", "guards"), ("vetoes", "before")):
        yield from _fewer(kind, *(frozenset(_clauses(edges, name)) for edges in (before, after)))
    yield from _fewer("others", _others(before), _others(after))
    weak = [min(CONFIRMATIONS.index(edge.confirm) for edge in edges) for edges in (before, after)]
    if weak[0] != weak[1]:
        names = tuple((CONFIRMATIONS[one],) for one in weak)
        yield WIDENS if weak[1] < weak[0] else NARROWS, "confirm", (), (names[0], names[1])


def _edges(app: App, entity: str, action: str) -> tuple[Transition, ...]:
    head, colon, name = action.partition(":")
    workflow, _, edge = name.partition(".")
    found = app.workflows.get(entity, {}).get(workflow)
    if head != TRANSITION or not colon or found is None:
        return ()
    return tuple(one for one in found.named(edge) if PEOPLE & set(one.triggers))


def _sources(edges: Iterable[Transition]) -> frozenset[str]:
    return frozenset(state for edge in edges for state in edge.sources)


def _others(edges: Iterable[Transition]) -> frozenset[str]:
    return frozenset(member for edge in edges for member in edge.not_actor)


def _clauses(edges: Iterable[Transition], name: str) -> Iterator[str]:
    """Yield every condition; where edges of one name differ, with the states each leads from."""
    found = tuple(edges)
    for edge in found:
        place = f"{', '.join(sorted(edge.sources))}: " if len(found) > 1 else ""
        for clause in getattr(edge, name):
            yield f"{place}{clause.when.text}"


def _more(kind: str, before: frozenset[str], after: frozenset[str]) -> Iterator[Found]:
    if before != after:
        wide = WIDENS if after > before else NARROWS if after < before else OTHERWISE
        yield wide, kind, (), (_told(before), _told(after))


def _fewer(kind: str, before: frozenset[str], after: frozenset[str]) -> Iterator[Found]:
    """Tell of what stands in the way: less of it is more freedom."""
    if before != after:
        wide = NARROWS if after > before else WIDENS if after < before else OTHERWISE
        yield wide, kind, (), (_told(before), _told(after))


def _told(texts: Iterable[str]) -> Texts:
    return tuple(sorted(texts))
