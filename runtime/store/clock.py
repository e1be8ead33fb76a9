"""The database's clock: one time for any number of machines."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa


def database_clock(connection: sa.Connection) -> datetime:
    """Return the database's time, in UTC."""
    if connection.dialect.name == "postgresql":
        found: Any = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return found.astimezone(UTC)  # type: ignore[no-any-return]
    text = connection.exec_driver_sql("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')").scalar_one()
    return datetime.fromisoformat(str(text)).replace(tzinfo=UTC)
