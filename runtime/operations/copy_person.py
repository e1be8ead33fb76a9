"""`copy_person`: everything that is kept about one person, as a file that a job makes.

The record is the person (`privacy: {about: this}`); what else tells of them is found by the
references that `privacy:` names. It is an export in every respect: the asker's own right to export
each kind, their rows and columns, their daily number, their proof where an export asks for one.
What they may not export is left out, and the file says so. Who asked, for whom and why is part of
the person's own story.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generator.model.text import Label
from rules import privacy
from rules.permissions import Grant
from runtime.errors import FieldError, Forbidden, Invalid
from runtime.jobs import runs
from runtime.messages import Incoming, Result
from runtime.operations import _sensitive, _talk
from runtime.operations.export import told_of
from runtime.operations.read import not_found
from runtime.runtime import Runtime
from runtime.store import fetch
from runtime.store.engine import write
from runtime.store.paths import unknown_field
from runtime.store.plan import QueryPlan
from runtime.store.trail import Note, Trail

ACTION = "export"
JOB = "copy_person"
"""The job that makes the file."""
COPIED = "person_copied"
"""What the audit calls it."""
FORMATS = ("xlsx", "csv", "jsonl")
SHORTEST, LONGEST = 3, 500
"""Characters of a reason."""


@dataclass(frozen=True)
class Call:
    """Who, why and in which format."""

    incoming: Incoming
    form: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """The look at the person, inside the right to export such records."""

    call: Call
    query: QueryPlan


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Call:
    if not privacy.is_person(runtime.app, incoming.entity):
        raise not_found()
    body = incoming.values if isinstance(incoming.values, Mapping) else {}
    for key in body:
        if key not in ("format", "reason"):
            raise unknown_field(str(key))
    form, reason = body.get("format", FORMATS[0]), body.get("reason", incoming.reason)
    if form not in FORMATS:
        known = ", ".join(FORMATS)
        raise _wrong("format", "invalid", f"Write one of: {known}.", f"可用的格式：{known}。")
    if not isinstance(reason, str) or not SHORTEST <= len(reason.strip()) <= LONGEST:
        raise _wrong(
            "reason",
            "required",
            f"Say why, in {SHORTEST} to {LONGEST} characters.",
            f"请填写原因（{SHORTEST} 到 {LONGEST} 个字符）。",
        )
    return Call(incoming, form, reason.strip())


def plan(call: Call, grant: Grant, runtime: Runtime) -> Plan:
    assert call.incoming.actor is not None
    if call.incoming.actor.real_id:
        # nothing may be left in the name of whom one only looks through
        raise Forbidden()
    entity, actor = runtime.app.entities[call.incoming.entity], call.incoming.actor
    return Plan(call, _talk.record_plan(entity, call.incoming.record_id, actor, grant, runtime))


def execute(plan: Plan, runtime: Runtime) -> Result:
    call, asked = plan.call, plan.call.incoming
    actor = asked.actor
    assert actor is not None
    with fetch.connection(runtime.engine) as connection:
        _talk.require_record(connection, runtime, plan.query)
    _sensitive.ask_to_export(runtime, asked)
    given: dict[str, Any] = {
        **told_of(actor),
        "entity": asked.entity,
        "record": asked.record_id,
        "form": call.form,
        "reason": call.reason,
        "request": asked.request_id,
    }
    run = runs.NewRun(JOB, queue="bulk", input=given, created_by=str(actor.id), source="person")
    trail = Trail(runtime, actor, asked.source, asked.request_id, asked.address)
    with write(runtime.engine) as connection:
        run_id = runs.create(connection, run, runtime.clock())
        told = {"run": run_id, "format": call.form}
        note = Note(COPIED, asked.entity, asked.record_id, after=told, reason=call.reason)
        trail.write(connection, note)
    return Result(row=run_id)


def _wrong(field: str, code: Any, en: str, zh: str) -> Invalid:
    message = Label({"en": en, "zh": zh})
    return Invalid(message, (FieldError(field, code, message),))
