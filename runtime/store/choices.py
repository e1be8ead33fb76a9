"""What a person chose lately in a field that points at other records.

Only the newest records are looked at, by their time-ordered ids, so the cost does not grow with the
table and no index is needed for it.
"""

from __future__ import annotations

import sqlalchemy as sa

from generator.build.tables import has_column
from generator.model.entity import Field
from runtime.store.guard import system
from runtime.store.schema import Schema

WINDOW = 500
"""The newest records that are looked at."""
MOST = 5


def chosen_by(
    connection: sa.Connection, schema: Schema, field: Field, person: int
) -> tuple[str, ...]:
    """Return the ids that a person's newest records hold in a field, the latest first."""
    if not has_column(field, schema.catalog):
        return ()
    table = schema.tables[field.entity]
    column = table.c[field.name]
    newest = (
        sa.select(table.c.id, column.label("target"), table.c.created_by)
        .order_by(table.c.id.desc())
        .limit(WINDOW)
        .subquery()
    )
    statement = (
        sa.select(newest.c.target)
        .where(newest.c.created_by == person, newest.c.target.is_not(None))
        .order_by(newest.c.id.desc())
    )
    why = "ids of what a person chose in their own records; the choices' plan reads them again"
    targets = (str(one) for one in connection.execute(system(statement, why)).scalars())
    return tuple(dict.fromkeys(targets))[:MOST]
