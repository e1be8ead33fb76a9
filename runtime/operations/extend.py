"""`extend`: move the due time of one timer that a record waits for, later or earlier.

A due time is a fact of the moment at which the state was entered; whoever has the right to `extend`
moves this one alone, and the record's history tells from when to when and why. The record is locked
first, so that it is never moved while it rings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from generator.field_types.datetime import WRITTEN, api_text
from generator.model.text import Label
from rules.permissions import Grant
from runtime.errors import Invalid, NotFound
from runtime.messages import Incoming, Result
from runtime.operations import _passages
from runtime.operations._held import hold
from runtime.operations._talk import TIMER, wrong
from runtime.operations._work import Work
from runtime.operations._writing import WriteCall, WritePlan, transact
from runtime.runtime import Runtime
from runtime.store import audit
from runtime.store.workflow_tables import ARMED

ACTION = "extend"
KEYS = ("due_at", "reason")
LONGEST = timedelta(days=400)
SHORTEST_REASON, LONGEST_REASON = 3, 500
GONE = Label({"en": "This record waits for no such time.", "zh": "该记录没有这个待到时间。"})


@dataclass(frozen=True)
class Plan:
    """Which timer, until when, within the right to move it."""

    write: WritePlan
    due: datetime


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Incoming:
    values = incoming.values if isinstance(incoming.values, Mapping) else {}
    errors = [
        wrong(str(key), "unknown_field", "This is not asked here.", "此处不需要该内容。")
        for key in values
        if key not in KEYS
    ]
    reason = str(values.get("reason") or "").strip()
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        errors.append(
            wrong(
                "reason",
                "required",
                f"Say why, in {SHORTEST_REASON} to {LONGEST_REASON} characters.",
                f"请说明原因（{SHORTEST_REASON} 到 {LONGEST_REASON} 个字符）。",
            )
        )
    try:
        _due(values.get("due_at"), runtime.clock())
    except Invalid as refusal:
        errors.append(refusal)
    if errors:
        raise Invalid(errors[0].message, tuple(each for one in errors for each in one.errors))
    return replace(incoming, reason=reason)


def plan(call: Incoming, grant: Grant, runtime: Runtime) -> Plan:
    assert call.actor is not None
    entity = runtime.app.entities[call.entity]
    about = WriteCall(call, call.actor, entity, {}, call.record_id)
    return Plan(WritePlan(about, grant, None), _due(call.values["due_at"], runtime.clock()))


def execute(plan: Plan, runtime: Runtime) -> Result:
    moved: list[_passages.Due] = []

    def body(work: Work) -> tuple[str, bool]:
        moved.append(_move(work, plan))
        return plan.write.call.incoming.part, False

    transact(plan.write, runtime, body)
    return Result(row=moved[-1])


def _move(work: Work, plan: Plan) -> _passages.Due:
    call, table = plan.write.call, work.runtime.system.timer
    held = hold(work, call.entity, call.record_id, plan.write.grant)
    mine = (
        table.c.id == call.incoming.part,
        table.c.entity == call.entity.name,
        table.c.record_id == call.record_id,
        table.c.status == ARMED,
    )
    row = work.connection.execute(sa.select(table).where(*mine).with_for_update()).first()
    if row is None:
        raise NotFound(GONE)
    new = {
        "due_at": plan.due,
        "next_at": plan.due,
        "attempts": 0 if row.error else row.attempts,
        "error": None,
        "updated_by": work.actor_id,
    }
    work.connection.execute(table.update().where(*mine).values(new))
    field = work.runtime.app.workflows[call.entity.name][row.workflow].field
    name, step = f"{TIMER}{field}", row.transition or row.kind
    audit.write(
        work,
        "extend",
        call.entity,
        held.draft.facts,
        {name: {"step": step, "due_at": api_text(row.due_at)}},
        {name: {"step": step, "due_at": api_text(plan.due)}},
        {"timer": row.id},
    )
    return _passages.Due(
        row.workflow, row.transition, row.kind, plan.due, row.id, row.state, row.armed_at
    )


def _due(written: Any, now: datetime) -> datetime:
    """Return when it shall be due.

    Raises:
        Invalid: it is no moment, is past, or is further away than any timer.

    """
    moment = None
    if isinstance(written, str) and WRITTEN.fullmatch(written):
        try:
            moment = datetime.fromisoformat(written).astimezone(UTC)
        except (ValueError, OverflowError):
            moment = None
    if moment is None:
        raise wrong(
            "due_at",
            "invalid",
            "Write a moment with its offset, such as 2026-11-22T10:30:00Z.",
            "请填写带时区的时间，例如 2026-11-22T10:30:00Z。",
        )
    if not now < moment <= now + LONGEST:
        raise wrong(
            "due_at",
            "out_of_range",
            f"Choose a moment from now on, at most {LONGEST.days} days ahead.",
            f"请选择现在之后、{LONGEST.days} 天以内的时间。",
        )
    return moment
