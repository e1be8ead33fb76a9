"""`comments`: what people wrote about a record, newest first."""

from __future__ import annotations

from dataclasses import dataclass

from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.operations import _asking, _comments, _talk
from runtime.runtime import Runtime
from runtime.store import fetch
from runtime.store.plan import QueryPlan

ACTION = "read"
PAGE = 50


@dataclass(frozen=True)
class Plan:
    """The record must be readable; then its comments, from one on."""

    record: QueryPlan
    entity: str
    record_id: str
    before: str


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Incoming:
    return incoming


def plan(call: Incoming, grant: Grant, runtime: Runtime) -> Plan:
    assert call.actor is not None
    entity = runtime.app.entities[call.entity]
    record = _talk.record_plan(entity, call.record_id, call.actor, grant, runtime)
    return Plan(record, call.entity, call.record_id, _asking.one(call.query, "before"))


def execute(plan: Plan, runtime: Runtime) -> Result:
    statement = _comments.of_record(runtime, plan.entity, plan.record_id, plan.before, PAGE + 1)
    with fetch.connection(runtime.engine) as connection:
        _talk.require_record(connection, runtime, plan.record)
        rows = connection.execute(statement).all()
    found = tuple(_comments.comment(row) for row in rows[:PAGE])
    return Result(rows=found, next_cursor=found[-1].id if len(rows) > PAGE else "")
