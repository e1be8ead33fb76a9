"""`update`: change what the payload names, at the version the caller read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.operations import (
    _firing,
    _renewing,
    _revising,
    _rights,
    _saving,
    _sensitive,
    _unlocked,
    _versions,
)
from runtime.operations._work import Work
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
    done = _unlocked.change(plan, runtime)
    if done is not None:
        return done

    def body(work: Work) -> tuple[str, bool]:
        version = _versions.require_version(plan.call.incoming.version)
        change(work, plan.call, plan.grant, plan.call.values, version)
        return plan.call.record_id, False

    return transact(plan, runtime, body)


def change(
    work: Work, call: WriteCall, grant: Grant, values: Mapping[str, Any], version: int | None
) -> None:
    """Change one record; values that are as they were make no new version and no audit row."""
    draft = _revising.drafted(work, call, grant, values, version)
    if not work.errors and not _revising.differs(draft, draft.before or {}):
        return
    covered = _rights.before(work, call.entity, (call.record_id,), grant)
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
