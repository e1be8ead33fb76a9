"""`reveal`: one masked cell in clear, to somebody whose line says so, with a reason, and told.

The cell must be one that its reader sees masked; what is hidden from them stays unknown. Only so
many an hour are shown to one person, counted in the audit itself, so that every process counts the
same. The value is in the answer and nowhere else: not in the audit, not in a cache.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generator.model.entity import Entity
from generator.model.text import Label
from rules.permissions import Grant
from runtime import alarms
from runtime.errors import FieldError, Forbidden, Invalid, TooMany
from runtime.messages import Actor, Incoming, Result
from runtime.operations import _changing, _hourly, _reading, _sensitive
from runtime.operations._work import Work
from runtime.runtime import Runtime
from runtime.store.audit import plain
from runtime.store.engine import write
from runtime.store.paths import unknown_field
from runtime.store.trail import Note, Trail

ACTION = "reveal"
AN_HOUR = 20
"""Cells that one person may see in an hour."""
SHORTEST, LONGEST = 3, 500
"""Characters of a reason."""


@dataclass(frozen=True)
class Call:
    """Which cell, and why."""

    incoming: Incoming
    actor: Actor
    entity: Entity
    field: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """The call inside both rights: to see the record, and to reveal this of it."""

    call: Call
    reading: Grant
    revealing: Grant


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Call:
    assert incoming.actor is not None
    body = incoming.values if isinstance(incoming.values, Mapping) else {}
    entity = runtime.app.entities[incoming.entity]
    name, reason = body.get("field"), body.get("reason", incoming.reason)
    for key in body:
        if key not in ("field", "reason"):
            raise unknown_field(str(key))
    if not isinstance(name, str):
        raise _wrong("field", "Name a field.", "请指明字段。")
    if not isinstance(reason, str) or not SHORTEST <= len(reason.strip()) <= LONGEST:
        raise _wrong(
            "reason",
            f"Say why, in {SHORTEST} to {LONGEST} characters.",
            f"请填写原因（{SHORTEST} 到 {LONGEST} 个字符）。",
        )
    return Call(incoming, incoming.actor, entity, name, reason.strip())


def plan(call: Call, grant: Grant, runtime: Runtime) -> Plan:
    if call.actor.real_id:
        raise Forbidden(
            Label({"en": "Not with somebody else's eyes.", "zh": "以他人身份查看时不可用。"})
        )
    reading = runtime.matrix.grant(call.actor.roles, call.entity.name, "read")
    field = call.entity.fields.get(call.field)
    seen = reading is not None and call.field in reading.veiled
    if field is None or not seen or call.field not in grant.read or field.target:
        raise unknown_field(call.field)
    assert reading is not None
    return Plan(call, reading, grant)


def execute(plan: Plan, runtime: Runtime) -> Result:
    call = plan.call
    try:
        value, many = _shown(plan, runtime)
    except TooMany:
        alarms.count_reveals(runtime, call.actor, call.entity.name, AN_HOUR + 1)
        raise
    alarms.count_reveals(runtime, call.actor, call.entity.name, many)
    return Result(row=(call.field, value))


def _shown(plan: Plan, runtime: Runtime) -> tuple[Any, int]:
    """Return the value, and how many were shown to this person in the last hour with it."""
    call, asked = plan.call, plan.call.incoming
    trail = Trail(runtime, call.actor, asked.source, asked.request_id, asked.address)
    with write(runtime.engine) as connection:
        now = runtime.clock()
        context = _reading.context(runtime, call.actor)
        work = Work(connection, runtime, asked, now, context)
        _changing.load(work, call.entity, asked.record_id, plan.reading)
        facts = _changing.load(work, call.entity, asked.record_id, plan.revealing)
        _sensitive.ask_to_reveal(work, call.entity, facts, call.field)
        many = _hourly.hold(connection, runtime, call.actor.id, ACTION, AN_HOUR, _enough())
        value = plain(runtime, call.entity, {call.field: facts[call.field]}).get(call.field)
        told = {"field": call.field}
        trail.write(
            connection,
            Note("reveal", call.entity.name, asked.record_id, after=told, reason=call.reason),
        )
    return value, many


def _enough() -> Label:
    return Label(
        {
            "en": f"You looked at {AN_HOUR} masked values in the last hour. Go on later.",
            "zh": f"您在过去一小时内已查看 {AN_HOUR} 个脱敏内容，请稍后再试。",
        }
    )


def _wrong(field: str, en: str, zh: str) -> Invalid:
    message = Label({"en": en, "zh": zh})
    code: Any = "required"
    return Invalid(message, (FieldError(field, code, message),))
