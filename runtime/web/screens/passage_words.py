"""A step of a workflow as an entry of the timeline: who, when, what was answered, how long it took.

In: a row of the workflow's log, already cut to what its reader may see. Out: words and badges.
What happened by itself says so: after a time, because a condition held, by something outside.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from generator.field_types import Cell
from generator.field_types._times import local_text
from generator.model.entity import Entity, Field
from generator.model.workflow import Transition
from generator.resolve.fields import humanize
from runtime.operations._passages import Passage
from runtime.web.screens import history
from runtime.web.screens.history import Change, Known
from runtime.web.screens.visit import Visit, caller
from runtime.web.screens.workflow_page import badge
from runtime.web.screens.workflow_picture import length

HIDDEN = "***"
"""What the log keeps of a personal answer: that there was one."""
LISTS = {"choices", "tags"}
ICONS = {"timer": "clock", "auto": "settings", "system": "plug", "event": "webhook"}


@dataclass(frozen=True, slots=True)
class Taken:
    """A step in the timeline."""

    id: str
    icon: str
    who: str
    words: str
    mark: str
    """What took it when no person did; empty for people."""
    before: Cell
    after: Cell
    moved: bool
    """The record came from another state."""
    workflow: str
    """Its name, where the record has several."""
    spent: str
    """How long the record was where it came from."""
    reason: str
    iso: str
    when: str
    answers: tuple[Change, ...]
    changes: tuple[Change, ...]


def stepper(visit: Visit, one: Passage) -> str:
    """Return who took a step: whatever is no person is the system, as where a record is made."""
    if one.actor_kind == "system":
        return visit.t("System", "person")
    return caller(visit, one.actor_name, one.actor_id)


def taken(visit: Visit, entity: Entity, one: Passage, known: Known, begun: Any) -> Taken:
    """Return a step as it is read; `begun` is when the record was made."""
    machines = visit.app.workflows[entity.name]
    machine = machines.get(one.workflow)
    edges = machine.named(one.transition) if machine else ()
    states = machine.states if machine else {}
    since = one.since or (begun if isinstance(begun, dt.datetime) else None)
    asked = {name: each.field for edge in edges for name, each in edge.input.items()}
    changes = tuple(_changes(visit, entity, one, known, {machine.field} if machine else set()))
    said = {(each.label, each.after) for each in changes}
    answers = (_answer(visit, asked.get(name), name, v, known) for name, v in one.answers.items())
    return Taken(
        id=one.id,
        icon=ICONS.get(one.source, "arrow-right"),
        who=stepper(visit, one),
        words=_words(visit, one, edges),
        mark=_mark(visit, one),
        before=_state(visit, states, one.before),
        after=_state(visit, states, one.after),
        moved=one.before not in ("", one.after),
        workflow=visit.text(machine.label) if machine and len(machines) > 1 else "",
        spent=_spent(visit, one, since),
        reason=one.reason,
        iso=one.at.isoformat(),
        when=local_text(one.at, visit.viewer.locale, visit.viewer.time_zone),
        # an answer that only became the field of that name is told once, by the change
        answers=tuple(each for each in answers if (each.label, each.after) not in said),
        changes=changes,
    )


def wanted(visit: Visit, entity: Entity, steps: Iterable[Passage]) -> Mapping[str, tuple[str, ...]]:
    """Return the ids of other records that steps name, by entity."""
    found: dict[str, dict[str, None]] = {}
    for one in steps:
        machine = visit.app.workflows[entity.name].get(one.workflow)
        edges = machine.named(one.transition) if machine else ()
        asked = {name: each.field for edge in edges for name, each in edge.input.items()}
        pairs = [(asked.get(name), value) for name, value in one.answers.items()]
        for values in (one.changed_from, one.changed_to):
            pairs += [(entity.fields.get(name), value) for name, value in values.items()]
        for field, value in pairs:
            if field is not None and field.target and isinstance(value, str) and value != HIDDEN:
                found.setdefault(field.target, {})[value] = None
    return {target: tuple(ids) for target, ids in found.items()}


def _words(visit: Visit, one: Passage, edges: tuple[Transition, ...]) -> str:
    label = visit.text(edges[0].label) if edges else humanize(one.transition)
    if not one.transition:
        return visit.t("brought in as it was", "step")
    if one.skipped:
        return visit.t("{step} was not possible and was left out", step=label)
    return label


def _mark(visit: Visit, one: Passage) -> str:
    t = visit.t
    return {
        "timer": t("after a time", "step"),
        "auto": t("by itself", "step"),
        "system": t("by the system", "step"),
        "event": t("by an event from outside", "step"),
        "api": t("over the API", "step"),
        "import": t("by an import", "step"),
        "migration": t("by a change of the definitions", "step"),
    }.get(one.source, t("with others of a list", "step") if one.batch else "")


def _state(visit: Visit, states: Mapping[str, Any], name: str) -> Cell:
    state = states.get(name)
    return badge(visit, state) if state is not None else Cell(name, "badge", "neutral")


def _spent(visit: Visit, one: Passage, since: dt.datetime | None) -> str:
    seconds = int((one.at - since).total_seconds()) if since is not None else 0
    if seconds >= 3600:
        seconds -= seconds % 60
    return length(visit, seconds) if seconds > 0 and not one.skipped else ""


def _answer(visit: Visit, field: Field | None, name: str, value: Any, known: Known) -> Change:
    label = visit.text(field.label) if field is not None else humanize(name)
    if value == HIDDEN or field is None:
        return Change(label, "", visit.t("Not visible to you") if value == HIDDEN else str(value))
    return Change(label, "", _shown(visit, field, value, known))


def _changes(
    visit: Visit, entity: Entity, one: Passage, known: Known, states: set[str]
) -> Iterable[Change]:
    for name in dict.fromkeys((*one.changed_from, *one.changed_to)):
        field = entity.fields.get(name)
        if field is None or name in states or field.type in ("children", "state"):
            continue
        before, after = one.changed_from.get(name), one.changed_to.get(name)
        yield Change(
            visit.text(field.label),
            _shown(visit, field, before, known),
            _shown(visit, field, after, known),
        )


def _shown(visit: Visit, field: Field, value: Any, known: Known) -> str:
    """Return a value of the log: numbers as they are stored, of a list only how many it holds."""
    if not isinstance(value, int):
        return history.shown(visit, field, value, known)
    if visit.catalog[field.type].relation == "references" or field.type in LISTS:
        return visit.t("{n} values", n=value)
    return history.written(visit, field, value, known)
