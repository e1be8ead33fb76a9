"""Four eyes: a request waits for another person, who sees the difference and decides once.

Comes in: somebody's decision about a request that `operations/_sensitive.py` kept. Goes out: its
state and notes in the audit; an approved one is carried out by the pipeline as its
requester, with their rights of that moment. Nobody decides about what they asked for or ever wrote
to the record, nor about cells they may not see.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import sqlalchemy as sa

from generator.model.text import Label
from rules.proof import Proof
from runtime import alarms
from runtime.errors import Blocked, Forbidden, NotFound, RequestError
from runtime.messages import Actor, Incoming, Result
from runtime.operations._incidents import ACTION as OPERATE
from runtime.operations._incidents import operable
from runtime.operations._sensitive import note_about
from runtime.outside import incidents
from runtime.pipeline import handle
from runtime.runtime import Runtime
from runtime.store import approvals
from runtime.store.approvals import Approval
from runtime.store.engine import read, write
from runtime.store.guard import system
from runtime.store.outside_tables import OPEN
from runtime.store.trail import Trail

GIVEN_UP = {
    "void": Label(
        {
            "en": "The record was changed since; ask anew.",
            "zh": "记录已被修改，此申请作废，请重新提交。",
        }
    ),
    "expired": Label({"en": "The request was too old.", "zh": "申请已过期。"}),
}
OVER = Label({"en": "This request was decided already.", "zh": "此申请已处理。"})
ONCE = Label({"en": "You approved this already.", "zh": "您已同意过此申请。"})
NOT_YOURS = Label(
    {
        "en": "Somebody decides who neither asked for it nor ever wrote to the record.",
        "zh": "审批人不能是申请人，也不能是创建或修改过该记录的人。",
    }
)
NOT_SEEN = Label(
    {"en": "You may not see all that this changes.", "zh": "您无权查看此申请涉及的全部内容。"}
)

SETTLE = "settle_incident"

Person = Callable[[int], Actor | None]
"""Who somebody is right now, by number."""


def waiting_for(runtime: Runtime, actor: Actor) -> Sequence[Approval]:
    """Return what somebody may decide about, the oldest first."""
    if not may_approve(runtime, actor):
        return ()
    found = approvals.pending(runtime.engine, runtime.system.approval)
    said = said_yes(runtime, found)
    open_ = [one for one in found if actor.id not in said.get(one.id, {})]
    return [one for one in open_ if _refusal(runtime, actor, one) is None]


def said_yes(runtime: Runtime, found: Sequence[Approval]) -> Mapping[str, Mapping[int, str]]:
    """Return who approved requests that need more people: by request, number and name."""
    several = [one.id for one in found if needed(runtime, one) > 1]
    return approvals.votes(runtime.engine, runtime.system.approval_vote, several)


def needed(runtime: Runtime, one: Approval) -> int:
    """Return how many people must approve a request, by the definitions of today."""
    rules = [r for r in runtime.app.sensitive if (r.name, r.entity) == (one.rule, one.entity)]
    return rules[0].approvers if rules else 1


def asked_by(runtime: Runtime, actor: Actor) -> Sequence[Approval]:
    """Return what somebody asked for that still waits."""
    found = approvals.pending(runtime.engine, runtime.system.approval)
    return [one for one in found if one.requester_id == actor.id]


def counted(runtime: Runtime, actor: Actor) -> sa.Select[int] | None:
    """Return what counts about how many requests wait for somebody; None where none ever will."""
    entities = {
        one.entity
        for one in runtime.app.sensitive
        if one.ask == "approve"
        and runtime.matrix.grant(actor.roles, one.entity, "approve") is not None
    }
    entities |= set(operable(runtime, actor))
    if not entities:
        return None
    tables = (runtime.system.approval, runtime.system.approval_vote)
    return approvals.counted(tables, entities, actor.id)


def may_approve(runtime: Runtime, actor: Actor) -> bool:
    """Return whether somebody may approve anything at all; asks no database."""
    return bool(operable(runtime, actor)) or any(
        one.ask == "approve"
        and runtime.matrix.grant(actor.roles, one.entity, "approve") is not None
        for one in runtime.app.sensitive
    )


def concern(runtime: Runtime, actor: Actor) -> bool:
    """Return whether approvals have to do with somebody: asks no database."""
    return bool(operable(runtime, actor)) or any(
        one.ask == "approve"
        and runtime.matrix.actions(actor.roles, one.entity) & {*one.actions, "approve"}
        for one in runtime.app.sensitive
    )


def decide(
    runtime: Runtime, trail: Trail, approval_id: str, decision: str, said: str, person: Person
) -> Approval:
    """Approve, reject or withdraw a request; one that enough people approved is carried out.

    Raises:
        NotFound: there is none that the caller may know of.
        Forbidden: it is not theirs to decide.
        Blocked: it was decided, is void or too old, or could not be carried out.

    """
    actor = trail.actor
    table = runtime.system.approval
    one = approvals.find(runtime.engine, table, approval_id)
    if one is None or actor is None or not _knows(runtime, actor, one):
        raise NotFound(Label({"en": "There is no such request.", "zh": "没有这个申请。"}))
    if decision == "withdraw":
        if one.requester_id != actor.id:
            raise Forbidden(NOT_YOURS)
        return _settled(runtime, trail, one, "withdrawn", said)
    refusal = _refusal(runtime, actor, one)
    if refusal is not None:
        raise refusal
    over = _over(runtime, one)
    if over:
        _settled(runtime, trail, one, over, "")
        raise Blocked(GIVEN_UP[over])
    alarms.note_first_use(runtime, actor, one.entity, ("approve",))
    if decision == "reject":
        return _settled(runtime, trail, one, "rejected", said)
    requester = person(one.requester_id)
    if requester is None:
        _settled(runtime, trail, one, "void", "")
        raise Blocked(GIVEN_UP["void"])
    if needed(runtime, one) > 1 and not _are_enough(runtime, trail, one, said, person):
        return one
    done = _settled(runtime, trail, one, "approved", said)
    _carry_out(runtime, trail, one, requester)
    return done


def _are_enough(runtime: Runtime, trail: Trail, one: Approval, said: str, person: Person) -> bool:
    """Keep a yes and return whether enough people have said it who may still say it."""
    actor, table = trail.actor, runtime.system.approval_vote
    assert actor is not None
    with write(runtime.engine) as connection:
        by = (actor.id, actor.name)
        if not approvals.vote(connection, table, one.id, by, runtime.clock(), said[:2000]):
            raise Blocked(ONCE)
        trail.write(connection, note_about("approval_voted", one, said))
    others = set(approvals.votes(runtime.engine, table, [one.id])[one.id]) - {actor.id}
    still = [found for found in map(person, others) if found is not None]
    count = 1 + sum(_refusal(runtime, other, one) is None for other in still)
    return count >= needed(runtime, one)


def _carry_out(runtime: Runtime, trail: Trail, one: Approval, requester: Actor) -> None:
    incoming = Incoming(
        operation=one.operation,
        entity=one.entity,
        actor=replace(requester, proof=Proof(approval=one.id)),
        record_id=one.record_id,
        values=one.values or None,
        version=one.version,
        source="approval",
        reason=one.reason,
        request_id=trail.request_id,
        address=trail.address,
    )
    answer = handle(incoming, runtime)
    if isinstance(answer, Result):
        return
    why = answer.message.text("en") or type(answer).__name__
    with write(runtime.engine) as connection:
        approvals.mark_failed(connection, runtime.system.approval, one.id, why)
        trail.write(connection, note_about("approval_failed", one, why))
    raise Blocked(answer.message, answer.errors)


def _settled(runtime: Runtime, trail: Trail, one: Approval, state: str, said: str) -> Approval:
    actor = trail.actor
    by = (actor.id, actor.name) if actor is not None else None
    now = runtime.clock()
    table = runtime.system.approval
    with write(runtime.engine) as connection:
        if not approvals.settle(connection, table, one.id, state, now, by, said[:2000]):
            raise Blocked(OVER)
        trail.write(connection, note_about(f"approval_{state}", one, said))
    return replace(one, state=state, said=said)


def _knows(runtime: Runtime, actor: Actor, one: Approval) -> bool:
    if one.requester_id == actor.id:
        return True
    return runtime.matrix.grant(actor.roles, one.entity, right_about(one)) is not None


def right_about(one: Approval) -> str:
    """Return the right to decide: about what became of an incident it is that of operators."""
    return OPERATE if one.operation == SETTLE else "approve"


def _refusal(runtime: Runtime, actor: Actor, one: Approval) -> RequestError | None:
    """Return why somebody may not decide about a request; None when they may."""
    grant = runtime.matrix.grant(actor.roles, one.entity, right_about(one))
    if grant is None or actor.kind != "user" or actor.real_id:
        return Forbidden(NOT_YOURS)
    if one.requester_id == actor.id:
        return Forbidden(NOT_YOURS)
    if one.operation == SETTLE:
        return None
    if _has_written(runtime, actor, one):
        return Forbidden(NOT_YOURS)
    seen = runtime.matrix.grant(actor.roles, one.entity, "read")
    fields = {*(one.before or {}), *(one.after or {})} - {"archived_at"}
    if seen is None or not fields <= seen.open:
        return Forbidden(NOT_SEEN)
    if one.record_id:
        asked = Incoming("read", one.entity, actor, one.record_id, query={"fields": ("id",)})
        if not isinstance(handle(asked, runtime), Result):
            return Forbidden(NOT_SEEN)
    return None


def _has_written(runtime: Runtime, actor: Actor, one: Approval) -> bool:
    """Return whether somebody created or changed the record: the audit knows every version.

    What is older than the audit the record says itself: who made it, and who changed it last.
    """
    if not one.record_id:
        return False
    audit = runtime.system.audit
    mine = sa.select(audit.c.id).where(
        audit.c.entity == one.entity,
        audit.c.record_id == one.record_id,
        audit.c.actor_id == actor.id,
        audit.c.record_version.is_not(None),
    )
    table = runtime.schema.tables[one.entity]
    by = [table.c[name] for name in ("created_by", "updated_by") if name in table.c]
    said = sa.select(table.c.id).where(
        table.c.id == one.record_id, sa.or_(*(each == actor.id for each in by))
    )
    with read(runtime.engine) as connection:
        if connection.execute(mine.limit(1)).first() is not None:
            return True
        return connection.execute(system(said, "who wrote it")).first() is not None


def _over(runtime: Runtime, one: Approval) -> str:
    """Return what ended a request without anybody's decision; empty when it still stands."""
    if runtime.clock() >= one.expires_at:
        return "expired"
    if one.operation == SETTLE:
        with read(runtime.engine) as connection:
            about = incidents.find(connection, runtime, str(one.values.get("incident")))
        return "" if about is not None and about.state == OPEN else "void"
    if one.record_id:
        table = runtime.schema.tables[one.entity]
        asked = sa.select(table.c.version).where(table.c.id == one.record_id)
        with read(runtime.engine) as connection:
            found = connection.execute(system(asked, "is a request still about this")).scalar()
        if found != one.version:
            return "void"
    return ""
