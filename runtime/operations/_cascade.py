"""What goes with a record that is deleted, each with its own line in the audit.

The database would clear links and delete dependants by itself, silently. Here it is done first, in
the same transaction, so that everything that changed can be told afterwards. A record's own parts
are told in the row of their whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from generator.model.entity import Entity, Field
from generator.model.text import Label
from runtime.errors import Conflict, FieldError
from runtime.operations import _renewing
from runtime.operations._work import Work
from runtime.store import audit, dependants, links
from runtime.store.guard import system


def let_go(work: Work, entity: Entity, record_id: str) -> None:
    """Clear the links to a record that is about to be deleted, and delete what goes with it.

    Raises:
        Conflict: something that would go with it is still needed.

    """
    for field in dependants.pointing_at(work.runtime.app, entity):
        other = work.runtime.app.entities[field.entity]
        rule = dependants.consequence(field)
        if field.type == "references":
            _unlink(work, other, field, record_id)
        elif rule == "clear":
            _clear(work, other, field, record_id)
        elif rule == "delete" and other.child_of != entity.name:
            _delete(work, other, field, record_id)


def _unlink(work: Work, other: Entity, field: Field, record_id: str) -> None:
    """Take the record out of a many-to-many field of others."""
    link = work.runtime.schema.tables[f"{field.entity}.{field.name}"]
    sources = sa.select(link.c.source_id).distinct().where(link.c.target_id == record_id)
    ids = sorted(str(row.source_id) for row in work.connection.execute(system(sources, "cascade")))
    linked = links.of_records(work.connection, work.runtime.schema, other.name, field.name, ids)
    left = {one: [each for each in linked[one] if each != record_id] for one in ids}
    _renew(work, other, {one: {field.name: left[one]} for one in ids})


def _clear(work: Work, other: Entity, field: Field, record_id: str) -> None:
    """Empty a reference of others."""
    table = work.runtime.schema.tables[other.name]
    found = sa.select(table.c.id).where(table.c[field.name] == record_id).order_by(table.c.id)
    ids = [str(row.id) for row in work.connection.execute(system(found, "cascade"))]
    _renew(work, other, {one: {field.name: None} for one in ids})


def _renew(work: Work, other: Entity, changes: Mapping[str, Mapping[str, Any]]) -> None:
    _renewing.follow(work, _renewing.renew(work, other, changes))


def _delete(work: Work, other: Entity, field: Field, record_id: str) -> None:
    """Delete the records that do not outlive this one, and what goes with each of them."""
    table = work.runtime.schema.tables[other.name]
    found = sa.select(table).where(table.c[field.name] == record_id).order_by(table.c.id)
    every = system(found.with_for_update(), "cascade")
    for gone in work.connection.execute(every).mappings().all():
        row: dict[str, Any] = {str(name): value for name, value in gone.items()}
        blocking = dependants.blocking(work.connection, work.runtime, other, str(row["id"]))
        if blocking:
            raise still_used(blocking)
        let_go(work, other, str(row["id"]))
        gone_too = system(table.delete().where(table.c.id == row["id"]), "cascade")
        if work.connection.execute(gone_too).rowcount:
            last = {**row, "version": row["version"] + 1}
            held = audit.plain(work.runtime, other, row)
            audit.write(work, "delete", other, last, held, None)


def still_used(blocking: tuple[dependants.Dependant, ...]) -> Conflict:
    """Return the refusal of a deletion: by what the record is used."""
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
