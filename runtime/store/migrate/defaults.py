"""What rows that are there get in a column that becomes required: a SQL literal, or nothing.

The definition's `default` is what an author wrote for new records; it serves old ones as well. The
engine's own columns have their own beginnings.
"""

from __future__ import annotations

import sqlalchemy as sa

from runtime.store.migrate.target import Target

BEGINNINGS = {"version": "1", "position": "0"}


def backfill(target: Target, table: str, column: str) -> str | None:
    """Return the SQL literal for rows without a value, or None when the definition gives none."""
    field = target.field(table, column)
    if field is None:
        return None
    if not field.span.line and column in BEGINNINGS:
        return BEGINNINGS[column]
    if field.default is None:
        return None
    kind = target.compiled.field_types[field.type]
    value = kind.schema(field).deserialize(field.default)
    literal = sa.literal(value, kind.column(field))
    return str(literal.compile(dialect=target.dialect, compile_kwargs={"literal_binds": True}))
