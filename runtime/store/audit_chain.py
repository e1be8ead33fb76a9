"""Seals over the audit: each says which rows there were up to a moment, and covers the seal before.

A signed row cannot be altered; a sealed one cannot be taken away or slipped in either. Rows are
sealed soon after, not while they are written, so writers never wait for each other. A seal covers
no more than a day and only rows that no running transaction can still precede.

    seal n = HMAC(key, seal n-1 | number | day | first id | last id | count | row signatures)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from runtime.store.audit_key import AuditKey
from runtime.store.engine import read, write
from runtime.store.system_tables import own_tables

MARGIN = timedelta(seconds=60)
"""How far the clocks of two machines may differ: ids carry the time of their machine."""

SOON = MARGIN / 2
"""A transaction begins so soon after the first id of its rows was made, by the database's clock;
whoever makes the ids before they begin owes this to the seals."""

MOST_ROWS = 5_000
"""Rows of one seal; what waits longer becomes several seals."""

LOCK = 7_305_807_215_411_202
"""The advisory lock of PostgreSQL that a sealer holds; any number no other program uses."""


def seal_waiting(
    engine: sa.Engine, key: AuditKey, now: datetime, margin: timedelta = MARGIN
) -> int:
    """Seal the rows that no transaction can still precede; return how many seals were made."""
    audit = own_tables().audit
    made = 0
    while True:
        with read(engine) as connection:
            # most rounds find nothing new, and on SQLite only a writer would have to wait
            last = _last_seal(connection)
            waiting = sa.select(audit.c.id).where(audit.c.id > _end(last)).limit(1)
            if connection.execute(waiting).first() is None:
                return made
        with write(engine) as connection:
            if not _one_seal(connection, key, now, margin):
                return made
        made += 1


def last_anchor(connection: sa.Connection) -> str:
    """Return the newest seal as `NUMBER:SEAL`, to be kept elsewhere; empty when there is none."""
    last = _last_seal(connection)
    return f"{last['number']}:{last['seal']}" if last else ""


def seal_of(key: AuditKey, before: str, said: Mapping[str, Any], signatures: Sequence[str]) -> str:
    """Return the seal over rows, given the seal before it and what the seal says of itself."""
    told = (before, said["number"], said["day"], said["first_id"], said["last_id"], said["rows"])
    message = "|".join(str(one) for one in (*told, *signatures))
    return f"{key.name}:{key.of(message.encode())}"


def _one_seal(connection: sa.Connection, key: AuditKey, now: datetime, margin: timedelta) -> bool:
    tables = own_tables()
    audit = tables.audit
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
    last = _last_seal(connection)
    until = first_id_of(_safe_until(connection, now) - margin)
    rows = connection.execute(
        sa.select(audit.c.id, audit.c.signature)
        .where(audit.c.id > _end(last), audit.c.id < until)
        .order_by(audit.c.id)
        .limit(MOST_ROWS)
    ).all()
    if not rows:
        return False
    day = day_of(str(rows[0].id))
    rows = [row for row in rows if day_of(str(row.id)) == day]
    said = {
        "number": last["number"] + 1 if last else 1,
        "day": day,
        "first_id": str(rows[0].id),
        "last_id": str(rows[-1].id),
        "rows": len(rows),
    }
    signatures = [row.signature or "" for row in rows]
    sealed = seal_of(key, last["seal"] if last else "", said, signatures)
    connection.execute(tables.audit_seal.insert(), {**said, "at": now, "seal": sealed})
    return True


def _last_seal(connection: sa.Connection) -> Mapping[str, Any] | None:
    seals = own_tables().audit_seal
    newest = sa.select(seals).order_by(seals.c.number.desc()).limit(1)
    row = connection.execute(newest).mappings().first()
    return dict(row) if row else None


def _end(last: Mapping[str, Any] | None) -> str:
    return str(last["last_id"]) if last else ""


def _safe_until(connection: sa.Connection, now: datetime) -> datetime:
    """Return a time before which every row is there: nothing that began earlier still runs."""
    if connection.dialect.name != "postgresql":
        return now  # who writes to SQLite writes alone
    oldest = connection.execute(
        sa.text(
            "SELECT min(xact_start) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    ).scalar()
    return min(now, oldest) if oldest else now


def first_id_of(moment: datetime) -> str:
    """Return the smallest UUIDv7 of a millisecond (RFC 9562 §5.7)."""
    text = f"{int(moment.timestamp() * 1000):012x}"
    return f"{text[:8]}-{text[8:]}-7000-8000-000000000000"


def day_of(record_id: str) -> str:
    """Return the UTC day in which a UUIDv7 was made, as `2026-11-22`."""
    return moment_of(record_id).date().isoformat()


def moment_of(record_id: str) -> datetime:
    """Return when a UUIDv7 was made."""
    milliseconds = int(record_id[:8] + record_id[9:13], 16)
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
