"""`unfollow`: be told no more about a record; works also for one that may not be read any more."""

from __future__ import annotations

from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.operations import _talk
from runtime.operations._work import Work
from runtime.operations._writing import WritePlan, transact
from runtime.runtime import Runtime

ACTION = "read"


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Incoming:
    return incoming


def plan(call: Incoming, grant: Grant, runtime: Runtime) -> WritePlan:
    return _talk.write_plan(call, grant, runtime)


def execute(plan: WritePlan, runtime: Runtime) -> Result:
    def body(work: Work) -> tuple[str, bool]:
        table, call = work.runtime.system.follow, plan.call
        work.connection.execute(
            table.delete().where(
                table.c.entity == call.entity.name,
                table.c.record_id == call.record_id,
                table.c.user_id == call.actor.id,
            )
        )
        return call.record_id, False

    return transact(plan, runtime, body)
