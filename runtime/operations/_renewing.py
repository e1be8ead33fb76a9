"""Stored formulas that read another record follow it: computed again in the same transaction.

A record that follows gets a new version and its own row in the audit. A few are done at once; many
are promised in the same transaction and done by a job, a batch at a time. Checks are not asked
again: what another record became is no mistake of this one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from generator.model.entity import Entity, Field
from runtime.jobs import runs
from runtime.operations import _changing, _saving
from runtime.operations._work import Draft, Facts, Work
from runtime.store import audit, inserts
from runtime.store.guard import system, system_grant

AT_ONCE = 200
"""More followers than this wait for a job."""

ROUNDS = 8
"""Followers of followers are done so far; a circle across records ends here."""

JOB = "renew"

Changes = Mapping[str, Mapping[str, Any]]
"""By the id of a record: new values of its fields, links as tuples of ids."""


def follow(work: Work, drafts: Sequence[Draft], *, all_at_once: bool = False) -> Sequence[Draft]:
    """Compute again what depends on what these drafts changed; return what changed with them.

    Too many of one kind are promised, unless all are wanted at once.
    """
    most = None if all_at_once else AT_ONCE
    saved, followed = list(drafts), list[Draft]()
    for _ in range(ROUNDS):
        waiting = _waiting(work, saved)
        saved = []
        if waiting:
            inserts.leave_now(work.connection)
        for (entity, way), sources in waiting.items():
            found = _followers(work, entity, way, sources, "", None if most is None else most + 1)
            if most is not None and len(found) > most:
                _promise(work, entity, way, sources)
            else:
                saved += renew(work, work.runtime.app.entities[entity], {one: {} for one in found})
        followed += saved
        if not saved:
            break
    return followed


def is_followed(work: Work, draft: Draft) -> bool:
    """Return whether a formula of some other record looks at what a draft changes."""
    return bool(_waiting(work, (draft,)))


def follow_on(
    work: Work, entity: str, way: Sequence[str], sources: Sequence[str], after: str
) -> str:
    """Do the next batch of what a job was promised; return the last id done, empty at the end."""
    found = _followers(work, entity, way, sources, after, AT_ONCE)
    follow(work, renew(work, work.runtime.app.entities[entity], {one: {} for one in found}))
    return found[-1] if len(found) == AT_ONCE else ""


def renew(work: Work, entity: Entity, changes: Changes) -> list[Draft]:
    """Give records of one entity new values, or none, and compute their wholes again.

    Returns the drafts of those that changed; they are written and in the audit.
    """
    if not changes:
        return []
    root, ids = wholes(work, entity, tuple(changes))
    found = _changing.load_many(work, root, ids, system_grant(root.name))
    drafts = [whole_draft(work, root, facts, changes) for facts in found.values()]
    lookup = _saving.look_up(work, drafts)
    changed = []
    for draft in drafts:
        _saving.compute(work, draft, lookup)
        if draft.linked or any(has_news(one) for one in draft.everyone()):
            changed.append(draft)
    work.fail_if_wrong()
    if changed:
        _saving.write_all(work, changed)
        audit.record_all(work, [("update", draft) for draft in changed])
        inserts.leave_now(work.connection)
    return changed


def _waiting(work: Work, drafts: Iterable[Draft]) -> dict[tuple[str, tuple[str, ...]], list[str]]:
    """Return whose followers must be done: (entity, way) → ids of the changed records."""
    followers = work.runtime.followers
    waiting: dict[tuple[str, tuple[str, ...]], dict[str, None]] = {}
    for draft in drafts:
        for one in draft.everyone():
            if one.before is None:
                continue  # nothing can have read a record that was not there
            for name in _changed_names(one):
                for each in followers.get((one.entity.name, name), ()):
                    key = (each.entity, each.way)
                    waiting.setdefault(key, {})[str(one.facts["id"])] = None
    return {key: list(ids) for key, ids in waiting.items()}


def _changed_names(draft: Draft) -> list[str]:
    names = [*news(draft), *draft.linked]
    names += [
        name
        for name, parts in draft.children.items()
        if draft.removed.get(name) or any(has_news(one) for one in parts)
    ]
    return names


def news(draft: Draft) -> list[str]:
    """Return the fields of a record's own that have another value than the stored one."""
    before = draft.before or {}
    return [
        name
        for name, value in draft.facts.items()
        if before.get(name) != value and name not in audit.ENGINE_FIELDS
    ]


def has_news(draft: Draft) -> bool:
    """Return whether a draft or a part of it says anything else than what is stored."""
    if draft.is_new or draft.linked or any(draft.removed.values()) or news(draft):
        return True
    return any(has_news(part) for parts in draft.children.values() for part in parts)


def _followers(
    work: Work,
    entity: str,
    way: Sequence[str],
    sources: Sequence[str],
    after: str,
    limit: int | None,
) -> list[str]:
    """Return the ids of the records that lead to the sources, in order."""
    tables = work.runtime.schema.tables
    ids: Any = list(sources)
    for step in reversed(_way(work, entity, way)):
        if step.type == "references":
            link = tables[f"{step.entity}.{step.name}"]
            ids = sa.select(link.c.source_id).where(link.c.target_id.in_(ids))
        elif step.type == "children":
            part = work.runtime.app.entities[step.target]
            table = tables[part.name]
            ids = sa.select(table.c[part.child_of]).where(table.c.id.in_(ids))
        else:
            table = tables[step.entity]
            ids = sa.select(table.c.id).where(table.c[step.name].in_(ids))
    table = tables[entity]
    statement = sa.select(table.c.id).where(table.c.id.in_(ids)).order_by(table.c.id).limit(limit)
    if after:
        statement = statement.where(table.c.id > after)
    return [str(row.id) for row in work.connection.execute(system(statement, "formulas"))]


def _promise(work: Work, entity: str, way: Sequence[str], sources: Sequence[str]) -> None:
    given = {"entity": entity, "way": list(way), "sources": list(sources)}
    runs.create(work.connection, runs.NewRun(JOB, queue="bulk", input=given), work.now)


def _way(work: Work, entity: str, names: Sequence[str]) -> tuple[Field, ...]:
    steps: list[Field] = []
    for name in names:
        steps.append(work.runtime.app.entities[entity].fields[name])
        entity = steps[-1].target
    return tuple(steps)


def wholes(work: Work, entity: Entity, ids: tuple[str, ...]) -> tuple[Entity, tuple[str, ...]]:
    """Return the records that are saved when these are: of parts, their wholes."""
    while entity.child_of:
        table = work.runtime.schema.tables[entity.name]
        parent = table.c[entity.child_of]
        wholes = sa.select(parent).distinct().where(table.c.id.in_(ids))
        rows = work.connection.execute(system(wholes, "formulas"))
        ids = tuple(sorted(str(row[0]) for row in rows))
        entity = work.runtime.app.entities[entity.fields[entity.child_of].target]
    return entity, ids


def whole_draft(work: Work, entity: Entity, facts: Facts, changes: Changes) -> Draft:
    """Return the draft of a record and all its parts, with nothing changed but these values."""
    draft = _saving.draft_change(work, entity, facts, _parts(work, entity, facts))
    for one in draft.everyone():
        assert one.before is not None
        if "position" in one.facts:
            one.facts["position"] = one.before.get("position")
        for name, value in changes.get(str(one.facts["id"]), {}).items():
            if one.entity.fields[name].type == "references":
                one.linked[name] = tuple(value)
            else:
                one.facts[name] = value
    if draft.linked:
        _changing.forget_same_links(work, (draft,))
    return draft


def _parts(work: Work, entity: Entity, facts: Facts) -> dict[str, Any]:
    """Return a payload that names every part of a record and changes none."""
    found: dict[str, Any] = {}
    for field in entity.fields.values():
        if field.type == "children":
            part = work.runtime.app.entities[field.target]
            found[field.name] = [
                {"id": str(row["id"]), **_parts(work, part, row)} for row in facts[field.name]
            ]
    return found
