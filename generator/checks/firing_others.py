"""What a record fires of another one: machines may fire it, and its questions are answered.

Comes in: the resolved model. Goes out: D636. Whether an answer may be what it is, is known when it
is given; a question that nobody answers, or an answer that nobody asked for, is seen here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.kinds import Catalog
from generator.model.app import App
from generator.model.workflow import SYSTEM, Effect, Transition, Workflow
from generator.places import Places
from generator.problems import Problem
from generator.saying import say


def check(app: App, catalogs: Mapping[str, Catalog[Any]], places: Places) -> Iterator[Problem]:
    """Yield effects that fire a transition of another record which they cannot fire."""
    for workflows in app.workflows.values():
        for workflow in workflows.values():
            for effect in _every(workflow):
                if effect.word == "fire" and effect.given.get("edge") is not None:
                    yield from _fired(effect, app)


def _fired(effect: Effect, app: App) -> Iterator[Problem]:
    answers: Mapping[str, Any] = effect.given["input"]
    if "entity" not in effect.given:
        if answers:
            message = say("'input' answers what a transition of other records asks.")
            yield Problem("D636", effect.span, message, "Write `of:`, or leave 'input' out.")
        return
    entity, (other, name) = effect.given["entity"], effect.given["edge"]
    found = app.workflows.get(entity, {}).get(other)
    rows = found.named(name) if found is not None else ()
    fired = [row for row in rows if SYSTEM in row.triggers]
    if rows and not fired:
        message = say("'{name}' of '{entity}' is not fired by other records.", name=name,
                      entity=entity)  # fmt: skip
        hint = say("Add `system` to the `trigger:` of '{name}'.", name=name)
        yield Problem("D636", effect.span, message, hint)
    for row in fired:
        yield from _answered(effect, row, answers)


def _answered(effect: Effect, row: Transition, answers: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield questions without an answer, and answers without a question."""
    for name in answers:
        if name not in row.input:
            message = say("'{name}' does not ask '{question}'.", name=row.name, question=name)
            yield Problem("D636", effect.span, message, "Leave that out of `input:`.")
    for name, question in row.input.items():
        if question.field.required and name not in answers:
            message = say("'{name}' asks '{question}'.", name=row.name, question=name)
            yield Problem("D636", effect.span, message, "Answer it in `input:`.")


def _every(workflow: Workflow) -> Iterator[Effect]:
    """Yield every effect of a workflow once."""
    for edge in workflow.transitions:
        yield from edge.effects
    for state in workflow.states.values():
        yield from (*state.enter, *state.leave)
