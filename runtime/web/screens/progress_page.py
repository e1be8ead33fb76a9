"""Where a record is in its workflows: state, since when, what happens next, who is asked for what.

In: what `transitions` and `passages` tell. Out: a box a workflow for the side of the record's page,
and the way the picture of the workflow shows. A stored state that nobody defined is told as such.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from generator.field_types import Cell
from generator.field_types._times import local_text
from generator.model.entity import Entity
from generator.model.workflow import Derivation
from runtime.operations._passages import Due, Passage, Task
from runtime.operations.passages import Story
from runtime.operations.transitions import Standing
from runtime.store.workflow_tables import TRANSITION
from runtime.tasks import label_of
from runtime.web.screens.passage_words import stepper
from runtime.web.screens.steps_page import reasons
from runtime.web.screens.visit import Visit, record_url
from runtime.web.screens.workflow_page import badge, machines_of, workflow_url
from runtime.web.screens.workflow_picture import Past


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment as a page shows it."""

    iso: str
    text: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that happens by itself."""

    words: str
    at: Moment
    url: str = ""
    """Where its due time is moved; '' for whoever may not."""


@dataclass(frozen=True, slots=True)
class ProgressBox:
    """One workflow of a record."""

    label: str
    state: Cell
    since: Moment | None
    who: str
    waits: tuple[Waiting, ...]
    tasks: tuple[str, ...]
    url: str
    """The picture of the workflow with this record's way."""


def progress(
    visit: Visit, entity: Entity, states: Sequence[tuple[str, str]], story: Story, record_id: str
) -> tuple[ProgressBox, ...]:
    """Return a box for each workflow; `states` are the stored values by workflow."""
    found = []
    for name, value in states:
        machine = machines_of(visit, entity.name)[name]
        state = machine.states.get(value)
        last = next((one for one in story.steps if _moved(one, name)), None)
        found.append(
            ProgressBox(
                label=visit.text(machine.label),
                state=badge(visit, state) if state else Cell(value or "–", "badge", "critical"),
                since=moment(visit, last.at) if last else None,
                who=stepper(visit, last) if last else "",
                waits=tuple(
                    _waiting(visit, entity, record_id, one)
                    for one in story.due
                    if one.workflow == name
                ),
                tasks=tuple(task_words(visit, one) for one in story.tasks if one.workflow == name),
                url=""
                if isinstance(machine, Derivation)
                else workflow_url(entity.name, name, record_id),
            )
        )
    return tuple(found)


def past_of(standing: Standing | None, story: Story, workflow: str, now: str, initial: str) -> Past:
    """Return the way of a record through one workflow, for its picture."""
    steps = [one for one in story.steps if _moved(one, workflow)]
    visits = Counter(one.after for one in steps)
    first = steps[-1].before if steps else now
    visits[first or initial] += 1
    taken = Counter((one.before, one.after, one.transition) for one in steps)
    offered = [one for one in standing.offered if one.workflow == workflow] if standing else []
    return Past(
        now,
        visits,
        taken,
        {one.name for one in offered if one.allowed},
        {one.name for one in offered if not one.allowed},
    )


def blocked(visit: Visit, standing: Standing, workflow: str) -> dict[str, tuple[str, ...]]:
    """Return by transition what stands in its way now."""
    return {
        one.name: reasons(visit, one)
        for one in standing.offered
        if one.workflow == workflow and not one.allowed
    }


def moment(visit: Visit, at: datetime) -> Moment:
    """Return a moment in the zone of the reader."""
    text = local_text(at, visit.viewer.locale, visit.viewer.time_zone)
    return Moment(at.isoformat(), text)


def task_words(visit: Visit, task: Task) -> str:
    """Return what people are asked to do, and who."""
    roles = [visit.text(visit.app.roles[one].label) for one in task.roles if one in visit.app.roles]
    who = ("、" if visit.chinese() else ", ").join(roles)
    return visit.t("{task} ({who})", task=visit.text(label_of(visit.app, task)), who=who)


def _moved(one: Passage, workflow: str) -> bool:
    return one.workflow == workflow and not one.skipped


def _waiting(visit: Visit, entity: Entity, record_id: str, one: Due) -> Waiting:
    url = (
        record_url(entity.name, record_id, f"timers/{one.id}")
        if visit.may("extend", entity.name)
        else ""
    )
    return Waiting(due_words(visit, entity, one), moment(visit, one.due_at), url)


def due_words(visit: Visit, entity: Entity, one: Due) -> str:
    """Return what happens when the time has come."""
    if one.kind != TRANSITION:
        return visit.t("Somebody is told if it is still there")
    edges = visit.app.workflows[entity.name][one.workflow].named(one.transition)
    label = visit.text(edges[0].label) if edges else one.transition
    return visit.t("By itself: {step}", step=label)
