"""A record in hand for its transitions: loaded with its whole, under the lock, and as conditions
see it.

A part of a record (`child_of`) is locked through its whole, always the whole first, so that two
people at two parts of one record wait for each other and never for ever.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from generator.model.entity import Entity
from generator.model.workflow import Transition
from rules.permissions import Grant
from rules.workflow.asking import Deed, Situation
from runtime.operations import _changing, _renewing, _rights, _saving
from runtime.operations._references import Lookup
from runtime.operations._work import Draft, Facts, Work
from runtime.store.guard import system_grant

MOST_DEEDS = 2000
"""So far back the past of a record is asked who did what."""
OTHERWISE = frozenset({"create", "update", "restore", "delete", "import"})
"""What the audit calls the making and changing of a record."""


@dataclass
class Held:
    """A record and the whole it is a part of; mostly that is itself."""

    root: Draft
    draft: Draft
    lookup: Lookup
    seen: dict[str, Facts]
    """By place: every record of the whole with what lies behind its references."""

    @property
    def facts(self) -> Facts:
        """The record as conditions see it."""
        return self.seen[self.draft.place]

    @property
    def version(self) -> int:
        """The version that is stored."""
        assert self.draft.before is not None
        return int(self.draft.before["version"])


def hold(work: Work, entity: Entity, record_id: str, grant: Grant, lock: str = "update") -> Held:
    """Load a record within a grant.

    Raises:
        NotFound: there is none, or the caller may not reach it.
        Forbidden: they may read it, but it is outside of the grant.

    """
    if not entity.child_of:
        root = entity
        found = _changing.load(work, entity, record_id, grant, lock)
    else:
        if not _rights.reaches(work, entity, record_id, grant):
            raise _rights.missing(work, entity, record_id, grant)
        root, ids = _renewing.wholes(work, entity, (record_id,))
        found = _changing.load(work, root, ids[0], system_grant(root.name), lock)
    draft = _renewing.whole_draft(work, root, found, {})
    lookup = _saving.look_up(work, (draft,))
    seen = _saving.compute(work, draft, lookup)
    own = next((one for one in draft.everyone() if str(one.facts["id"]) == record_id), None)
    if own is None:
        # its whole changed between the two statements
        raise _rights.missing(work, entity, record_id, grant)
    return Held(draft, own, lookup, below_wholes(draft, seen))


def below_wholes(draft: Draft, seen: dict[str, Facts]) -> dict[str, Facts]:
    """Let every part see the record it is a part of, as it is now; return what is seen."""
    whole = seen[draft.place]
    for parts in draft.children.values():
        for part in parts:
            seen[part.place] = {**seen[part.place], part.entity.child_of: whole}
            below_wholes(part, seen)
    return seen


def situation(
    work: Work, held: Held, edges: Collection[Transition], entered: str, cause: str = ""
) -> Situation:
    """Return what the algorithm is asked about; the past is read only where an edge asks it."""
    entity = held.draft.entity
    record_id = str(held.draft.facts["id"])
    back = [
        workflow
        for workflow in work.runtime.machines[entity.name].workflows.values()
        if any(edge.previous is not None for edge in workflow.transitions)
    ]
    return Situation(
        facts=held.facts,
        now=work.now,
        today=work.context["today"],
        past=past(work, held) if any(edge.not_actor for edge in edges) else (),
        visited={
            one.name: _before(work, entity.name, record_id, one.name, held.facts[one.field])
            for one in back
        },
        causes=_applied(work, entity.name, record_id, cause) if cause else frozenset(),
        entered=entered,
        beside={"utc_offset": work.context["utc_offset"]},
        behind=lambda name, value: held.lookup.behind(entity.fields[name], value),
    )


def past(work: Work, held: Held) -> tuple[Deed, ...]:
    """Return who did what to a record: its making, its changes and its transitions, in order."""
    audit, log = work.runtime.system.audit, work.runtime.system.workflow_log
    whole, own = held.root, held.draft
    changes = (
        sa.select(audit.c.id, audit.c.operation, audit.c.actor_id, audit.c.real_id)
        .where(
            audit.c.entity == whole.entity.name,
            audit.c.record_id == str(whole.facts["id"]),
            audit.c.operation.in_(OTHERWISE),
        )
        .order_by(audit.c.id.desc())
        .limit(MOST_DEEDS)
    )
    steps = (
        sa.select(log.c.id, log.c.transition, log.c.actor_id, log.c.real_id)
        .where(
            log.c.entity == own.entity.name,
            log.c.record_id == str(own.facts["id"]),
            log.c.source.in_(("user", "api")),
            log.c.outcome == "fired",
        )
        .order_by(log.c.id.desc())
        .limit(MOST_DEEDS)
    )
    rows = [
        (row.id, str(row.real_id or row.actor_id), "create" if row[1] == "create" else "edit")
        for row in work.connection.execute(changes)
    ]
    rows += [
        (row.id, str(row.real_id or row.actor_id), str(row.transition))
        for row in work.connection.execute(steps)
    ]
    deeds = [Deed(actor, did) for _, actor, did in sorted(rows)]
    return (*_forgotten(whole, deeds), *deeds)


def _forgotten(whole: Draft, deeds: Sequence[Deed]) -> list[Deed]:
    """Return what a record says itself of deeds whose entries are there no more.

    The log is kept for some years. Who made a record stands in it for good; who changed it last as
    well, as long as no later change or step is told.
    """
    if any(deed.did == "create" for deed in deeds):
        return []
    facts = whole.before or whole.facts
    made, changed = facts.get("created_by"), facts.get("updated_by")
    found = [Deed(str(made), "create")] if made else []
    if changed and all(deed.did != "edit" and deed.actor != str(changed) for deed in deeds):
        found.append(Deed(str(changed), "edit"))
    return found


def _before(work: Work, entity: str, record_id: str, workflow: str, state: Any) -> tuple[str, ...]:
    """Return the state that a record came from, as far as the log knows one."""
    log = work.runtime.system.workflow_log
    last = (
        sa.select(log.c.from_state)
        .where(
            log.c.entity == entity,
            log.c.record_id == record_id,
            log.c.workflow == workflow,
            log.c.from_state != str(state),
            log.c.outcome == "fired",
        )
        .order_by(log.c.id.desc())
        .limit(1)
    )
    found = work.connection.execute(last).scalar()
    return (str(found),) if found is not None else ()


def _applied(work: Work, entity: str, record_id: str, cause: str) -> frozenset[str]:
    """Return the key of an outside event if it was applied to a record before."""
    log = work.runtime.system.workflow_log
    done = sa.select(log.c.id).where(
        log.c.entity == entity, log.c.record_id == record_id, log.c.cause == cause
    )
    is_done = work.connection.execute(done.limit(1)).first() is not None
    return frozenset({cause}) if is_done else frozenset()


def plain_facts(facts: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """Return some values as they are told in a log: plain, and no longer than a line."""
    return {name: _plain(facts.get(name)) for name in sorted(names)}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return value.get("id") and str(value["id"])
    if isinstance(value, (list, tuple)):
        return len(value)
    if value is None or isinstance(value, (bool, int)):
        return value
    return str(value.isoformat() if hasattr(value, "isoformat") else value)[:500]
