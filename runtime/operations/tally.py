"""`tally`: how many records each of several lists holds, in one statement; up to a thousand each.

The counts of a list's tabs. One that takes longer than 300 ms is None and costs no other its count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rules.permissions import Grant
from runtime.errors import RequestError
from runtime.messages import Incoming, Result
from runtime.operations import _reading
from runtime.runtime import Runtime
from runtime.store import fetch, tallies
from runtime.store.plan import QueryPlan

ACTION = "list"
MOST = 40


@dataclass(frozen=True)
class Plan:
    """The lists to be counted; None stands for one whose query means nothing any more."""

    lists: tuple[QueryPlan | None, ...]


def parse(
    incoming: Incoming, grant: Grant, runtime: Runtime
) -> tuple[_reading.ReadCall | None, ...]:
    asked: Sequence[Mapping[str, tuple[str, ...]]] = incoming.values
    return tuple(_call(replace(incoming, query=query), grant, runtime) for query in asked[:MOST])


def plan(call: tuple[_reading.ReadCall | None, ...], grant: Grant, runtime: Runtime) -> Plan:
    return Plan(tuple(_plan(each, grant, runtime) if each else None for each in call))


def execute(plan: Plan, runtime: Runtime) -> Result:
    known = [each for each in plan.lists if each is not None]
    if not known:
        return Result(row=tuple(None for _ in plan.lists))
    with fetch.connection(runtime.engine) as connection:
        found = iter(tallies.counts(connection, runtime.statements, known))
    return Result(row=tuple(None if each is None else next(found) for each in plan.lists))


def _call(incoming: Incoming, grant: Grant, runtime: Runtime) -> _reading.ReadCall | None:
    try:
        return _reading.parse_read(incoming, grant, runtime)
    except RequestError:
        return None


def _plan(call: _reading.ReadCall, grant: Grant, runtime: Runtime) -> QueryPlan | None:
    try:
        return _reading.plan_read(call, grant, runtime, ("id",)).with_values(cursor=None)
    except RequestError:
        return None
