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
from runtime.operations._work import Work
from runtime.store import audit, dependants, links


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
    table = work.runtime.schema.tables[other.name]
    sources = sa.select(link.c.source_id).where(link.c.target_id == record_id)
    rows = _changed(work, table, table.c.id.in_(sources), {})
    ids = [str(row["id"]) for row in rows]
    linked = links.of_records(work.connection, work.runtime.schema, other.name, field.name, ids)
    work.connection.execute(link.delete().where(link.c.target_id == record_id))
    for row in rows:
        before = list(linked[str(row["id"])])
        after = [target for target in before if target != record_id]
        audit.write(work, "update", other, row, {field.name: before}, {field.name: after})


def _clear(work: Work, other: Entity, field: Field, record_id: str) -> None:
    """Empty a reference of others."""
    table = work.runtime.schema.tables[other.name]
    for row in _changed(work, table, table.c[field.name] == record_id, {field.name: None}):
        audit.write(work, "update", other, row, {field.name: record_id}, {field.name: None})


def _delete(work: Work, other: Entity, field: Field, record_id: str) -> None:
    """Delete the records that do not outlive this one, and what goes with each of them."""
    table = work.runtime.schema.tables[other.name]
    found = sa.select(table).where(table.c[field.name] == record_id).order_by(table.c.id)
    for gone in work.connection.execute(found.with_for_update()).mappings().all():
        row: dict[str, Any] = {str(name): value for name, value in gone.items()}
        blocking = dependants.blocking(work.connection, work.runtime, other, str(row["id"]))
        if blocking:
            raise still_used(blocking)
        let_go(work, other, str(row["id"]))
        if work.connection.execute(table.delete().where(table.c.id == row["id"])).rowcount:
            last = {**row, "version": row["version"] + 1}
            held = audit.plain(work.runtime, other, row)
            audit.write(work, "delete", other, last, held, None)


def _changed(
    work: Work, table: sa.Table, which: sa.ColumnElement[bool], values: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    """Give rows new values and the next version; return them as they are now, in order."""
    done = work.connection.execute(
        table.update()
        .where(which)
        .values(
            version=table.c.version + 1,
            updated_at=work.now,
            updated_by=work.actor_id,
            **values,
        )
        .returning(*table.c)
    )
    rows = [{str(name): value for name, value in row.items()} for row in done.mappings()]
    return sorted(rows, key=lambda row: str(row["id"]))


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
