"""Column types of the job tables: ids as text UUIDs, times as aware UTC, in both databases.

SQLite forgets time zones and PostgreSQL answers in the session's one, so `UtcDateTime` refuses
naive values on the way in and gives aware UTC on the way out.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware UTC time; a naive one is a bug of the caller and raises ValueError."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"the time {value.isoformat()} has no time zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def text_id() -> sa.types.TypeEngine[str]:
    """Return the type of an id: a UUIDv7 as 36 lower-case characters."""
    return sa.String(36)


@cache
def small_json() -> sa.types.TypeEngine[Any]:
    """Return the type of a small JSON value; the database's NULL stands for None."""
    return sa.JSON(none_as_null=True).with_variant(
        postgresql.JSONB(none_as_null=True), "postgresql"
    )
