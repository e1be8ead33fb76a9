"""`passages`: which states a record went through, when, and what happens by itself next.

Needs the right to read the record; who did it, why and with which answers needs the right to see
its history as well.
"""

from __future__ import annotations

from dataclasses import dataclass

from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.operations import _passages, _talk, history
from runtime.runtime import Runtime
from runtime.store import fetch

ACTION = "read"
MOST = 500


@dataclass(frozen=True)
class Story:
    """The steps of a record, the newest first, what is to come, and who is asked for something."""

    steps: tuple[_passages.Passage, ...]
    due: tuple[_passages.Due, ...]
    tasks: tuple[_passages.Task, ...] = ()


@dataclass(frozen=True)
class Plan:
    """The record, and whether its history may be seen."""

    history: history.Plan
    with_history: bool


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Incoming:
    return incoming


def plan(call: Incoming, grant: Grant, runtime: Runtime) -> Plan:
    assert call.actor is not None
    allowed = runtime.matrix.grant(call.actor.roles, call.entity, "history")
    read = history.plan(history.parse(call, grant, runtime), grant, runtime)
    return Plan(read, allowed is not None)


def execute(plan: Plan, runtime: Runtime) -> Result:
    call = plan.history.call
    with fetch.connection(runtime.engine) as connection:
        _talk.require_record(connection, runtime, plan.history.record)
        seen = history.of_this_row(plan.history, connection, runtime)
        readable = seen.readable[call.entity.name] if plan.with_history else None
        taken = _passages.steps(connection, runtime, call.entity.name, call.record_id, MOST)
        steps = tuple(_passages.passage(row, call.entity, readable) for row in taken)
        waits = _passages.due(connection, runtime, call.entity.name, call.record_id)
        tasks = _passages.open_tasks(connection, runtime, call.entity.name, call.record_id)
    return Result(row=Story(steps, waits, tasks))
