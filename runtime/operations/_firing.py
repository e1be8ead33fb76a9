"""Firing a transition inside a transaction: lock, decide, carry out; whoever asks, this is the way.

    hold → situation → rules.workflow.firing.fire → carry out → settle what follows

Comes in: a `Work` (the open transaction and who acts) and a `Wanted`. Goes out: `Fired`, or a
refusal that undoes the transaction. A request, a bulk row, a timer, the answer of a provider and a
webhook all end here; only who opens the transaction differs.
"""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa
import sqlalchemy.exc

from generator.model.entity import Entity
from generator.model.text import Label
from generator.model.workflow import (
    AUTO,
    PEOPLE,
    SECOND_PERSON,
    SYSTEM,
    Workflow,
)
from rules.permissions import Grant
from rules.workflow import firing
from rules.workflow.asking import Ask, Asker, Machines, Refused, Situation
from runtime.errors import (
    Broken,
    NeedsApproval,
    RequestError,
    VersionConflict,
)
from runtime.messages import Actor, Incoming
from runtime.operations import _broken, _decimals, _held, _lost_codes, _reading
from runtime.operations._answers import answers_in_words
from runtime.operations._elsewhere import lock_ahead
from runtime.operations._entries import Entries, write_all
from runtime.operations._held import Held, hold
from runtime.operations._passing import Passing
from runtime.operations._rearming import moved_by, rearm
from runtime.operations._unfired import busy, unfired
from runtime.operations._veiled import refusal_for, state_told
from runtime.operations._wanted import Fired, Wanted, asker, grant_of
from runtime.operations._work import Draft, Work
from runtime.runtime import Runtime
from runtime.store import inserts
from runtime.store.guard import system_grant
from runtime.store.titles import title_of

LOCK_SECONDS = 3
"""So long somebody waits for a record before they are told that it is busy."""
ROUNDS = 10
"""What follows from what follows is settled so far."""
NO_LOCK = "55P03"
CHANGED = Label(
    {
        "en": "Somebody changed this record after you read it.",
        "zh": "您读取之后，该记录已被其他人修改。",
    }
)
WAITS = Label(
    {"en": "This waits for another person to approve it.", "zh": "此操作需由他人审批后生效。"}
)


def work_of(connection: sa.Connection, runtime: Runtime, source: str, request_id: str = "") -> Work:
    """Return the work of the system itself inside an open transaction, for `fire_inside`.

    Args:
        connection: inside a transaction of `runtime.store.engine.write`.
        runtime: the back office.
        source: system, timer or event.
        request_id: what the log is searched by.

    """
    actor = Actor(0, "system", frozenset(), kind="system")
    incoming = Incoming("transition", "", actor, source=source, request_id=request_id)
    context = _reading.context(runtime, actor)
    return Work(connection, runtime, incoming, context["now"], context)


def fire_inside(work: Work, wanted: Wanted) -> Fired:
    """Fire a transition inside the caller's transaction, which must end if this is refused.

    Raises:
        RequestError: it is refused; the codes are those of `runtime/errors.py`.

    """
    machines = work.runtime.machines.get(wanted.entity)
    workflow = machines.workflows.get(wanted.workflow) if machines else None
    edges = workflow.named(wanted.transition) if workflow else ()
    if machines is None or workflow is None or not edges:
        raise unfired(Refused("unknown_transition"))
    if not any(wanted.source in edge.triggers for edge in edges):
        raise unfired(Refused("wrong_trigger"))
    fires, work.fires = work.fires, True
    try:
        _bound_wait(work)
        more = _lost_codes.led_to(work, machines.entity, wanted.record_id, edges)
        lock_ahead(work, machines.entity, wanted.record_id, workflow, edges, more)
        held = _held_for(work, machines.entity, wanted)
        if wanted.version is not None and held.version != wanted.version:
            state = state_told(work, held, workflow.field)
            raise VersionConflict(CHANGED, version=held.version, current=state)
        _decimals.exact_answers(edges, wanted.input, held.facts)
        log_id = work.runtime.make_id()
        situation = _held.situation(work, held, edges, log_id, wanted.cause)
        by = asker(work, wanted, held)
        ask = Ask(wanted.workflow, wanted.transition, by, wanted.input, wanted.cause)
        done = firing.fire(machines, ask, situation)
        if isinstance(done, Refused) and done.needs == SECOND_PERSON:
            raise _second_person(work, machines, held, ask, situation)
        if isinstance(done, Refused):
            raise refusal_for(work, held, done, workflow.field)
        if done.repeated:
            return Fired(wanted.record_id, held.version, (), repeated=True)
        passing = Passing(work, machines, held, wanted, ask, log_id, fire_inside, settle_all)
        return passing.carry_out(done)
    except Broken as refusal:
        what = (wanted.entity, wanted.record_id, wanted.workflow, wanted.transition)
        _broken.place(refusal, *what)
        raise
    finally:
        work.fires = fires


def settle_all(work: Work) -> bool:
    """Fire what is automatic on records that were written, and arm what new ones wait for.

    Returns whether anything was fired, so that a record is no longer as it was written.

    Raises:
        RequestError: an automatic step does not come to an end, or fails.

    """
    if not work.runtime.machines:
        work.written.clear()
        return False
    is_fired = False
    for _ in range(ROUNDS):
        drafts, work.written = work.written, []
        if not drafts:
            break
        saved = [draft for root in drafts for draft in root.everyone()]
        _begin(work, [draft for draft in saved if draft.is_new])
        for draft in saved:
            is_fired |= _settle(work, draft)
    return is_fired


def is_settled(work: Work, draft: Draft) -> bool:
    """Return whether a changed record stays as it was written: nothing fires, no timer moves."""
    machines = work.runtime.machines.get(draft.entity.name)
    return machines is None or not any(
        _may_go(workflow, draft) or moved_by(workflow, draft.before or {}, draft.facts)
        for workflow in machines.workflows.values()
    )


def settle_record(work: Work, entity: str, record_id: str) -> Fired | None:
    """Fire what is automatic on one record now; None when nothing is."""
    machines = work.runtime.machines[entity]
    fires, work.fires = work.fires, True
    try:
        inserts.leave_now(work.connection)
        held = hold(work, machines.entity, record_id, system_grant(entity))
        log_id = work.runtime.make_id()
        situation = _held.situation(work, held, (), log_id)
        done = firing.settle(machines, situation)
        if isinstance(done, Refused):
            raise refusal_for(work, held, done)
        if not done.steps:
            return None
        wanted = Wanted(entity, record_id, "", "", source=AUTO)
        ask = Ask("", "", Asker(SYSTEM))
        passing = Passing(work, machines, held, wanted, ask, log_id, fire_inside, settle_all)
        return passing.carry_out(done)
    except Broken as refusal:
        _broken.place(refusal, entity, record_id, "", "")
        raise
    finally:
        work.fires = fires


def _bound_wait(work: Work) -> None:
    """Let nobody wait long for a record that somebody else holds."""
    if work.connection.dialect.name == "postgresql":
        work.connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")


def _second_person(
    work: Work, machines: Machines, held: Held, ask: Ask, situation: Situation
) -> RequestError:
    """Return what keeps a transition until another person agrees; or why it could not be anyway."""
    agreed = replace(ask, by=replace(ask.by, confirmed=ask.by.confirmed | {SECOND_PERSON}))
    done = firing.fire(machines, agreed, situation)
    if isinstance(done, Refused):
        return refusal_for(work, held, done, machines.workflows[ask.workflow].field)
    entity = held.draft.entity
    name = f"{ask.workflow}.{ask.transition}"
    rule = next(
        one
        for one in work.runtime.app.sensitive
        if (one.entity, one.name, one.actions) == (entity.name, name, ("transition",))
    )
    workflow = machines.workflows[ask.workflow]
    told = answers_in_words(work.runtime, workflow.named(ask.transition), ask.input)
    given = [work.incoming.reason, *told]
    return NeedsApproval(
        WAITS,
        rule=rule,
        title=title_of(work.connection, work.runtime, entity, held.draft.facts),
        before={workflow.field: done.steps[0].before},
        after={workflow.field: done.steps[0].after},
        reason="; ".join(one for one in given if one),
    )


def _held_for(work: Work, entity: Entity, wanted: Wanted) -> Held:
    actor = work.incoming.actor
    grant: Grant | None = system_grant(entity.name)
    if wanted.source in PEOPLE and actor is not None and actor.kind != "system":
        grant = grant_of(work.runtime, actor, wanted)
        if grant is None:
            # the algorithm says that the role is missing, after it said what else is wrong
            grant = work.runtime.matrix.grant(actor.roles, entity.name, "read")
    if grant is None:
        raise unfired(Refused("forbidden"))
    try:
        return hold(work, entity, wanted.record_id, grant)
    except sqlalchemy.exc.OperationalError as error:
        if getattr(error.orig, "sqlstate", "") == NO_LOCK:
            raise busy() from error
        raise


def _begin(work: Work, drafts: list[Draft]) -> None:
    """Arm what new records wait for in the states they begin in."""
    found = []
    for draft in drafts:
        machines = work.runtime.machines.get(draft.entity.name)
        if machines is None:
            continue
        entries = Entries(work, draft.entity, str(draft.facts["id"]), draft.facts)
        for workflow in machines.workflows.values():
            entries.begins(workflow)
        found.append(entries)
    write_all(work, found)


def _settle(work: Work, draft: Draft) -> bool:
    """Fire what is automatic on a record now; return whether anything was."""
    machines = work.runtime.machines.get(draft.entity.name)
    if machines is None:
        return False
    if draft.before is not None:
        rearm(work, draft.entity, draft.before, draft.facts)
    if not any(_may_go(workflow, draft) for workflow in machines.workflows.values()):
        return False
    return settle_record(work, draft.entity.name, str(draft.facts["id"])) is not None


def _may_go(workflow: Workflow, draft: Draft) -> bool:
    """Return whether something that an automatic transition from here depends on was written."""
    state = str(draft.facts.get(workflow.field))
    edges = [edge for edge in workflow.leaving(state) if AUTO in edge.triggers]
    if not edges or draft.is_new:
        return bool(edges)
    before = draft.before or {}
    changed = {name for name, value in draft.facts.items() if before.get(name) != value}
    changed |= {*draft.children, *draft.linked}
    for edge in edges:
        conditions = [*(one.when for one in edge.guards), *(one.when for one in edge.branches)]
        paths = {path[0] for one in conditions if one is not None for path in one.paths}
        stored = {name for name in paths if name in draft.facts or name in draft.children}
        if not paths or changed & paths or paths - stored:
            return True
    return False
