"""Values that are kept and follow from others, compared with what they would be now; nothing is
written.

Comes in: a connection and the schema. Goes out: for each kept formula and derived state how many
records hold another value, with a few of their ids. Repairing is a person's decision: what differs
was written past us, and why should be known first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from generator.expressions import sql
from generator.model.entity import Field
from runtime.store.guard import system
from runtime.store.schema import Schema

NAMED = 5
"""Ids that are told of each field."""


@dataclass(frozen=True)
class Drift:
    """Records whose kept value is not the one that follows."""

    entity: str
    field: str
    count: int
    ids: tuple[str, ...]


def drifted(connection: sa.Connection, schema: Schema) -> Iterator[Drift]:
    """Yield what differs, a statement a field and one more where something does."""
    for entity in schema.app.entities.values():
        for field in entity.fields.values():
            if field.stored and field.computed is not None and not field.computed.context:
                found = _compared(connection, schema, field)
                if found.count:
                    yield found


def _compared(connection: sa.Connection, schema: Schema, field: Field) -> Drift:
    assert field.computed is not None
    table = schema.tables[field.entity]
    wanted = sql.value(field.computed, schema, table)
    differs = table.c[field.name].is_distinct_from(wanted)
    counted = sa.select(sa.func.count()).select_from(table).where(differs)
    count = int(connection.execute(system(counted, "compares what is kept")).scalar_one())
    if not count:
        return Drift(field.entity, field.name, 0, ())
    few = sa.select(table.c.id).where(differs).order_by(table.c.id).limit(NAMED)
    ids = connection.execute(system(few, "compares what is kept")).scalars()
    return Drift(field.entity, field.name, count, tuple(str(one) for one in ids))
