"""Connectors and webhooks as the whole shows them: what calls give, and which transitions answer.

Comes in: the resolved model. Goes out: what a type finds wrong (D701), D708 and D709.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.kinds import Catalog
from generator.model.app import App
from generator.model.connector import Operation
from generator.model.text import Span
from generator.model.workflow import EVENT, SYSTEM, Effect, Transition, Workflow
from generator.places import Places
from generator.problems import Problem, unknown_name
from generator.saying import say


def check(app: App, catalogs: Mapping[str, Catalog[Any]], places: Places) -> Iterator[Problem]:
    """Yield what is wrong with connectors, the calls of transitions, and webhooks."""
    for one in app.connectors.values():
        yield from catalogs["connectors"][one.type].faults(one)
    for workflows in app.workflows.values():
        for workflow in workflows.values():
            for effect in _effects(workflow):
                if effect.word == "call":
                    yield from _call(effect, app, workflows)
    for webhook in app.webhooks.values():
        for handling in webhook.events.values():
            if handling.transition is not None:
                name, edge = handling.transition
                machine = app.workflows[handling.entity][name]
                yield from _fired_by(machine, edge, EVENT, handling.span)


def _effects(workflow: Workflow) -> Iterator[Effect]:
    for state in workflow.states.values():
        yield from (*state.enter, *state.leave)
    for edge in workflow.transitions:
        yield from edge.effects


def _call(effect: Effect, app: App, workflows: Mapping[str, Workflow]) -> Iterator[Problem]:
    given = effect.given
    operation, fault = _operation(app, given["call"], effect.span)
    yield from fault
    if given["undo"]:
        yield from _operation(app, given["undo"], effect.span)[1]
    if operation is None:
        return
    for name in given["values"]:
        if name not in operation.input:
            where = say("operation '{name}'", name=given["call"])
            yield unknown_name("input", name, effect.span, operation.input, defined_in=where)
    missing = [
        name
        for name, field in operation.input.items()
        if field.required and name not in given["values"]
    ]
    if missing:
        message = say(
            "'{name}' is not given what it needs: {missing}.",
            name=given["call"],
            missing=", ".join(missing),
        )
        hint: str = say("Write `with: {{{name}: …}}`.", name=missing[0])
        yield Problem("D708", effect.span, message, hint)
    for edge in (given["on_success"], given["on_failure"]):
        if edge is not None:
            yield from _fired_by(workflows[edge[0]], edge[1], SYSTEM, effect.span)


def _operation(app: App, written: str, at: Span) -> tuple[Operation | None, tuple[Problem, ...]]:
    connector, _, name = written.rpartition(".")
    if connector not in app.connectors:
        where = "the definitions"
        found = unknown_name("connector", connector, at, app.connectors, defined_in=where)
        return None, (found,)
    operations = app.connectors[connector].operations
    if name not in operations:
        where = say("connector '{name}'", name=connector)
        return None, (unknown_name("operation", name, at, operations, defined_in=where),)
    return operations[name], ()


def _fired_by(workflow: Workflow, name: str, trigger: str, at: Span) -> Iterator[Problem]:
    edges: tuple[Transition, ...] = workflow.named(name)
    if edges and not any(trigger in edge.triggers for edge in edges):
        message = say(
            "'{name}' is not fired from here: its trigger is not '{trigger}'.",
            name=f"{workflow.name}.{name}",
            trigger=trigger,
        )
        hint = say("Write `trigger: {trigger}` at the transition, beside others.", trigger=trigger)
        yield Problem("D709", at, message, hint)
