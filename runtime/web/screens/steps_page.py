"""The steps of a record: the buttons of its page, and the form or question behind one of them.

In: what `transitions` offers. Out: buttons in the order of the file, the first possible one that
leads on as the primary; what is blocked keeps its reasons in words. The form is made of the same
controls as every other; what was typed stays when it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from generator.field_types import Cell
from generator.model.entity import Entity
from generator.model.workflow import CLOSED, InputField, State, Workflow
from runtime.errors import RequestError
from runtime.operations._unfired import said
from runtime.operations.transitions import Offered, Standing
from runtime.web.screens import doors, form_state
from runtime.web.screens.form_controls import control
from runtime.web.screens.form_drawing import Drawing
from runtime.web.screens.form_errors import error_lines, messages_of
from runtime.web.screens.form_layout import FormLayout
from runtime.web.screens.form_model import Control, ErrorLine
from runtime.web.screens.form_state import FormField
from runtime.web.screens.form_state import State as FormState
from runtime.web.screens.visit import Visit, record_url
from runtime.web.screens.workflow_page import badge

SHOWN = 2
"""Buttons beside each other; the rest is under More."""
NONE, DIALOG = "none", "dialog"


@dataclass(frozen=True, slots=True)
class StepButton:
    """One step that a record may take, or what stands in its way."""

    id: str
    label: str
    url: str
    allowed: bool
    reasons: tuple[str, ...]
    asks: bool
    """It asks something first: a form, or a confirmation."""
    danger: bool
    """It ends in a state that nobody wishes for."""
    restarts: bool = False
    """It leads back to where every record begins."""
    ends: bool = False
    """It closes the record, and nothing was won by it."""
    late: bool = False
    """The record is closed already; nobody waits for it."""
    sure: bool = False
    """One is asked first whether one is sure."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The buttons of a record's page."""

    shown: tuple[StepButton, ...] = ()
    primary: bool = False
    """Whether the first may be pressed and leads on."""
    more: tuple[StepButton, ...] = ()
    fields: Mapping[str, str] | None = None
    """What every one of them sends: the version that was shown, a key, the list one came from."""


@dataclass(frozen=True, slots=True)
class StepPage:
    """Everything `step.html` draws."""

    title: str
    record: str
    back: str
    action: str
    hidden: tuple[tuple[str, str], ...]
    controls: tuple[Control, ...]
    source: Cell | None
    """Where the record is; None for who may not read that, and for a step that stays there."""
    targets: tuple[Cell, ...]
    """Where it leads; none where it stays."""
    ask: str
    """none, dialog, type_value or reauth."""
    with_code: bool
    danger: bool
    errors: tuple[ErrorLine, ...] = ()
    problem: str = ""
    wrong: str = ""
    """What is wrong with the confirmation that was given."""
    in_drawer: bool = False
    ids: str = "f-"


def step_url(entity: str, record_id: str, one: Offered) -> str:
    """Return the address of a step."""
    return record_url(entity, record_id, f"do/{one.workflow}/{one.name}")


def steps(visit: Visit, entity: Entity, standing: Standing, key: str, listed: str) -> Steps:
    """Return the buttons of a record: two beside each other, the rest under More."""
    every = [_button(visit, entity, standing, one) for one in standing.offered]
    wished = [one for one in every if not one.danger and not one.restarts]
    again = [one for one in every if one.restarts and not one.danger]
    shown = sorted((one for one in wished if one.allowed), key=lambda one: one.ends)[:SHOWN]
    if wished and not wished[0].allowed and all(one.ends for one in shown):
        shown = []
    # nothing that leads on: why not is worth more than a quick way to give up
    shown = shown or [*wished[:1], *(one for one in again if one.allowed)][:SHOWN] or every[:1]
    kept = {one.id for one in shown}
    fields = {"_version": str(standing.version), "_key": key, "list": listed}
    first = shown[0] if shown else None
    leads = first is not None and first.allowed and _leads_on(first, wished)
    return Steps(
        tuple(shown),
        leads,
        tuple(one for one in sorted(every, key=lambda one: not one.allowed) if one.id not in kept),
        {name: text for name, text in fields.items() if text},
    )


def _button(visit: Visit, entity: Entity, standing: Standing, one: Offered) -> StepButton:
    machine = visit.app.workflows[entity.name][one.workflow]
    here = standing.states.get(one.workflow, "")
    targets = [machine.states[name] for name in one.targets]
    return StepButton(
        id=one.id,
        label=visit.text(one.label),
        url=step_url(entity.name, standing.record_id, one),
        allowed=one.allowed,
        reasons=reasons(visit, one),
        asks=bool(one.questions) or one.confirm != NONE,
        danger=all(each.tone == "critical" for each in targets),
        restarts=set(one.targets) == {machine.initial} and _is_behind(machine, here),
        ends=all(_ends(each) for each in targets),
        late=here in machine.states and machine.states[here].category == CLOSED,
        sure=one.confirm == DIALOG,
    )


def _leads_on(first: StepButton, wished: Sequence[StepButton]) -> bool:
    """Return whether a step is what people wait for.

    Not what one has to be sure of while the way of the file is only blocked.
    """
    if first.danger or first.ends or first.late:
        return False
    return not first.sure or first is wished[0]


def _is_behind(machine: Workflow, here: str) -> bool:
    """Return whether a state comes after the first; what is written before it leads there."""
    order = list(machine.states)
    return here in order and order.index(here) > order.index(machine.initial)


def _ends(state: State) -> bool:
    return (state.final or state.category == CLOSED) and state.tone != "success"


def card_moves(
    visit: Visit, entity: Entity, machine: Workflow, standing: Standing
) -> dict[str, Any]:
    """Return what could move a card of a board, as JSON: steps, their columns, their reasons."""
    offered = [one for one in standing.offered if one.workflow == machine.name]
    here = machine.states.get(standing.states.get(machine.name, ""))
    steps = [
        {
            "label": visit.text(one.label),
            "url": step_url(entity.name, standing.record_id, one),
            "asks": bool(one.questions) or one.confirm != NONE,
            "allowed": one.allowed,
            "reasons": list(reasons(visit, one)),
            "targets": list(one.targets),
            "to": ", ".join(visit.text(machine.states[name].label) for name in one.targets),
        }
        for one in offered
    ]
    place = visit.text(here.label) if here else ""
    none = visit.t("No step leads there from “{state}”.", state=place)
    return {"version": standing.version, "steps": steps, "none": none}


def reasons(visit: Visit, one: Offered) -> tuple[str, ...]:
    """Return what stands in the way, in words, each once."""
    return tuple(dict.fromkeys(visit.text(reason.message) for reason in one.reasons))


def questions(visit: Visit, asked: Mapping[str, InputField]) -> tuple[FormField, ...]:
    """Return the fields of a step's form."""
    return tuple(
        FormField(one.field, form_state.control_kind(visit, one.field)) for one in asked.values()
    )


def step_page(
    visit: Visit,
    entity: Entity,
    standing: Standing,
    one: Offered,
    title: str,
    hidden: Sequence[tuple[str, str]],
    state: FormState | None = None,
    refusal: RequestError | None = None,
    *,
    with_code: bool = False,
    in_drawer: bool = False,
    listed: str = "",
    wrong: str = "",
) -> StepPage:
    """Return the form of a step, new or refused."""
    fields = questions(visit, one.questions)
    known = form_state.state_of_new(visit, fields) if state is None else state
    wanted = {each.field.target: known.get(each.field.name, ()) for each in fields}
    ids = "q-" if in_drawer else "f-"
    titles = doors.titles_of(visit, {name: found for name, found in wanted.items() if name})
    drawing = Drawing(visit, known, titles, messages_of(visit, refusal), ids=ids)
    machine = visit.app.workflows[entity.name][one.workflow]
    here = standing.states.get(one.workflow, "")
    moves = set(one.targets) != {here}
    layout = FormLayout(entity, True, (("", "", fields),), ())
    tells = refusal is not None and not refusal.errors and refusal.status != 428
    return StepPage(
        title=visit.text(one.label),
        record=title,
        back=record_url(entity.name, standing.record_id, list=listed),
        action=step_url(entity.name, standing.record_id, one),
        hidden=tuple(hidden),
        controls=tuple(
            question_control(drawing, each, one.id, standing.record_id) for each in fields
        ),
        source=badge(visit, machine.states[here]) if here in machine.states and moves else None,
        targets=tuple(badge(visit, machine.states[name]) for name in one.targets if moves),
        ask=one.confirm,
        with_code=with_code,
        danger=all(machine.states[name].tone == "critical" for name in one.targets),
        errors=error_lines(visit, layout, refusal, known, ids),
        problem=told(visit, refusal) if tells and refusal is not None else "",
        wrong=wrong,
        in_drawer=in_drawer,
        ids=ids,
    )


def question_control(drawing: Drawing, one: FormField, step: str, record: str = "") -> Control:
    """Return the control of a question; its picker offers what the question lets be picked."""
    made = control(drawing, one)
    if made.picker_url and one.field.target:
        asked = f"{one.field.entity}.{step}.{one.field.name}"
        of = f"&of={record}" if record else ""
        url = f"/{one.field.target}/choices?for={asked}{of}"
        return replace(made, picker_url=url, create_url="")
    return made


def told(visit: Visit, refusal: RequestError) -> str:
    """Return why a step was refused, every reason in words."""
    texts = [visit.text(said(one)) for one in refusal.params.get("reasons", ())]
    texts += [visit.text(one.message) for one in refusal.errors]
    return " ".join(dict.fromkeys(texts or [visit.text(refusal.message)]))
