"""The pages about workflows: which there are, and one as a picture, a table and a text.

What a workflow says is no secret to whoever may list its records; who may do what is in the table,
so that a reader of the screen, a phone and a printed page have all that the picture has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from generator.expressions.words import words
from generator.field_types import Cell
from generator.model.entity import Entity
from generator.model.workflow import (
    ANY_ROLE,
    Clause,
    Derivation,
    State,
    Timer,
    Transition,
    Workflow,
)
from rules.workflow.graph import BY_HAND, BY_ITSELF, BY_SYSTEM, BY_TIME, Arrow, graph_of, kind_of
from rules.workflow.mermaid import mermaid
from rules.workflow.timers import ENTERED
from runtime.rights_words import ModelLabels
from runtime.web.screens.visit import Visit, plural
from runtime.web.screens.workflow_picture import Drawing, Past, drawing, length, way_words

Machine = Workflow | Derivation
AT_ONCE = 60
"""A timer that waits for fewer seconds after a date rings at that date, for people."""


@dataclass(frozen=True, slots=True)
class WorkflowLink:
    """One workflow of the index."""

    label: str
    of: str
    icon: str
    url: str
    states: tuple[Cell, ...]
    derived: bool


@dataclass(frozen=True, slots=True)
class Way:
    """One row of the table: a transition from a state, in words."""

    source: Cell
    name: str
    targets: tuple[Cell, ...]
    who: str
    conditions: tuple[str, ...]
    times: int = 0
    """How often this record took it."""
    now: str = ""
    """open, shut or empty: what this record could do next."""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One row of a derived column: a value and what makes it."""

    value: Cell
    when: str


@dataclass(frozen=True, slots=True)
class WorkflowPage:
    """Everything `workflow.html` draws."""

    title: str
    of: str
    back: str
    back_label: str
    help: str
    picture: Drawing | None
    """None for a derived column: nothing leads from one value to another."""
    ways: tuple[Way, ...]
    cases: tuple[Case, ...]
    text: str
    """The Mermaid text."""
    record: str = ""
    """The title of the record whose way is shown."""


def machines_of(visit: Visit, entity: str) -> Mapping[str, Machine]:
    """Return the workflows and derived columns of an entity by name, in the order of the files."""
    found: dict[str, Machine] = dict(visit.app.workflows.get(entity, {}))
    found.update({one.name: one for one in visit.app.derivations.get(entity, ())})
    return found


def index(visit: Visit) -> tuple[WorkflowLink, ...]:
    """Return the workflows of everything the person may list."""
    found = []
    for entity in visit.app.entities.values():
        if not visit.may("list", entity.name):
            continue
        for machine in machines_of(visit, entity.name).values():
            found.append(
                WorkflowLink(
                    visit.text(machine.label),
                    plural(visit, entity),
                    entity.icon or "point",
                    workflow_url(entity.name, machine.name),
                    tuple(badge(visit, one) for one in machine.states.values()),
                    isinstance(machine, Derivation),
                )
            )
    return tuple(found)


def workflow_url(entity: str, name: str, record: str = "") -> str:
    """Return the address of a workflow's page."""
    return f"/workflows/{entity}/{name}" + (f"?record={record}" if record else "")


def workflow_page(
    visit: Visit,
    entity: Entity,
    machine: Machine,
    past: Past | None = None,
    reasons: Mapping[str, tuple[str, ...]] | None = None,
    record: tuple[str, str] = ("", ""),
) -> WorkflowPage:
    """Return the page of a workflow; `record` is the title and address of one that is in it."""
    is_derived = isinstance(machine, Derivation)
    graph = graph_of(machine)
    return WorkflowPage(
        title=visit.text(machine.label),
        of=plural(visit, entity),
        back=record[1] or "/workflows/",
        back_label=visit.t("Back to {name}", name=record[0]) if record[0] else visit.t("Workflows"),
        help="",
        picture=None if is_derived else drawing(visit, machine, past),
        ways=() if isinstance(machine, Derivation) else _ways(visit, machine, past, reasons or {}),
        cases=_cases(visit, machine) if isinstance(machine, Derivation) else (),
        text=mermaid(graph, visit.actor.locale, lambda arrow: text_of(visit, arrow)),
        record=record[0],
    )


def badge(visit: Visit, state: State) -> Cell:
    """Return a state as lists show it."""
    return Cell(visit.text(state.label), "badge", state.tone, state.progress)


def text_of(visit: Visit, arrow: Arrow) -> str:
    """Return what the Mermaid text says at a way: as the picture, and who may take it."""
    who = _roles(visit, arrow.roles)
    return way_words(visit, arrow) + (f" ({who})" if who else "")


def _ways(
    visit: Visit, machine: Workflow, past: Past | None, reasons: Mapping[str, tuple[str, ...]]
) -> tuple[Way, ...]:
    here = past or Past()
    found = []
    for state in machine.states.values():
        for edge in machine.leaving(state.name):
            stands = state.name == here.now
            now = ""
            if stands and edge.name in here.allowed:
                now = "open"
            elif stands and edge.name in here.blocked:
                now = "shut"
            found.append(
                Way(
                    badge(visit, state),
                    visit.text(edge.label),
                    tuple(badge(visit, machine.states[one]) for one in edge.targets),
                    _who(visit, machine.entity, edge),
                    tuple(_condition(visit, one) for one in edge.guards),
                    sum(
                        count
                        for (source, _, name), count in here.taken.items()
                        if (source, name) == (state.name, edge.name)
                    ),
                    now,
                    reasons.get(edge.name, ()) if now == "shut" else (),
                )
            )
    return tuple(found)


def _who(visit: Visit, entity: str, edge: Transition) -> str:
    """Return who or what takes a transition."""
    t, kind = visit.t, kind_of(edge)
    if kind == BY_HAND:
        return _roles(visit, edge.roles)
    if kind == BY_TIME and edge.timer is not None:
        return _when(visit, entity, edge.timer)
    return {
        BY_ITSELF: t("by itself as soon as its conditions hold"),
        BY_SYSTEM: t("by the system"),
    }.get(kind, "")


def _when(visit: Visit, entity: str, timer: Timer) -> str:
    """Return when a timer rings: counted from the entry, or from a date of the record."""
    t, time = visit.t, length(visit, timer.seconds)
    if timer.calendar is not None:
        days = visit.text(timer.calendar.label)
        time = t("{time} of “{calendar}”", "working time", time=time, calendar=days)
    said = _since(visit, entity, timer, time)
    if not timer.every:
        return said
    again = length(visit, timer.every)
    return t("{said}, then every {time}", said=said, time=again)


def _since(visit: Visit, entity: str, timer: Timer, time: str) -> str:
    t = visit.t
    if timer.start == ENTERED:
        return t("by itself after {time}", time=time)
    field = visit.text(visit.app.entities[entity].fields[timer.start].label)
    if timer.seconds < AT_ONCE:
        return t("by itself at the time of “{field}”", field=field)
    return t("by itself {time} after “{field}”", time=time, field=field)


def _roles(visit: Visit, names: tuple[str, ...]) -> str:
    roles = visit.app.roles
    if ANY_ROLE in names:
        return visit.t("everybody", "roles")
    return ("、" if visit.chinese() else ", ").join(visit.text(roles[one].label) for one in names)


def _condition(visit: Visit, clause: Clause) -> str:
    """Return what must hold, in words; where it reads what has no words, why it would not."""
    return words(clause.when, visit.actor.locale, ModelLabels(visit.runtime))


def _cases(visit: Visit, machine: Derivation) -> tuple[Case, ...]:
    labels = ModelLabels(visit.runtime)
    return tuple(
        Case(
            badge(visit, machine.states[one.value]),
            words(one.when, visit.actor.locale, labels)
            if one.when is not None
            else visit.t("otherwise", "condition"),
        )
        for one in machine.cases
    )
