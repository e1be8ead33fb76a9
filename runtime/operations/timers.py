"""`timers`: what happens by itself to a record, and when, the next first.

Needs the right to read the record; what waits in a state whose column the caller may not read is
left out, as the state itself is.
"""

from __future__ import annotations

from dataclasses import dataclass

from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.operations import _passages, _talk
from runtime.runtime import Runtime
from runtime.store import fetch
from runtime.store.plan import QueryPlan

ACTION = "read"


@dataclass(frozen=True)
class Plan:
    """The record must be readable; then what it waits for."""

    record: QueryPlan
    entity: str
    record_id: str
    workflows: frozenset[str]
    """Those whose state the caller may read."""


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Incoming:
    return incoming


def plan(call: Incoming, grant: Grant, runtime: Runtime) -> Plan:
    assert call.actor is not None
    entity = runtime.app.entities[call.entity]
    record = _talk.record_plan(entity, call.record_id, call.actor, grant, runtime)
    own = runtime.app.workflows.get(call.entity, {})
    shown = frozenset(one.name for one in own.values() if one.field in grant.read)
    return Plan(record, call.entity, call.record_id, shown)


def execute(plan: Plan, runtime: Runtime) -> Result:
    with fetch.connection(runtime.engine) as connection:
        _talk.require_record(connection, runtime, plan.record)
        found = _passages.due(connection, runtime, plan.entity, plan.record_id)
    return Result(rows=tuple(one for one in found if one.workflow in plan.workflows))
