"""What rows that are there get in a column that becomes required: a SQL literal, or nothing.

The definition's `default` is what an author wrote for new records; it serves old ones as well. The
engine's own columns have their own beginnings. Literals are written here, not by SQLAlchemy: the
types of fields say how a value is bound, but not all of them how it is written into a statement.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

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
    column_type = kind.column(field)
    if column_type is None:
        return None
    return literal(value, column_type, target.dialect)


def literal(value: Any, kind: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> str:
    """Return a stored value as a SQL literal of its column."""
    if dialect.name == "sqlite":
        process = kind.dialect_impl(dialect).bind_processor(dialect)
        value = process(value) if process else value
    elif isinstance(kind, sa.types.TypeDecorator):
        value = kind.process_bind_param(value, dialect)
    return _written(value)


def _written(value: Any) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case dt.date() | dt.time():
            return f"'{value.isoformat()}'"
        case str():
            return "'" + value.replace("'", "''") + "'"
        case _:
            return _written(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
