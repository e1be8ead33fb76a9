"""`erasure`: what erasing a person's data would do, before anybody does it.

The rows are the kinds of `_erasing`. Whoever may erase the person may ask; of other records it
tells numbers and days, never a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from rules import privacy
from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.operations import _erasing, _reading, _talk
from runtime.operations.read import not_found
from runtime.runtime import Runtime
from runtime.store import fetch
from runtime.store.plan import QueryPlan

ACTION = _erasing.ACTION


@dataclass(frozen=True)
class Plan:
    """The look at the person, inside the right to erase them."""

    incoming: Incoming
    query: QueryPlan
    today: date


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Incoming:
    if not privacy.is_person(runtime.app, incoming.entity):
        raise not_found()
    return incoming


def plan(call: Incoming, grant: Grant, runtime: Runtime) -> Plan:
    assert call.actor is not None
    entity = runtime.app.entities[call.entity]
    query = _talk.record_plan(entity, call.record_id, call.actor, grant, runtime)
    return Plan(call, query, _reading.context(runtime, call.actor)["today"])


def execute(plan: Plan, runtime: Runtime) -> Result:
    asked = plan.incoming
    with fetch.connection(runtime.engine) as connection:
        _talk.require_record(connection, runtime, plan.query)
        found = _erasing.look(
            connection, runtime, asked.entity, asked.record_id, plan.today, lock=False
        )
    return Result(rows=found)
