"""One step of many records: which steps all of them may take, its form, and what became of each.

The records are frozen under a token. Offered is what leads from every state they are in and is
meant for several at once; where there is nothing, the page says why. Each record is a transaction
of its own, and what was refused can be asked for again without the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generator.field_types import Cell
from generator.model.entity import Entity
from generator.model.workflow import USER, InputField, Transition, Workflow
from rules.permissions import transition_action
from runtime.errors import RequestError
from runtime.messages import Outcome
from runtime.store import selections
from runtime.store.engine import write
from runtime.web.screens import doors, form_state
from runtime.web.screens.bulk_edit_page import ACTION, CHUNK, frozen
from runtime.web.screens.bulk_page import SHOWN, Failed, failures
from runtime.web.screens.form_drawing import Drawing
from runtime.web.screens.form_errors import messages_of
from runtime.web.screens.form_model import Control
from runtime.web.screens.form_state import State
from runtime.web.screens.numbers import number
from runtime.web.screens.steps_page import NONE, question_control, questions, told
from runtime.web.screens.visit import Visit, plural, record_url
from runtime.web.screens.workflow_page import badge

STATUSES = ("ok", "blocked", "conflict", "forbidden", "gone", "invalid")


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many of the chosen records are in a state."""

    cell: Cell
    count: str


@dataclass(frozen=True, slots=True)
class BulkStep:
    """A step that all of them may take."""

    label: str
    url: str
    targets: tuple[Cell, ...]
    over: str
    """Why it cannot be taken although it leads from there: too many at once. Empty if it can."""


@dataclass(frozen=True, slots=True)
class Became:
    """How many records came to what."""

    words: str
    count: str


@dataclass(frozen=True, slots=True)
class BulkStepPage:
    """Everything `bulk_step.html` draws."""

    title: str
    count: str
    action: str
    query: str
    back: str
    states: tuple[StateCount, ...]
    steps: tuple[BulkStep, ...]
    why_none: str
    chosen: str = ""
    """The step that was chosen; empty while there is a choice."""
    label: str = ""
    controls: tuple[Control, ...] = ()
    asks_sure: bool = False
    problem: str = ""
    became: tuple[Became, ...] = ()
    failed: tuple[Failed, ...] = ()
    more_failed: int = 0
    again_url: str = ""
    """Where the step is asked for again for those that did not take it."""


def offered(visit: Visit, entity: Entity) -> bool:
    """Return whether a person may take any step of several records at once."""
    return visit.may("bulk", entity.name) and any(
        _may(visit, entity, machine, edge)
        for machine in visit.app.workflows.get(entity.name, {}).values()
        for edge in machine.transitions
    )


def page(
    visit: Visit,
    entity: Entity,
    token: str,
    query: str,
    chosen: str = "",
    state: State | None = None,
    refusal: RequestError | None = None,
) -> BulkStepPage:
    """Return the choice of steps, or the form of the chosen one.

    Raises:
        NotFound: the token is not theirs or too old.

    """
    ids = frozen(visit, entity, token)
    found = _states(visit, entity, ids)
    url = f"/{entity.name}/bulk/{token}/step"
    common = _common(visit, entity, found)
    edges = next((edges for name, edges in common if name == chosen), ())
    asked = {name: one for edge in edges for name, one in edge.input.items()}
    return BulkStepPage(
        title=plural(visit, entity),
        count=number(visit, len(ids)),
        action=url,
        query=query,
        back=record_url(entity.name) + (f"?{query}" if query else ""),
        states=_counted(visit, entity, found),
        steps=tuple(_step(visit, entity, url, query, name, e, len(ids)) for name, e in common),
        why_none="" if common else _why_none(visit, entity, found),
        chosen=chosen if edges else "",
        label=visit.text(edges[0].label) if edges else "",
        controls=_controls(visit, asked, state, refusal, chosen),
        asks_sure=any(edge.confirm != NONE for edge in edges),
        problem=told(visit, refusal) if refusal is not None else "",
    )


def answers_of(visit: Visit, entity: Entity, chosen: str, state: State) -> dict[str, Any]:
    """Return the payload that a sent form means."""
    fields = questions(visit, _asked(visit, entity, chosen))
    given = form_state.values_of(visit, fields, state, changes=True)
    return {name: value for name, value in given.items() if value is not None}


def sent_state(
    visit: Visit, entity: Entity, chosen: str, posted: Mapping[str, Sequence[str]]
) -> State:
    """Return what was sent, as far as the step asks it."""
    return form_state.state_of_post(visit, questions(visit, _asked(visit, entity, chosen)), posted)


def done(
    visit: Visit, entity: Entity, shown: BulkStepPage, outcomes: Sequence[Outcome]
) -> BulkStepPage:
    """Return what became of the records, with a way to ask again for those that did not go."""
    bad = [one for one in outcomes if one.status != "ok"]
    counts = Counter(one.status for one in outcomes)
    words = _words(visit)
    again = _keep(visit, entity, [one.record_id for one in bad if one.status != "gone"])
    return BulkStepPage(
        **{
            **{name: getattr(shown, name) for name in shown.__slots__},
            "became": tuple(
                Became(words[status], number(visit, counts[status]))
                for status in STATUSES
                if counts[status] or status == "ok"
            ),
            "failed": failures(visit, entity, bad),
            "more_failed": max(0, len(bad) - SHOWN),
            "again_url": f"/{entity.name}/bulk/{again}/step?do={shown.chosen}" if again else "",
        }
    )


def _words(visit: Visit) -> dict[str, str]:
    t = visit.t
    return {
        "ok": t("done", "bulk"),
        "blocked": t("blocked", "bulk"),
        "conflict": t("changed by others meanwhile", "bulk"),
        "forbidden": t("not permitted", "bulk"),
        "gone": t("not there any more", "bulk"),
        "invalid": t("not valid", "bulk"),
    }


def _keep(visit: Visit, entity: Entity, ids: list[str]) -> str:
    """Keep the records that did not go under a token of their own."""
    if not ids:
        return ""
    token = visit.runtime.make_id()
    with write(visit.runtime.engine) as connection:
        selections.keep(
            connection,
            visit.runtime.system.selection,
            token,
            user_id=visit.actor.id,
            entity=entity.name,
            purpose=ACTION,
            content=ids,
            now=visit.runtime.clock(),
        )
    return token


def _states(visit: Visit, entity: Entity, ids: Sequence[str]) -> dict[str, Counter[str]]:
    """Return by workflow how many of the records are in which state."""
    machines = visit.app.workflows.get(entity.name, {})
    found: dict[str, Counter[str]] = {name: Counter() for name in machines}
    fields = (",".join(("id", *(one.field for one in machines.values()))),)
    for start in range(0, len(ids), CHUNK):
        asked = {
            "ids": (",".join(ids[start : start + CHUNK]),),
            "fields": fields,
            "archived": ("all",),
            "limit": (str(CHUNK),),
        }
        result = doors.ask(visit, "list", entity.name, query=asked)
        place = {path.text: at for at, path in enumerate(result.plan.paths)}
        for row in result.rows:
            for name, machine in machines.items():
                found[name][str(row[place[machine.field]])] += 1
    return found


def _may(visit: Visit, entity: Entity, machine: Workflow, edge: Transition) -> bool:
    """Return whether a person may take a step, and several records at once."""
    return (
        edge.bulk > 0
        and USER in edge.triggers
        and visit.may(transition_action(machine.name, edge.name), entity.name)
    )


def _common(
    visit: Visit, entity: Entity, found: Mapping[str, Counter[str]]
) -> tuple[tuple[str, tuple[Transition, ...]], ...]:
    """Return the steps that lead from every state the records are in, by `workflow.name`."""
    steps: dict[str, tuple[Transition, ...]] = {}
    for name, machine in visit.app.workflows.get(entity.name, {}).items():
        states = list(found[name])
        for edge in machine.transitions:
            edges = machine.named(edge.name)
            leads = all(any(one.leads_from(state) for one in edges) for state in states)
            if states and leads and all(_may(visit, entity, machine, one) for one in edges):
                steps[f"{name}.{edge.name}"] = edges
    return tuple(steps.items())


def _asked(visit: Visit, entity: Entity, chosen: str) -> dict[str, InputField]:
    workflow, _, name = chosen.partition(".")
    machine = visit.app.workflows.get(entity.name, {}).get(workflow)
    edges = machine.named(name) if machine is not None else ()
    return {each: one for edge in edges for each, one in edge.input.items()}


def _controls(
    visit: Visit,
    asked: Mapping[str, InputField],
    state: State | None,
    refusal: RequestError | None,
    chosen: str,
) -> tuple[Control, ...]:
    fields = questions(visit, asked)
    known = form_state.state_of_new(visit, fields) if state is None else state
    drawing = Drawing(visit, known, {}, messages_of(visit, refusal))
    return tuple(question_control(drawing, one, chosen) for one in fields)


def _counted(
    visit: Visit, entity: Entity, found: Mapping[str, Counter[str]]
) -> tuple[StateCount, ...]:
    cells = []
    for name, machine in visit.app.workflows.get(entity.name, {}).items():
        for value, count in found[name].items():
            state = machine.states.get(value)
            cell = badge(visit, state) if state else Cell(value, "badge", "neutral")
            cells.append(StateCount(cell, number(visit, count)))
    return tuple(cells)


def _step(
    visit: Visit,
    entity: Entity,
    url: str,
    query: str,
    name: str,
    edges: tuple[Transition, ...],
    count: int,
) -> BulkStep:
    machine = visit.app.workflows[entity.name][name.partition(".")[0]]
    most = max(edge.bulk for edge in edges)
    targets = dict.fromkeys(state for edge in edges for state in edge.targets)
    return BulkStep(
        visit.text(edges[0].label),
        f"{url}?do={name}" + (f"&{query}" if query else ""),
        tuple(badge(visit, machine.states[state]) for state in targets),
        visit.t("At most {n} at once.", n=most) if count > most else "",
    )


def _why_none(visit: Visit, entity: Entity, found: Mapping[str, Counter[str]]) -> str:
    """Return why there is no step that all of the records may take."""
    if all(len(states) <= 1 for states in found.values()):
        return visit.t("No step that is meant for several records leads on from this state.")
    return visit.t(
        "These records are in different states, and no step leads on from all of them. "
        "Choose records of one state."
    )
