"""Many-to-many fields: the link rows of one record, in order."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from generator.model.entity import Entity
from runtime.store.schema import Schema


def write(
    connection: sa.Connection,
    schema: Schema,
    entity: Entity,
    record_id: str,
    linked: Mapping[str, tuple[str, ...]],
) -> None:
    """Make the links of a record just these; fields that are not named stay as they are."""
    for name, targets in linked.items():
        table = schema.tables[f"{entity.name}.{name}"]
        connection.execute(table.delete().where(table.c.source_id == record_id))
        if targets:
            connection.execute(
                table.insert(),
                [
                    {"source_id": record_id, "target_id": target, "position": position}
                    for position, target in enumerate(targets)
                ],
            )


def of_record(
    connection: sa.Connection, schema: Schema, entity: Entity, name: str, record_id: str
) -> tuple[str, ...]:
    """Return the ids that a many-to-many field of one record holds, in order."""
    table = schema.tables[f"{entity.name}.{name}"]
    found = connection.execute(
        sa.select(table.c.target_id)
        .where(table.c.source_id == record_id)
        .order_by(table.c.position)
    )
    return tuple(str(target) for target in found.scalars())
