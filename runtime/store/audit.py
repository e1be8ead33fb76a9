"""The audit row of a write, in the same transaction: who, what, before, after, why, where from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from generator.model.entity import Entity
from runtime.jobs.outbox import Event, emit
from runtime.store import inserts
from runtime.store.forms import form_of
from runtime.store.sealed import as_logged
from runtime.store.titles import titles_of
from runtime.store.trail import about

if TYPE_CHECKING:
    from runtime.operations._work import Draft, Work
    from runtime.runtime import Runtime

LONGEST_TITLE = 500
ENGINE_FIELDS = {"updated_at", "updated_by", "version", "created_at", "created_by"}


def record(work: Work, operation: str, draft: Draft) -> None:
    """Write the audit row and the outbox event of a saved draft."""
    record_all(work, [(operation, draft)])


def record_all(work: Work, saved: Sequence[tuple[str, Draft]]) -> None:
    """Write the audit rows and the outbox events of saved drafts."""
    _write_all(
        work,
        [
            (operation, draft.entity, draft.facts, *differences(draft, work.runtime))
            for operation, draft in saved
        ],
    )


def write(
    work: Work,
    operation: str,
    entity: Entity,
    facts: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    told: Mapping[str, Any] | None = None,
    title: str | None = None,
) -> None:
    """Write an audit row and the event `ENTITY.OPERATION`; `told` are facts for the event.

    `facts` are the record's as it is now; of one that is gone the last, at the version after. Its
    `title` is made of them where it is not known.
    """
    titles = None if title is None else [title]
    _write_all(work, [(operation, entity, facts, before, after)], told or {}, titles)


_Entry = tuple[str, Entity, Mapping[str, Any], Mapping[str, Any] | None, Mapping[str, Any] | None]


def _write_all(
    work: Work,
    entries: Sequence[_Entry],
    told: Mapping[str, Any] | None = None,
    titles: Sequence[str] | None = None,
) -> None:
    actor = work.incoming.actor
    assert actor is not None
    same = {
        "at": work.now,
        **about(actor),
        "reason": work.incoming.reason or None,
        "source": work.incoming.source,
        "request_id": work.incoming.request_id or None,
        "address": work.incoming.address or None,
        "digest": work.runtime.app.digest,
    }
    rows = [
        {
            **same,
            "id": work.runtime.make_id(),
            "operation": operation,
            "entity": entity.name,
            "record_id": str(facts["id"]),
            "record_title": title[:LONGEST_TITLE],
            "record_version": facts.get("version"),
            "before": as_logged(work.runtime, entity, str(facts["id"]), before),
            "after": as_logged(work.runtime, entity, str(facts["id"]), after),
        }
        for title, (operation, entity, facts, before, after) in zip(
            _titles(work, entries) if titles is None else titles, entries, strict=True
        )
    ]
    key = work.runtime.audit_key
    sign = key.signer(same) if len(rows) > 1 else key.sign
    for row in rows:
        row["signature"] = sign(row)
    inserts.insert_many(work.connection, work.runtime.system.audit, rows)
    by = {**(told or {}), "by": actor.id, "name": actor.name}
    events = [
        Event(f"{entity.name}.{operation}", entity.name, str(facts["id"]), by)
        for operation, entity, facts, _, _ in entries
    ]
    emit(work.connection, events, work.now, work.runtime.make_id)


def _titles(work: Work, entries: Sequence[_Entry]) -> list[str]:
    """Return the titles of the records of entries, a statement a reference and entity at most."""
    places: dict[str, list[int]] = {}
    for place, (_, entity, *_rest) in enumerate(entries):
        places.setdefault(entity.name, []).append(place)
    found = [""] * len(entries)
    for same in places.values():
        records = [entries[place][2] for place in same]
        entity = entries[same[0]][1]
        named = titles_of(work.connection, work.runtime, entity, records, for_log=True)
        for place, title in zip(same, named, strict=True):
            found[place] = title
    return found


def plain(runtime: Runtime, entity: Entity, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything a record held in API form, its parts by their ids."""
    dumps = form_of(runtime, entity).dumps
    found: dict[str, Any] = {}
    for name, value in facts.items():
        if name == "id" or name in ENGINE_FIELDS or value is None or value == []:
            continue
        field = entity.fields.get(name)
        if field is not None and field.type == "children":
            part = runtime.app.entities[field.target]
            found[name] = {str(row["id"]): plain(runtime, part, row) for row in value}
        else:
            found[name] = _plain(value, dumps.get(name))
    return found


def differences(
    draft: Draft, runtime: Runtime
) -> tuple[Mapping[str, Any] | None, Mapping[str, Any]]:
    """Return the changed values before and after, in API form; before is None for a new record."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    dumps = form_of(runtime, draft.entity).dumps
    for name, value in draft.facts.items():
        old = None if draft.before is None else draft.before.get(name)
        if name in ENGINE_FIELDS or value == old:
            continue
        dump = dumps[name]
        before[name], after[name] = _plain(old, dump), _plain(value, dump)
    for name, targets in draft.linked.items():
        before[name] = list(draft.was_linked.get(name, ()))
        after[name] = list(targets)
    for name, children in draft.children.items():
        old_rows, new_rows = _children(draft, name, children, runtime)
        if old_rows or new_rows:
            before[name], after[name] = old_rows, new_rows
    return (None if draft.before is None else before), after


def _children(
    draft: Draft, name: str, children: list[Draft], runtime: Runtime
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the changed children by id, before and after."""
    old_rows: dict[str, Any] = {}
    new_rows: dict[str, Any] = {}
    for child in children:
        old, new = differences(child, runtime)
        new = {key: value for key, value in new.items() if key != "id"}
        if new:
            child_id = str(child.facts["id"])
            new_rows[child_id] = new
            if old is not None:
                old_rows[child_id] = old
    for row in draft.removed.get(name, ()):
        old_rows[str(row["id"])] = {
            key: _plain(value, None)
            for key, value in row.items()
            if key not in ENGINE_FIELDS and not isinstance(value, list)
        }
    return old_rows, new_rows


def _plain(value: Any, dump: Any) -> Any:
    if value is None:
        return None
    value = value if dump is None else dump(value)
    return value.isoformat() if hasattr(value, "isoformat") else value
