"""`update` without a lock: read what a change needs, decide, write if nobody was faster.

Comes in: the plan of an update. Goes out: its answer, or None where it must be done the other way,
with the record locked from reading to writing. Two statements and no transaction around them: the
second asks for the version that the first one read (`store/at_version.py`), so whatever was decided
must follow from the record's own row at that version, from the payload, and from who asks. Each of
these leads to the other way, before anything is written:

- parts, links or records behind references are read: the version says nothing of them;
- something is newly pointed at, which must not be put away in between;
- rights or guardrails ask the database of the record as it was or becomes;
- something follows: formulas of other records, automatic transitions, timers, a promotion;
- the answer must be read back, or the request has a key to be kept;
- somebody was faster: the other way finds out what became of the record, and says so.
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlalchemy.exc

from generator.model.entity import Entity
from rules.permissions import Grant
from runtime.messages import Result
from runtime.operations import (
    _changing,
    _firing,
    _outcomes,
    _reading,
    _renewing,
    _revising,
    _rights,
    _saving,
    _sensitive,
)
from runtime.operations._references import Lookup
from runtime.operations._versions import require_version
from runtime.operations._work import Draft, Work
from runtime.operations._writing import WritePlan
from runtime.runtime import Runtime
from runtime.store import at_version, audit, inserts, violations
from runtime.store.audit_chain import SOON, moment_of
from runtime.store.engine import stepwise
from runtime.store.forms import form_of

MANY = frozenset({"children", "references"})


def change(plan: WritePlan, runtime: Runtime) -> Result | None:
    """Change one record; None when nothing was written and it must be done under a lock.

    Raises:
        RequestError: the change is refused; nothing is written.

    """
    if not _may_stand_alone(plan, runtime):
        return None
    try:
        with stepwise(runtime.engine) as connection:
            return _change(connection, plan, runtime)
    except sqlalchemy.exc.IntegrityError as error:
        raise violations.translate(error, plan.call.entity, "postgresql") from error
    except sqlalchemy.exc.OperationalError as error:
        if not violations.is_passing(error):
            raise
    return None


def _may_stand_alone(plan: WritePlan, runtime: Runtime) -> bool:
    """Return whether nothing but the record's own row need be read, as far as its model says."""
    call, entity = plan.call, plan.call.entity
    if runtime.engine.dialect.name != "postgresql" or call.incoming.idempotency_key:
        return False
    if plan.grant.needs_lines or entity.promotion is not None:
        return False
    fields = frozenset((*call.values, *plan.grant.force))
    known = ("unlocked", entity.name, fields)
    alone: bool = runtime.remembered.get(known, lambda: _is_alone(runtime, entity, fields))
    return alone


def _is_alone(runtime: Runtime, entity: Entity, fields: frozenset[str]) -> bool:
    """Return whether a change of these fields reads nothing but the record's own row."""
    needs, relations = runtime.needs[entity.name], form_of(runtime, entity).relations
    unread = _changing.spared(needs, fields)
    return (
        not needs.links
        and all(relations[name] not in MANY for name in fields)
        and all(name in unread for name, kind in relations.items() if kind == "children")
    )


def _change(connection: sa.Connection, plan: WritePlan, runtime: Runtime) -> Result | None:
    call, grant, began = plan.call, plan.grant, runtime.make_id()
    context = plan.answer.facts if plan.answer else _reading.context(runtime, call.actor)
    work = Work(connection, runtime, call.incoming, context["now"], context)
    version = require_version(call.incoming.version)
    draft = _revising.drafted(work, call, grant, call.values, version, lock="")
    if not work.errors and not _revising.differs(draft, draft.before or {}):
        return _outcomes.known(plan, draft, created=False)
    lookup = Lookup(connection, runtime, call.incoming)
    lookup.collect(draft)
    if lookup.is_needed or _is_guarded(grant, draft):
        return None
    work.fail_if_wrong()
    _saving.conclude(work, draft, lookup)
    work.fail_if_wrong()
    _sensitive.ask_about(work, "update", draft)
    with inserts.kept_back(connection) as batch:
        _saving.write(work, draft)
        if _renewing.is_followed(work, draft) or not _firing.is_settled(work, draft):
            return None
        told = _told(plan, draft)
        if told is not None:
            audit.record(work, "update", draft)
    if told is None or not at_version.can_be_sent(batch):
        return None
    return told if at_version.send(connection, batch, moment_of(began) + SOON) else None


def _told(plan: WritePlan, draft: Draft) -> Result | None:
    """Return the answer as far as the draft says it."""
    if plan.answer is None:
        return Result(row=(str(draft.facts["id"]),))
    return _outcomes.known(plan, draft, created=False)


def _is_guarded(grant: Grant, draft: Draft) -> bool:
    """Return whether a guardrail on a changed field asks something of the record."""
    changed = _rights.changed(draft)
    return any(one.when is not None and changed & set(one.fields) for one in grant.guards)
