"""`people`: who can be named in a comment on a record: accounts that may read it."""

from __future__ import annotations

from dataclasses import dataclass

from generator.model.entity import Entity
from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.operations import _asking, _talk
from runtime.runtime import Runtime
from runtime.store import accounts, fetch
from runtime.store.plan import QueryPlan

ACTION = "read"
ALSO = ("comment",)
MOST = 8
LOOKED_AT = 24
"""Accounts whose right is asked; a bound on the statements, not on who may be written out."""


@dataclass(frozen=True)
class Plan:
    """The record must be readable; then the accounts that match."""

    record: QueryPlan
    entity: Entity
    record_id: str
    text: str


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Incoming:
    return incoming


def plan(call: Incoming, grant: Grant, runtime: Runtime) -> Plan:
    assert call.actor is not None
    entity = runtime.app.entities[call.entity]
    record = _talk.record_plan(entity, call.record_id, call.actor, grant, runtime)
    text = _asking.one(call.query, "q").replace("\x00", "")[:100]
    return Plan(record, entity, call.record_id, text)


def execute(plan: Plan, runtime: Runtime) -> Result:
    with fetch.connection(runtime.engine) as connection:
        _talk.require_record(connection, runtime, plan.record)
        found = accounts.matching(connection, plan.text, LOOKED_AT)
        told = _talk.readers(connection, runtime, plan.entity, plan.record_id, found)
    return Result(rows=told[:MOST])
