"""`history`: what happened to a record, newest first, through the reader's own rights of today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from generator.model.entity import Entity
from rules.permissions import Grant
from runtime.messages import Actor, Incoming, Result
from runtime.operations import _asking, _reading
from runtime.operations._talk import FILE, TIMER
from runtime.operations.read import not_found
from runtime.runtime import Runtime
from runtime.store import fetch
from runtime.store.plan import QueryPlan
from runtime.store.trail import BESIDE_RECORDS

ACTION = "history"
PAGE = 50


@dataclass(frozen=True)
class Call:
    """A record, and from which entry on."""

    actor: Actor
    entity: Entity
    record_id: str
    before: str
    """The id of the last entry seen; empty for the newest."""
    only: str = ""
    """The id of the one entry that is wanted; empty for all."""


@dataclass(frozen=True)
class Plan:
    """The record itself must be readable; then its entries, cut to the fields that are."""

    call: Call
    record: QueryPlan
    readable: Mapping[str, frozenset[str]]
    """By entity: the fields the caller sees in clear now, whatever the row."""
    reading: QueryPlan | None = None
    """What tells which fields this row shows, where rows differ in it."""


@dataclass(frozen=True)
class Entry:
    """One write."""

    id: str
    at: datetime
    actor_id: int
    """0 for a program."""
    actor_name: str
    actor_kind: str
    operation: str
    source: str
    reason: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Call:
    assert incoming.actor is not None
    before = _asking.one(incoming.query, "before")
    entity = runtime.app.entities[incoming.entity]
    return Call(incoming.actor, entity, incoming.record_id, before, incoming.part)


def plan(call: Call, grant: Grant, runtime: Runtime) -> Plan:
    asked = Incoming("read", call.entity.name, call.actor)
    reading = _reading.parse_read(asked, grant, runtime)
    record = _reading.plan_read(replace(reading, fields=("id",), sort=("id",)), grant, runtime)
    record = replace(record, ids=(call.record_id,), limit=1, archived="all")
    readable = {call.entity.name: _readable(call, call.entity.name, runtime)}
    seen = runtime.matrix.grant(call.actor.roles, call.entity.name, "read")
    rows = None
    if seen is not None and (seen.by_row or not seen.is_wide):
        rows = replace(record, grant=seen, for_engine=True, with_lines="rows")
    for field in call.entity.fields.values():
        if field.type == "children":
            readable[field.target] = _readable(call, field.target, runtime)
    return Plan(call, record, readable, rows)


def _readable(call: Call, entity: str, runtime: Runtime) -> frozenset[str]:
    grant = runtime.matrix.grant(call.actor.roles, entity, "read")
    return grant.open if grant else frozenset()


def execute(plan: Plan, runtime: Runtime) -> Result:
    with fetch.connection(runtime.engine) as connection:
        if not fetch.page(connection, runtime.statements, plan.record).rows:
            raise not_found()
        plan = of_this_row(plan, connection, runtime)
        rows = connection.execute(statement(plan.call, runtime, PAGE + 1)).all()
    entries = tuple(entry(plan, row) for row in rows[:PAGE])
    more = entries[-1].id if len(rows) > PAGE else ""
    return Result(rows=entries, next_cursor=more)


def statement(call: Call, runtime: Runtime, limit: int) -> sa.Select[Any]:
    """Return the statement that reads the audit of a record, newest first."""
    audit = runtime.system.audit
    found = (
        sa.select(
            audit.c.id,
            audit.c.at,
            audit.c.actor_id,
            audit.c.actor_name,
            audit.c.actor_kind,
            audit.c.operation,
            audit.c.source,
            audit.c.reason,
            audit.c.before,
            audit.c.after,
        )
        .where(
            audit.c.entity == call.entity.name,
            audit.c.record_id == call.record_id,
            audit.c.operation.not_in(BESIDE_RECORDS),
        )
        .order_by(audit.c.id.desc())
        .limit(limit)
    )
    if call.only:
        found = found.where(audit.c.id == call.only)
    return found.where(audit.c.id < call.before) if call.before else found


def of_this_row(plan: Plan, connection: sa.Connection, runtime: Runtime) -> Plan:
    """Return the plan with what the lines over this very row show."""
    reading = plan.reading
    if reading is None:
        return plan
    selection = runtime.statements.page(reading)
    rows = selection.rows(connection, runtime.statements.values(reading))
    bits = int(rows[0][-1]) if rows else 0
    lines = [number for number in range(len(reading.grant.lines)) if bits >> number & 1]
    seen = frozenset(
        name for name in reading.grant.read if reading.grant.sight(name, lines) == "clear"
    )
    entity = plan.call.entity.name
    return replace(plan, readable={**plan.readable, entity: seen if rows else frozenset()})


def entry(plan: Plan, row: Any) -> Entry:
    """Return an audit row as its reader may see it."""
    return Entry(
        str(row.id),
        row.at,
        row.actor_id or 0,
        row.actor_name,
        row.actor_kind,
        row.operation,
        row.source,
        row.reason or "",
        _seen(plan, row.before),
        _seen(plan, row.after),
    )


def _seen(plan: Plan, values: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return the values that the reader may see today, whoever could see them then."""
    entity = plan.call.entity
    seen: dict[str, Any] = {}
    for name, value in (values or {}).items():
        is_due = name.startswith(TIMER) and name[len(TIMER) :] in plan.readable[entity.name]
        if name == FILE or is_due:
            seen[name] = value
        if name not in plan.readable[entity.name]:
            continue
        field = entity.fields.get(name)
        if field is not None and field.type == "children" and isinstance(value, Mapping):
            allowed = plan.readable.get(field.target, frozenset())
            seen[name] = {
                child: {key: inner for key, inner in cells.items() if key in allowed}
                for child, cells in value.items()
            }
        else:
            seen[name] = value
    return seen
