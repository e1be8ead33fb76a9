"""`timeline`: what happened to a record and what was said about it, newest first, in one stream.

Comments, audit rows, steps of a workflow and whom it told have ids that sort by time, so the
streams are cut at the same id and merged: a statement each, whatever stands in it. Comments need
the right to read the record; what happened to it, and who was told of it, needs the right to see
its history as well and is absent without it. A step stands here as the workflow's log tells it, and
not once more as the change of its fields.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from generator.model.app import App
from rules.permissions import Grant
from runtime import tellings
from runtime.messages import Incoming, Result
from runtime.operations import _comments, _passages, _talk, history
from runtime.operations._asking import choice_of
from runtime.runtime import Runtime
from runtime.store import fetch

ACTION = "read"
PAGE = 30
NOTIFY = "notify"
KINDS = ("all", "comments", "steps", "messages", "changes", "files")
ABOUT_FILES = ("attach", "detach")
SHOWN_ITSELF = ("comment", "edit_comment", "transition")
"""Audit rows of what the timeline shows as the comment or the step itself."""


@dataclass(frozen=True)
class Plan:
    """The record, its audit as far as the caller may see it, and which kinds are wanted."""

    history: history.Plan
    kind: str
    with_history: bool


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Incoming:
    choice_of(incoming.query, "kind", KINDS)
    return incoming


def plan(call: Incoming, grant: Grant, runtime: Runtime) -> Plan:
    assert call.actor is not None
    allowed = runtime.matrix.grant(call.actor.roles, call.entity, "history")
    read = history.plan(history.parse(call, grant, runtime), grant, runtime)
    kind = choice_of(call.query, "kind", KINDS)
    return Plan(read, kind, allowed is not None)


def execute(plan: Plan, runtime: Runtime) -> Result:
    call = plan.history.call
    found: list[history.Entry | _comments.Comment | _passages.Passage | tellings.Telling] = []
    with fetch.connection(runtime.engine) as connection:
        _talk.require_record(connection, runtime, plan.history.record)
        if plan.kind in {"all", "comments"}:
            said = _comments.of_record(
                runtime, call.entity.name, call.record_id, call.before, PAGE + 1
            )
            found += [_comments.comment(row) for row in connection.execute(said)]
        if plan.kind != "comments" and plan.with_history:
            seen = history.of_this_row(plan.history, connection, runtime)
            if plan.kind not in {"steps", "messages"}:
                rows = connection.execute(_audit(plan, runtime))
                found += [history.entry(seen, row) for row in rows]
            if plan.kind in {"all", "steps"} and call.entity.name in runtime.app.workflows:
                readable = seen.readable[call.entity.name]
                taken = _passages.steps(
                    connection, runtime, call.entity.name, call.record_id, PAGE + 1, call.before
                )
                found += [_passages.passage(row, call.entity, readable) for row in taken]
            if plan.kind in {"all", "messages"} and tells(runtime, call.entity.name):
                found += tellings.of_record(
                    connection, runtime, call.entity.name, call.record_id, PAGE + 1, call.before
                )
    found.sort(key=lambda one: one.id, reverse=True)
    return Result(
        rows=tuple(found[:PAGE]), next_cursor=found[PAGE - 1].id if len(found) > PAGE else ""
    )


def tells(runtime: Runtime, entity: str) -> bool:
    """Return whether a workflow of an entity tells anybody anything."""
    return runtime.remembered.get(("tells", entity), lambda: _tells(runtime.app, entity))


def _tells(app: App, entity: str) -> bool:
    machines = app.workflows.get(entity, {}).values()
    edges = (effect for one in machines for edge in one.transitions for effect in edge.effects)
    states = [state for one in machines for state in one.states.values()]
    entered = (effect for state in states for effect in (*state.enter, *state.leave))
    return any(state.reminders for state in states) or any(
        effect.word == NOTIFY for effect in (*edges, *entered)
    )


def _audit(plan: Plan, runtime: Runtime) -> sa.Select[tuple[object, ...]]:
    operation = runtime.system.audit.c.operation
    statement = history.statement(plan.history.call, runtime, PAGE + 1)
    if plan.kind == "files":
        return statement.where(operation.in_(ABOUT_FILES))
    if plan.kind == "changes":
        return statement.where(operation.not_in((*SHOWN_ITSELF, *ABOUT_FILES)))
    return statement.where(operation.not_in(SHOWN_ITSELF))
