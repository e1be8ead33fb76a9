"""`delete`: put a record away. An entity with `archive: true` keeps it, hidden; it can come back.

A record that others point at stays, unless their reference says what shall happen: `clear`,
`delete`, or `keep` (the link stays and the record is archived all the same).
"""

from __future__ import annotations

from generator.model.text import Label
from rules.permissions import Grant
from runtime.errors import Conflict, FieldError
from runtime.messages import Incoming, Result
from runtime.operations import _changing, _versions
from runtime.operations._work import Facts, Work
from runtime.operations._writing import WriteCall, WritePlan, transact
from runtime.runtime import Runtime
from runtime.store import audit, dependants

ACTION = "delete"


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> WriteCall:
    assert incoming.actor is not None
    entity = runtime.app.entities[incoming.entity]
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
    blocking = dependants.blocking(work.connection, runtime, entity, call.record_id)
    if blocking:
        raise still_used(blocking)
    table = runtime.schema.tables[entity.name]
    if not entity.archive:
        work.connection.execute(table.delete().where(table.c.id == call.record_id))
        audit.write(work, "delete", entity, before, _plain(before), None)
        return
    done = work.connection.execute(
        table.update()
        .where(table.c.id == call.record_id, table.c.version == before["version"])
        .values(
            archived_at=work.now,
            version=before["version"] + 1,
            updated_at=work.now,
            updated_by=work.actor_id,
        )
        .returning(table.c.id)
    ).first()
    if done is None:
        raise _versions.stale()
    audit.write(
        work,
        "delete",
        entity,
        before,
        {"archived_at": None},
        {"archived_at": work.now.isoformat()},
    )


def still_used(blocking: tuple[dependants.Dependant, ...]) -> Conflict:
    """Refuse a deletion and say by what the record is used."""
    english = ", ".join(f"{one.count} {one.entity.plural.text('en')}" for one in blocking)
    chinese = "、".join(f"{one.count} 条{one.entity.label.text('zh')}" for one in blocking)
    message = Label(
        {
            "en": f"Other records still point at this one: {english}.",
            "zh": f"仍有其他记录引用此记录：{chinese}。",
        }
    )
    return Conflict(
        message,
        tuple(
            FieldError(f"{one.entity.name}.{one.field.name}", "has_dependants", message)
            for one in blocking
        ),
    )


def _plain(facts: Facts) -> dict[str, object]:
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in facts.items()
        if not isinstance(value, list)
    }
