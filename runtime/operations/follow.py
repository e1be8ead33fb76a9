"""`follow`: be told when somebody else changes a record or says something about it."""

from __future__ import annotations

from sqlalchemy.dialects import postgresql, sqlite

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
        _talk.require_own_record(work, plan)
        table, call = work.runtime.system.follow, plan.call
        name = work.connection.dialect.name
        insert = postgresql.insert if name == "postgresql" else sqlite.insert
        work.connection.execute(
            insert(table)
            .values(
                entity=call.entity.name,
                record_id=call.record_id,
                user_id=call.actor.id,
                created_at=work.now,
            )
            .on_conflict_do_nothing()
        )
        return call.record_id, False

    return transact(plan, runtime, body)
