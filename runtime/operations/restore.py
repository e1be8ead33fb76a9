"""`restore`: bring an archived record back."""

from __future__ import annotations

from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.operations import _changing, _offers, _sensitive, _versions
from runtime.operations._work import Work
from runtime.operations._writing import WriteCall, WritePlan, plan_write, transact, written_alone
from runtime.runtime import Runtime
from runtime.store import audit
from runtime.store.guard import system

ACTION = "restore"


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> WriteCall:
    assert incoming.actor is not None
    entity = written_alone(runtime.app.entities[incoming.entity])
    return WriteCall(incoming, incoming.actor, entity, {}, incoming.record_id)


def plan(call: WriteCall, grant: Grant, runtime: Runtime) -> WritePlan:
    return plan_write(call, grant, runtime)


def execute(plan: WritePlan, runtime: Runtime) -> Result:
    def body(work: Work) -> tuple[str, bool]:
        bring_back(work, plan.call, plan.grant, plan.call.incoming.version)
        return plan.call.record_id, False

    return transact(plan, runtime, body)


def bring_back(work: Work, call: WriteCall, grant: Grant, version: int | None) -> None:
    """Take a record out of the archive, inside the caller's transaction."""
    before = _changing.load(work, call.entity, call.record_id, grant)
    if version is not None:
        _versions.same_version(before, version)
    if before.get("archived_at") is None:
        return
    _sensitive.ask_to_move(work, call.entity, before, "restore")
    _offers.put_away(work, call.entity, call.record_id, gone=False)
    table = work.runtime.schema.tables[call.entity.name]
    back = (
        table.update()
        .where(table.c.id == call.record_id)
        .values(
            archived_at=None,
            version=before["version"] + 1,
            updated_at=work.now,
            updated_by=work.actor_id,
        )
    )
    work.connection.execute(system(back, "the record was loaded by its plan"))
    audit.write(
        work,
        "restore",
        call.entity,
        {**before, "version": before["version"] + 1},
        {"archived_at": before["archived_at"].isoformat()},
        {"archived_at": None},
    )
