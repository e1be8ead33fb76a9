"""`erase`: a person's data goes, from their record and from all that tells of them, for good.

One transaction: everything that is personal is gone afterwards, or nothing. What a law keeps stays
until its day (`privacy: {keep:}`), and nothing goes while something is under way (`wait:`) or a
call to another system about it is still to be made. The audit names the fields, never a value, and
says who asked and why; what it said before loses the values too (`_erasing_audit`). Asked again, it
changes nothing, until something is not kept any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generator.model.text import Label
from rules import privacy
from rules.permissions import Grant
from runtime import erasing
from runtime.errors import Blocked, FieldError, Forbidden, Invalid
from runtime.messages import Incoming, Result
from runtime.operations import _changing, _erasing, _sensitive, _versions
from runtime.operations._work import Work
from runtime.operations._writing import WriteCall, WritePlan, plan_write, transact, written_alone
from runtime.operations.read import not_found
from runtime.runtime import Runtime
from runtime.store.paths import unknown_field
from runtime.store.trail import Note, Trail

ACTION = _erasing.ACTION
NOTED = "person_erased"
"""What the audit calls the whole of it; each record has its own row beside."""
SHORTEST, LONGEST = 3, 500
"""Characters of a reason."""
CALLS = Label(
    {
        "en": "A call to another system about them is still to be made. Try again in a while.",
        "zh": "仍有与其相关的外部系统调用尚未完成，请稍后再试。",
    }
)


@dataclass(frozen=True)
class Plan:
    """The write, and why."""

    write: WritePlan
    reason: str


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> WriteCall:
    assert incoming.actor is not None
    if not privacy.is_person(runtime.app, incoming.entity):
        raise not_found()
    body = incoming.values if isinstance(incoming.values, Mapping) else {}
    for key in body:
        if key != "reason":
            raise unknown_field(str(key))
    entity = written_alone(runtime.app.entities[incoming.entity])
    return WriteCall(incoming, incoming.actor, entity, body, incoming.record_id)


def plan(call: WriteCall, grant: Grant, runtime: Runtime) -> Plan:
    if call.actor.real_id:
        # nothing may be left in the name of whom one only looks through
        raise Forbidden()
    reason = call.values.get("reason", call.incoming.reason)
    if not isinstance(reason, str) or not SHORTEST <= len(reason.strip()) <= LONGEST:
        raise _no_reason()
    return Plan(plan_write(call, grant, runtime), reason.strip())


def execute(plan: Plan, runtime: Runtime) -> Result:
    def body(work: Work) -> tuple[str, bool]:
        call = plan.write.call
        version = _versions.require_version(call.incoming.version)
        _erase(work, plan, version)
        return call.record_id, False

    return transact(plan.write, runtime, body)


def _erase(work: Work, plan: Plan, version: int) -> None:
    call, runtime = plan.write.call, work.runtime
    person, record_id = call.entity, call.record_id
    before = _changing.load(work, person, record_id, plan.write.grant)
    _versions.same_version(before, version)
    today = work.context["today"]
    kinds = _erasing.look(work.connection, runtime, person.name, record_id, today, lock=True)
    why = _erasing.under_way(kinds)
    if why is not None:
        raise Blocked(why, (FieldError("", "under_way", why),))
    if erasing.calls_under_way(work, {kind.entity.name: kind.ids for kind in kinds}):
        raise Blocked(CALLS, (FieldError("", "calls_under_way", CALLS),))
    _sensitive.ask_to_erase(work, person, before, plan.reason)
    taken = _erasing.erase(work, kinds)
    erasure = runtime.make_id()
    beside = erasing.erase_beside(work, taken, (person.name, record_id), erasure)
    if taken.changed or beside:
        told = {**_told(kinds), "erasure": erasure, "records": taken.changed, "beside": beside}
        asked = call.incoming
        trail = Trail(runtime, call.actor, asked.source, asked.request_id, asked.address)
        reason = erasing.Scrub(taken).text(plan.reason)
        note = Note(NOTED, person.name, record_id, after=told, reason=reason)
        trail.write(work.connection, note)


def _told(kinds: tuple[_erasing.Kind, ...]) -> dict[str, Any]:
    """Return what the audit says was kept, and until when."""
    kept = {kind.entity.name: len(kind.kept) for kind in kinds if kind.kept}
    days = [kind.until for kind in kinds if kind.until is not None]
    if not kept:
        return {}
    return {"kept": kept, "kept_until": max(days).isoformat() if days else None}


def _no_reason() -> Invalid:
    message = Label(
        {
            "en": f"Say why, in {SHORTEST} to {LONGEST} characters.",
            "zh": f"请填写原因（{SHORTEST} 到 {LONGEST} 个字符）。",
        }
    )
    return Invalid(message, (FieldError("reason", "required", message),))
