"""`detach`: take a file away from a record; its bytes go when nothing holds them any more."""

from __future__ import annotations

from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.operations import _attachments, _talk
from runtime.operations._work import Work
from runtime.operations._writing import WritePlan, transact
from runtime.runtime import Runtime
from runtime.store import audit

ACTION = "update"
ALSO = ("file",)


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Incoming:
    return incoming


def plan(call: Incoming, grant: Grant, runtime: Runtime) -> WritePlan:
    return _talk.write_plan(call, grant, runtime)


def execute(plan: WritePlan, runtime: Runtime) -> Result:
    def body(work: Work) -> tuple[str, bool]:
        call, table = plan.call, work.runtime.system.attachment
        _talk.require_own_record(work, plan)
        found = _attachments.one(
            work.connection, work.runtime, call.entity.name, call.record_id, call.incoming.part
        )
        work.connection.execute(table.delete().where(table.c.id == found.id))
        before = {_talk.FILE: found.name}
        audit.write(work, "detach", call.entity, {"id": call.record_id}, before, None)
        return found.id, False

    return transact(plan, runtime, body)
