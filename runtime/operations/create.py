"""`create`: a new record with its children, all or nothing."""

from __future__ import annotations

from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.operations import _firing, _rights, _saving, _sensitive
from runtime.operations._work import Work
from runtime.operations._writing import WriteCall, WritePlan, parse_write, plan_write, transact
from runtime.runtime import Runtime
from runtime.store import audit

ACTION = "create"


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> WriteCall:
    return parse_write(incoming, runtime, changes=False)


def plan(call: WriteCall, grant: Grant, runtime: Runtime) -> WritePlan:
    return plan_write(call, grant, runtime)


def execute(plan: WritePlan, runtime: Runtime) -> Result:
    def body(work: Work) -> tuple[str, bool]:
        given = _rights.defaults(plan.grant, work.context)
        values = {**given, **plan.call.values, **_rights.forced(plan.grant, work.context)}
        draft = _saving.draft_new(work, plan.call.entity, values)
        draft.sent = frozenset(plan.call.values)
        _saving.settle(work, draft)
        _sensitive.ask_about(work, "create", draft)
        _saving.write(work, draft)
        _rights.hold(work, plan.grant, (draft,), {})
        audit.record(work, "create", draft)
        work.saved = draft
        if _firing.settle_all(work):
            work.saved = None
        return str(draft.facts["id"]), True

    return transact(plan, runtime, body)
