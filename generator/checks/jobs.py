"""Jobs as the whole shows them: schedules that come, answers that are given, rights for the steps.

Comes in: the resolved model. Goes out: D924, D926, D927, D410 for a default of a parameter, D709
for a transition that no job may fire, D301 and D708 where a workflow starts a job.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import marshmallow as ma

from generator.kinds import Catalog
from generator.model.app import App
from generator.model.job import ENGINE_JOBS, Cron, Job, Step
from generator.model.workflow import ANY_ROLE, SYSTEM, USER, Effect, Workflow
from generator.places import Places
from generator.problems import Problem, unknown_name
from generator.saying import say

FEBRUARY = 2
SHORT = {FEBRUARY: 29, 4: 30, 6: 30, 9: 30, 11: 30}
"""The days of the months that do not have 31."""
FIRE = "fire"


def check(app: App, catalogs: Mapping[str, Catalog[Any]], places: Places) -> Iterator[Problem]:
    """Yield what is wrong with jobs and with the effects that start them."""
    for job in app.jobs.values():
        yield from _schedule(job)
        yield from _parameters(job, catalogs, places)
        for step in job.steps:
            yield from _allowed(job, step, app, catalogs)
    for workflows in app.workflows.values():
        for workflow in workflows.values():
            for effect in _effects(workflow):
                if effect.word == "enqueue":
                    yield from _started(effect, app)


def _schedule(job: Job) -> Iterator[Problem]:
    schedule = job.schedule
    if schedule is None:
        return
    at = job.spans.get("schedule", job.span)
    if schedule.cron is not None and not _comes(schedule.cron):
        message = say("The rule '{rule}' never comes due.", rule=schedule.text)
        yield Problem("D924", at, message, "Write a day that its months have; `L` is the last one.")
    missing = [name for name, one in job.parameters.items() if one.required and one.default is None]
    if missing:
        message = say(
            "'{name}' runs by the clock, and nobody then says what '{missing}' is.",
            name=job.name,
            missing=missing[0],
        )
        hint = say("Give '{missing}' a `default:`, or remove `required:`.", missing=missing[0])
        yield Problem("D926", job.parameters[missing[0]].span, message, hint)


def _comes(cron: Cron) -> bool:
    if cron.last_day or (not cron.any_weekday and not cron.any_day):
        return True
    return any(day <= SHORT.get(month, 31) for month in cron.months for day in cron.days)


def _parameters(
    job: Job, catalogs: Mapping[str, Catalog[Any]], places: Places
) -> Iterator[Problem]:
    for field in job.parameters.values():
        if field.default is None:
            continue
        try:
            catalogs["field_types"][field.type].schema(field).deserialize(field.default)
        except ma.ValidationError:
            message = say(
                "The default of '{field}' is no value of type {type}: {why}.",
                field=field.name,
                type=field.type,
                why=say("it cannot be read as one"),
            )
            at = places.at(job.span.file, "parameters", field.name, "default")
            hint = 'Write the default as a program would send it, such as "12.50" for an amount.'
            yield Problem("D410", at, message, hint)


def _allowed(
    job: Job, step: Step, app: App, catalogs: Mapping[str, Catalog[Any]]
) -> Iterator[Problem]:
    if not job.role:
        return
    held = held_by(app, job.role)
    if step.word == FIRE:
        yield from _fires(job, step, app, held)
        return
    action, entity = catalogs["steps"][step.word].needs(step)
    if action and not may(app, held, entity, action):
        yield _no_right(job, step, action, entity)


def _fires(job: Job, step: Step, app: App, held: set[str]) -> Iterator[Problem]:
    entity, (workflow, name) = step.given["entity"], step.given["edge"]
    edges = app.workflows[entity][workflow].named(name)
    if any(SYSTEM in edge.triggers for edge in edges):
        return
    written = f"{workflow}.{name}"
    if not any(USER in edge.triggers for edge in edges):
        message = say(
            "'{name}' is not fired from here: its trigger is not '{trigger}'.",
            name=written,
            trigger=SYSTEM,
        )
        hint = say("Write `trigger: {trigger}` at the transition, beside others.", trigger=SYSTEM)
        yield Problem("D709", step.span, message, hint)
    elif not any(held & {*edge.roles} or ANY_ROLE in edge.roles for edge in edges) or not may(
        app, held, entity, "read"
    ):
        yield _no_right(job, step, written, entity)


def _no_right(job: Job, step: Step, action: str, entity: str) -> Problem:
    message = say(
        "'{role}' may not '{action}' {entity}, so this step does nothing.",
        role=job.role,
        action=action,
        entity=entity,
    )
    return Problem("D927", step.span, message, "Give the right to the role, or name another role.")


def held_by(app: App, role: str) -> set[str]:
    """Return a role and all it includes."""
    found: set[str] = set()
    waiting = [role]
    while waiting:
        name = waiting.pop()
        if name not in found and name in app.roles:
            found.add(name)
            waiting += app.roles[name].includes
    return found


def may(app: App, held: set[str], entity: str, action: str) -> bool:
    """Return whether somebody of these roles has a line for an action."""
    return any(
        rule.role in held and rule.entity in (entity, "*") and action in rule.actions
        for rule in app.grants
    )


def _effects(workflow: Workflow) -> Iterator[Effect]:
    for state in workflow.states.values():
        yield from (*state.enter, *state.leave)
    for edge in workflow.transitions:
        yield from edge.effects


def _started(effect: Effect, app: App) -> Iterator[Problem]:
    name = effect.given["job"]
    if name in ENGINE_JOBS:
        return
    job = app.jobs.get(name)
    if job is None:
        yield unknown_name("job", name, effect.span, app.jobs, defined_in="the definitions")
        return
    given = effect.given["values"]
    where = say("job '{name}'", name=name)
    for key in given:
        if key not in job.parameters:
            yield unknown_name("parameter", key, effect.span, job.parameters, defined_in=where)
    missing = [
        key
        for key, one in job.parameters.items()
        if one.required and one.default is None and key not in given
    ]
    if missing:
        message = say(
            "'{name}' is not given what it needs: {missing}.", name=name, missing=", ".join(missing)
        )
        hint: str = say("Write `values: {{{name}: …}}`.", name=missing[0])
        yield Problem("D708", effect.span, message, hint)
