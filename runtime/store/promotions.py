"""Promotions that are records: each version as it went live, and which one holds now.

A version is frozen when its record becomes scheduled or active with something new to say; it never
changes after. Its status is that of the record until another version replaces it. Every change
raises the epoch, so that a process that kept them in memory knows with one small statement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from runtime.jobs.columns import UtcDateTime, small_json, text_id

EPOCH = "promotions"
REPLACED = "replaced"
KNOWN = ("scheduled", "active", "paused", "shadow")
"""What is loaded to price with; a paused one so that its trace says that it is, and one that is
tried in the shadow of what is placed."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of one promotion."""

    promotion: str
    number: int
    status: str
    written: Mapping[str, Any]
    entity: str
    record_id: str
    frozen_at: datetime
    frozen_by: int
    gone: bool = False
    """Its record was put away."""


def promotion_table(metadata: sa.MetaData) -> sa.Table:
    """Return the table: one row a version."""
    return sa.Table(
        "sw_promotion",
        metadata,
        sa.Column("promotion", sa.String(200), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("gone", sa.Boolean, nullable=False, default=False),
        sa.Column("written", small_json(), nullable=False),
        sa.Column("entity", sa.String(63), nullable=False),
        sa.Column("record_id", text_id(), nullable=False),
        sa.Column("frozen_at", UtcDateTime, nullable=False),
        sa.Column("frozen_by", sa.Integer, nullable=False),
        sa.Index("ix_sw_promotion_record", "record_id", "number"),
        sa.Index("ix_sw_promotion_status", "status"),
    )


def newest(connection: sa.Connection, table: sa.Table, promotion: str) -> Version | None:
    """Return the latest version of a promotion."""
    found = _versions(connection, table, sa.select(table).where(table.c.promotion == promotion), 1)
    return found[0] if found else None


def version(
    connection: sa.Connection, table: sa.Table, promotion: str, number: int
) -> Version | None:
    """Return one version of a promotion."""
    chosen = sa.select(table).where(table.c.promotion == promotion, table.c.number == number)
    found = _versions(connection, table, chosen, 1)
    return found[0] if found else None


def of_record(connection: sa.Connection, table: sa.Table, record_id: str) -> Sequence[Version]:
    """Return the versions of a record's promotion, the latest first."""
    return _versions(connection, table, sa.select(table).where(table.c.record_id == record_id), 100)


def known(connection: sa.Connection, table: sa.Table) -> Sequence[Version]:
    """Return every version that pricing looks at: one statement."""
    chosen = sa.select(table).where(table.c.status.in_(KNOWN), table.c.gone.is_(False))
    return _versions(connection, table, chosen.order_by(table.c.promotion), None)


def _versions(
    connection: sa.Connection, table: sa.Table, chosen: sa.Select[Any], most: int | None
) -> list[Version]:
    if most is not None:
        chosen = chosen.order_by(table.c.number.desc()).limit(most)
    return [Version(**row) for row in connection.execute(chosen).mappings()]


def freeze(connection: sa.Connection, table: sa.Table, version: Version) -> None:
    """Keep a new version; the one before it holds no longer."""
    older = table.c.promotion == version.promotion
    connection.execute(table.update().where(older).values(status=REPLACED))
    row = {name: getattr(version, name) for name in Version.__slots__}
    connection.execute(table.insert(), row)


def move(connection: sa.Connection, table: sa.Table, version: Version, status: str) -> None:
    """Let a version have another status."""
    connection.execute(
        table.update()
        .where(table.c.promotion == version.promotion, table.c.number == version.number)
        .values(status=status)
    )


def put_away(
    connection: sa.Connection, table: sa.Table, record_ids: Sequence[str], *, gone: bool
) -> int:
    """Take the promotions of records out of everything, or bring them back; return how many."""
    done = connection.execute(
        table.update()
        .where(table.c.record_id.in_(record_ids), table.c.gone.is_(not gone))
        .values(gone=gone)
    )
    return int(done.rowcount)


def mark(connection: sa.Connection, epoch: sa.Table) -> int:
    """Return what rises with every change of a promotion."""
    found = connection.execute(sa.select(epoch.c.number).where(epoch.c.name == EPOCH)).scalar()
    return int(found or 0)


def raise_mark(connection: sa.Connection, epoch: sa.Table) -> None:
    """Tell every process that promotions changed, from the commit on."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(epoch).values(name=EPOCH, number=1)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[epoch.c.name], set_={"number": epoch.c.number + 1}
        )
    )
