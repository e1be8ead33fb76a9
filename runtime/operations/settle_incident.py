"""`settle_incident`: a person says what becomes of an incident: again, done, or failed.

Trying again is one person's decision. What somebody says became of a call nobody can ask about any
more moves money or goods, so it waits for a second person, who is another one; the existing
approvals keep and carry out the request. Everything happens in one transaction with its note.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from generator.connectors import Answer
from generator.model.access import Sensitive
from generator.model.connector import DONE, REFUSED
from generator.model.text import NOWHERE, Label
from rules.permissions import Grant
from rules.workflow.asking import Refused
from runtime.errors import (
    Blocked,
    Broken,
    FieldError,
    Invalid,
    NeedsApproval,
    NotFound,
    RequestError,
)
from runtime.hooks import deliveries
from runtime.messages import Actor, Incoming, Result
from runtime.operations import _reading
from runtime.operations._firing import settle_record, work_of
from runtime.operations._held import hold
from runtime.operations._unfired import unfired
from runtime.operations._work import Work
from runtime.outside import calls, events, incidents
from runtime.outside.incidents import CALL, EVENT, TIMER, Incident
from runtime.runtime import Runtime
from runtime.store.engine import write
from runtime.store.guard import system_grant
from runtime.store.outside_tables import OPEN
from runtime.store.titles import title_of
from runtime.store.trail import Note, Trail
from runtime.store.workflow_tables import ARMED, DEAD

ACTION = "operate"
RETRY, MARK_DONE, MARK_FAILED = "retry", "done", "failed"
OUTCOMES = (RETRY, MARK_DONE, MARK_FAILED)
UNCERTAIN = ("call_unknown", "undo_failed", "call_not_ready")
"""Incidents about a call whose result somebody has to say: that needs a second person."""
SHORTEST, LONGEST = 3, 500
KEYS = ("incident", "outcome", "reason", "output")
RULE = "incident"
DAYS = 7

GONE = Label({"en": "There is no such incident.", "zh": "没有这个异常事项。"})
OVER = Label({"en": "This incident is settled already.", "zh": "该异常事项已处理。"})
SECOND = Label(
    {
        "en": "A second person has to confirm what became of it.",
        "zh": "处理结果须由另一人确认后生效。",
    }
)
NOTHING_TO_REPEAT = Label({"en": "There is nothing to be tried again.", "zh": "此事项无法重试。"})


@dataclass(frozen=True)
class Call:
    """What somebody says about which incident."""

    incoming: Incoming
    actor: Actor
    incident_id: str
    outcome: str
    reason: str
    output: Mapping[str, Any]


@dataclass(frozen=True)
class Plan:
    """The call inside the right to operate."""

    call: Call
    grant: Grant


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Call:
    assert incoming.actor is not None
    body = incoming.values if isinstance(incoming.values, Mapping) else {}
    for key in body:
        if key not in KEYS:
            raise _wrong(str(key), "This is not asked here.", "此处不需要该内容。", "unknown_field")
    incident_id, outcome = body.get("incident"), body.get("outcome")
    reason, output = body.get("reason", incoming.reason), body.get("output", {})
    if not isinstance(incident_id, str):
        raise _wrong("incident", "Name the incident.", "请指明异常事项。")
    if outcome not in OUTCOMES:
        raise _wrong(
            "outcome", "Write retry, done or failed.", "请填写 retry、done 或 failed。", "choice"
        )
    is_short = not isinstance(reason, str) or not SHORTEST <= len(reason.strip()) <= LONGEST
    if is_short and outcome != RETRY:
        raise _wrong(
            "reason",
            f"Say how you know, in {SHORTEST} to {LONGEST} characters.",
            f"请说明依据（{SHORTEST} 到 {LONGEST} 个字符）。",
        )
    if not isinstance(output, Mapping):
        raise _wrong("output", "Write values by name.", "请按名称填写取值。")
    return Call(incoming, incoming.actor, incident_id, outcome, str(reason or "").strip(), output)


def plan(call: Call, grant: Grant, runtime: Runtime) -> Plan:
    return Plan(call, grant)


def execute(plan: Plan, runtime: Runtime) -> Result:
    call, asked = plan.call, plan.call.incoming
    with write(runtime.engine) as connection:
        now = runtime.clock()
        context = _reading.context(runtime, call.actor)
        work = Work(connection, runtime, asked, now, context)
        one = incidents.find(connection, runtime, call.incident_id)
        if one is None or one.entity != asked.entity:
            raise NotFound(GONE)
        if one.about == CALL:
            calls.lock_run(connection, runtime, one.about_id)
        title = _reached(work, one, plan.grant)
        if one.state != OPEN:
            raise Blocked(OVER)
        _second_person(call, one, title)
        by = (call.actor.id, call.actor.name)
        if not incidents.close(connection, runtime, one.id, by, call.outcome, call.reason):
            raise Blocked(OVER)
        _DOERS[one.about](connection, runtime, one, call)
        told = {"incident": one.id, "kind": one.kind, "outcome": call.outcome}
        trail = Trail(runtime, call.actor, asked.source, asked.request_id, asked.address)
        note = Note(
            f"incident_{call.outcome}",
            one.entity,
            one.record_id,
            title,
            after=told,
            reason=call.reason,
        )
        trail.write(connection, note)
        settled = incidents.find(connection, runtime, one.id)
    return Result(row=settled)


def _reached(work: Work, one: Incident, grant: Grant) -> str:
    """Return the title of the record, which must be within the right; '' where there is none."""
    if not one.record_id:
        return ""
    entity = work.runtime.app.entities[one.entity]
    held = hold(work, entity, one.record_id, grant)
    return title_of(work.connection, work.runtime, entity, held.draft.facts)


def _second_person(call: Call, one: Incident, title: str) -> None:
    """Let another person confirm what somebody says became of a call.

    Raises:
        NeedsApproval: nobody confirmed it yet.

    """
    if call.outcome == RETRY or one.kind not in UNCERTAIN or call.actor.proof.approval:
        return
    rule = Sensitive(
        name=RULE, entity=one.entity, actions=(), ask="approve", span=NOWHERE, days=DAYS
    )
    after = {"outcome": call.outcome, **{k: v for k, v in one.facts.items() if k == "operation"}}
    raise NeedsApproval(SECOND, rule=rule, title=title, before=None, after=after)


def _about_call(connection: sa.Connection, runtime: Runtime, one: Incident, call: Call) -> None:
    table = runtime.system.call
    if call.outcome == RETRY:
        if one.kind == "answer_refused":
            calls.fire_again(connection, runtime, one.about_id)
        elif one.kind in UNCERTAIN:
            calls.again(connection, runtime, one.about_id)
        else:
            raise Blocked(NOTHING_TO_REPEAT)
        return
    if one.kind not in UNCERTAIN:
        return
    row = connection.execute(sa.select(table).where(table.c.id == one.about_id)).first()
    if row is None:
        return
    outcome = DONE if call.outcome == MARK_DONE else REFUSED
    answer = Answer(outcome, call.output, "by_hand", call.reason)
    calls.answered(connection, runtime, row.undo_key or row.key, answer, by_person=True)


def _about_event(connection: sa.Connection, runtime: Runtime, one: Incident, call: Call) -> None:
    if call.outcome == RETRY:
        events.again(connection, runtime, one.about_id)
    else:
        events.ignore(connection, runtime, one.about_id)


def _about_timer(connection: sa.Connection, runtime: Runtime, one: Incident, call: Call) -> None:
    if call.outcome != RETRY:
        return
    table, now = runtime.system.timer, runtime.clock()
    renewed = {"status": ARMED, "attempts": 0, "next_at": now, "ended_at": None}
    mine = sa.and_(table.c.id == one.about_id, table.c.status == DEAD)
    if one.kind == "timer_refused":
        connection.execute(table.update().where(mine).values(renewed))
    else:
        raise Blocked(NOTHING_TO_REPEAT)


def _about_job(connection: sa.Connection, runtime: Runtime, one: Incident, call: Call) -> None:
    if call.outcome == RETRY:
        raise Blocked(NOTHING_TO_REPEAT)


def _about_hook(connection: sa.Connection, runtime: Runtime, one: Incident, call: Call) -> None:
    if call.outcome == RETRY:
        deliveries.again(connection, runtime, one.about_id)


def _about_record(connection: sa.Connection, runtime: Runtime, one: Incident, call: Call) -> None:
    """Look again at a record that broke: what is automatic goes on, or it still does not."""
    if call.outcome != RETRY:
        return
    if one.kind == Broken.code:
        # nobody kept what was asked: whoever asked it presses again
        raise Blocked(NOTHING_TO_REPEAT)
    work = work_of(connection, runtime, "system", one.id)
    try:
        settle_record(work, one.entity, one.record_id)
    except RequestError as refusal:
        raise Blocked(refusal.message) from refusal
    entity = runtime.app.entities[one.entity]
    facts = hold(work, entity, one.record_id, system_grant(one.entity), lock="").facts
    for workflow in runtime.app.workflows.get(one.entity, {}).values():
        state = str(facts.get(workflow.field))
        if state not in workflow.states:
            raise Blocked(unfired(Refused("unknown_stored_state", current=state)).message)


_DOERS = {
    CALL: _about_call,
    EVENT: _about_event,
    TIMER: _about_timer,
    incidents.JOB: _about_job,
    incidents.RECORD: _about_record,
    incidents.HOOK: _about_hook,
}


def _wrong(field: str, en: str, zh: str, code: Any = "required") -> Invalid:
    message = Label({"en": en, "zh": zh})
    return Invalid(message, (FieldError(field, code, message),))
