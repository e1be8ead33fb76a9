"""`attachments`: the files beside a record, newest first."""

from __future__ import annotations

from dataclasses import dataclass

from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.operations import _attachments, _talk
from runtime.runtime import Runtime
from runtime.store import fetch
from runtime.store.plan import QueryPlan

ACTION = "read"
ALSO = ("file",)


@dataclass(frozen=True)
class Plan:
    """The record must be readable; then its files."""

    record: QueryPlan
    entity: str
    record_id: str


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Incoming:
    return incoming


def plan(call: Incoming, grant: Grant, runtime: Runtime) -> Plan:
    assert call.actor is not None
    entity = runtime.app.entities[call.entity]
    record = _talk.record_plan(entity, call.record_id, call.actor, grant, runtime)
    return Plan(record, call.entity, call.record_id)


def execute(plan: Plan, runtime: Runtime) -> Result:
    statement = _attachments.statement(runtime, plan.entity, plan.record_id)
    with fetch.connection(runtime.engine) as connection:
        _talk.require_record(connection, runtime, plan.record)
        rows = connection.execute(statement).all()
    return Result(rows=tuple(_attachments.attachment(row) for row in rows))
