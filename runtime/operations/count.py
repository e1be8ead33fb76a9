"""`count`: how many records match, without fetching any; exact up to a thousand."""

from __future__ import annotations

from dataclasses import dataclass

from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.operations import _reading
from runtime.runtime import Runtime
from runtime.store import fetch
from runtime.store.plan import QueryPlan

ACTION = "list"


@dataclass(frozen=True)
class Plan:
    """What is counted, and whether to the end."""

    query: QueryPlan
    exact: bool


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> _reading.ReadCall:
    return _reading.parse_read(incoming, grant, runtime)


def plan(call: _reading.ReadCall, grant: Grant, runtime: Runtime) -> Plan:
    return Plan(_reading.plan_read(call, grant, runtime, ("id",)), call.count == "exact")


def execute(plan: Plan, runtime: Runtime) -> Result:
    with fetch.connection(runtime.engine) as connection:
        total, is_exact = fetch.count(connection, runtime.statements, plan.query, exact=plan.exact)
    return Result(total=total, total_is_exact=is_exact)
