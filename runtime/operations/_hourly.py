"""So many an hour to one person, counted in the audit itself: every process counts the same."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from generator.model.text import Label
from runtime.errors import TooMany
from runtime.runtime import Runtime
from runtime.store.audit_chain import first_id_of

AN_HOUR = 3600
LOCK = 7305


def hold(
    connection: sa.Connection,
    runtime: Runtime,
    user_id: int,
    operation: str,
    most: int,
    said: Label,
) -> int:
    """Refuse a person who did enough for an hour, else return how often with this time.

    Two of their requests wait for each other.

    Raises:
        TooMany: with these words.

    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.literal(LOCK), user_id)))
    many = done(connection, runtime, user_id, operation, runtime.clock())
    if many >= most:
        raise TooMany(said, retry_after=AN_HOUR)
    return many + 1


def done(
    connection: sa.Connection, runtime: Runtime, user_id: int, operation: str, now: datetime
) -> int:
    """Return how often a person did something in the last hour."""
    audit = runtime.system.audit
    since = first_id_of(now - timedelta(hours=1))
    rows = sa.select(sa.func.count()).where(
        audit.c.actor_id == user_id, audit.c.id > since, audit.c.operation == operation
    )
    return int(connection.execute(rows).scalar_one())
