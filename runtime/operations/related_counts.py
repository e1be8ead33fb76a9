"""`related_counts`: how many records point at one, for several relations at once: one statement.

They point by its id, or, where a page names it, by what else the record is called.

Each relation is counted inside the caller's own right to list its entity; one they may not list
has no number. Counts stop where those of lists stop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.operations import _reading
from runtime.runtime import Runtime
from runtime.store import fetch
from runtime.store.plan import QueryPlan

ACTION = "read"


@dataclass(frozen=True)
class Plan:
    """The plans to be counted, by `ENTITY.FIELD`."""

    plans: Mapping[str, QueryPlan]


@dataclass(frozen=True)
class Count:
    """How many, and whether there are more."""

    number: int
    is_exact: bool


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Incoming:
    return incoming


def plan(call: Incoming, grant: Grant, runtime: Runtime) -> Plan:
    assert call.actor is not None
    found = {}
    relations = call.query.get("of", ())
    by = dict(zip(relations, call.query.get("by", ()), strict=False))
    for relation in relations:
        other, _, name = relation.partition(".")
        allowed = runtime.matrix.grant(call.actor.roles, other, "list")
        if allowed is None or name not in allowed.read:
            continue
        field = runtime.app.entities[other].fields[name]
        many = runtime.compiled.field_types[field.type].relation == "references"
        query = {f"{name}[{'has' if many else 'eq'}]": (by.get(relation, call.record_id),)}
        query |= {"fields": ("id",)}
        listing = Incoming("list", other, call.actor, query=query)
        asked = _reading.parse_read(listing, allowed, runtime)
        found[relation] = _reading.plan_read(asked, allowed, runtime)
    return Plan(found)


def execute(plan: Plan, runtime: Runtime) -> Result:
    with fetch.connection(runtime.engine) as connection:
        plans = tuple(plan.plans.values())
        numbers = fetch.tally(connection, runtime.statements, plans) if plans else ()
    cap = fetch.COUNT_CAP
    counts = (Count(min(number, cap), number <= cap) for number in numbers)
    return Result(row=dict(zip(plan.plans, counts, strict=True)))
