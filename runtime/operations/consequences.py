"""`consequences`: what deleting a record would mean, before anybody does it.

The rows are `Dependant`s: which records point at it by which field, how many, and what becomes of
them. Whoever may delete the record may ask; counts tell nothing but a number.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.operations import _reading
from runtime.operations.read import not_found
from runtime.runtime import Runtime
from runtime.store import dependants, fetch
from runtime.store.plan import QueryPlan

ACTION = "delete"


@dataclass(frozen=True)
class Call:
    """A record that may go."""

    read: _reading.ReadCall
    record_id: str


@dataclass(frozen=True)
class Plan:
    """The look at the record itself, inside the right to delete it."""

    query: QueryPlan


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Call:
    return Call(
        _reading.parse_read(replace(incoming, query={}), grant, runtime), incoming.record_id
    )


def plan(call: Call, grant: Grant, runtime: Runtime) -> Plan:
    query = _reading.plan_read(replace(call.read, fields=("id",), sort=("id",)), grant, runtime)
    return Plan(replace(query, ids=(call.record_id,), limit=1, archived="all"))


def execute(plan: Plan, runtime: Runtime) -> Result:
    assert plan.query.ids is not None
    entity = plan.query.entity
    with fetch.connection(runtime.engine) as connection:
        if not fetch.page(connection, runtime.statements, plan.query).rows:
            raise not_found()
        found = dependants.count(connection, runtime, entity, plan.query.ids[0])
    return Result(rows=found)
