"""`delete`: put a record away. An entity with `archive: true` keeps it, hidden; it can come back.

A record that others point at stays, unless their reference says what shall happen: `clear`,
`delete`, or `keep` (the link stays and the record is archived all the same).
"""

from __future__ import annotations

from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.operations import _cascade, _changing, _offers, _sensitive, _versions
from runtime.operations._work import Work
from runtime.operations._writing import WriteCall, WritePlan, transact, written_alone
from runtime.runtime import Runtime
from runtime.store import audit, dependants
from runtime.store.guard import system

ACTION = "delete"


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> WriteCall:
    assert incoming.actor is not None
    entity = written_alone(runtime.app.entities[incoming.entity])
    return WriteCall(incoming, incoming.actor, entity, {}, incoming.record_id)


def plan(call: WriteCall, grant: Grant, runtime: Runtime) -> WritePlan:
    return WritePlan(call, grant, None)


def execute(plan: WritePlan, runtime: Runtime) -> Result:
    def body(work: Work) -> tuple[str, bool]:
        _versions.require_version(plan.call.incoming.version)
        remove(work, plan.call, plan.grant, plan.call.incoming.version)
        return plan.call.record_id, False

    return transact(plan, runtime, body)


def remove(work: Work, call: WriteCall, grant: Grant, version: int | None) -> None:
    """Archive or delete one record, inside the caller's transaction."""
    entity, runtime = call.entity, work.runtime
    before = _changing.load(work, entity, call.record_id, grant)
    if version is not None:
        _versions.same_version(before, version)
    if before.get("archived_at") is not None:
        return
    _sensitive.ask_to_move(work, entity, before, "delete")
    blocking = dependants.blocking(work.connection, runtime, entity, call.record_id)
    if blocking:
        raise _cascade.still_used(blocking)
    _offers.put_away(work, entity, call.record_id, gone=True)
    table = runtime.schema.tables[entity.name]
    after = {**before, "version": before["version"] + 1}
    if not entity.archive:
        _cascade.let_go(work, entity, call.record_id)
        gone = table.delete().where(table.c.id == call.record_id)
        work.connection.execute(system(gone, "the record was loaded by its plan"))
        audit.write(work, "delete", entity, after, audit.plain(runtime, entity, before), None)
        return
    away = (
        table.update()
        .where(table.c.id == call.record_id, table.c.version == before["version"])
        .values(
            archived_at=work.now,
            version=before["version"] + 1,
            updated_at=work.now,
            updated_by=work.actor_id,
        )
        .returning(table.c.id)
    )
    done = work.connection.execute(system(away, "the record was loaded by its plan")).first()
    if done is None:
        raise _versions.stale()
    audit.write(
        work,
        "delete",
        entity,
        after,
        {"archived_at": None},
        {"archived_at": work.now.isoformat()},
    )
