"""`update`: change what the payload names, at the version the caller read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.operations import (
    _changing,
    _firing,
    _renewing,
    _rights,
    _saving,
    _sensitive,
    _versions,
)
from runtime.operations._work import Draft, Work
from runtime.operations._writing import WriteCall, WritePlan, parse_write, plan_write, transact
from runtime.runtime import Runtime
from runtime.store import audit

ACTION = "update"


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> WriteCall:
    _versions.require_version(incoming.version)
    return parse_write(incoming, runtime, changes=True)


def plan(call: WriteCall, grant: Grant, runtime: Runtime) -> WritePlan:
    return plan_write(call, grant, runtime, parts=call.values.keys())


def execute(plan: WritePlan, runtime: Runtime) -> Result:
    def body(work: Work) -> tuple[str, bool]:
        version = _versions.require_version(plan.call.incoming.version)
        change(work, plan.call, plan.grant, plan.call.values, version)
        return plan.call.record_id, False

    return transact(plan, runtime, body)


def change(
    work: Work, call: WriteCall, grant: Grant, values: Mapping[str, Any], version: int | None
) -> None:
    """Change one record; values that are as they were make no new version and no audit row."""
    forced = _rights.forced(grant, work.context)
    unread = _changing.unread_parts(work, call.entity, values.keys() | forced.keys())
    before = _changing.load(work, call.entity, call.record_id, grant, unread=unread)
    if version is not None:
        _versions.same_version(before, version)
    covered = _rights.before(work, call.entity, (call.record_id,), grant)
    draft = _saving.draft_change(work, call.entity, before, {**values, **forced})
    draft.unread = unread
    draft.sent -= forced.keys()
    _changing.forget_same_links(work, (draft,))
    if not work.errors and not differs(draft, before):
        return
    _rights.guard_fields(work, grant, (draft,))
    _saving.settle(work, draft)
    _sensitive.ask_about(work, "update", draft)
    _saving.write(work, draft)
    _rights.hold(work, grant, (draft,), covered)
    audit.record(work, "update", draft)
    work.saved = draft
    _renewing.follow(work, (draft,))
    if _firing.settle_all(work):
        work.saved = None


def differs(draft: Draft, before: Mapping[str, Any]) -> bool:
    """Return whether a draft says anything new."""
    if draft.linked or any(draft.removed.values()):
        return True
    for children in draft.children.values():
        if any(child.is_new or differs(child, child.before or {}) for child in children):
            return True
    return any(before.get(name) != value for name, value in draft.facts.items())
