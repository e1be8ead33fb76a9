"""Many-to-many fields: the link rows of one record, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from generator.model.entity import Entity
from runtime.store import inserts
from runtime.store.guard import system
from runtime.store.schema import Schema


def write_many(
    connection: sa.Connection,
    schema: Schema,
    entity: Entity,
    records: Sequence[tuple[str, Mapping[str, tuple[str, ...]], bool]],
) -> None:
    """Make the links of records just these; fields that are not named stay as they are.

    `records` are (id, ids in order by field, whether the record is new).
    """
    by_field: dict[str, list[tuple[str, tuple[str, ...], bool]]] = {}
    for record_id, linked, is_new in records:
        for name, targets in linked.items():
            by_field.setdefault(name, []).append((record_id, targets, is_new))
    for name, some in by_field.items():
        table = schema.tables[f"{entity.name}.{name}"]
        old = [record_id for record_id, _, is_new in some if not is_new]
        if old:
            gone = table.delete().where(table.c.source_id.in_(old))
            connection.execute(system(gone, "links of written records"))
        rows = [
            {"source_id": record_id, "target_id": target, "position": position}
            for record_id, targets, _ in some
            for position, target in enumerate(targets)
        ]
        inserts.insert_many(connection, table, rows)


def of_records(
    connection: sa.Connection, schema: Schema, entity: str, name: str, ids: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Return the ids that a many-to-many field of each record holds, in order."""
    table = schema.tables[f"{entity}.{name}"]
    found: dict[str, list[str]] = {record_id: [] for record_id in ids}
    pairs = (
        sa.select(table.c.source_id, table.c.target_id)
        .where(table.c.source_id.in_(list(ids)))
        .order_by(table.c.source_id, table.c.position)
    )
    for source, target in connection.execute(system(pairs, "links of loaded records")):
        found[str(source)].append(str(target))
    return {record_id: tuple(targets) for record_id, targets in found.items()}
