"""Which records a person looked at last, the latest first: one row a record, fifty a person.

A row says only who, what and when. Titles are looked up through what the person may read on the
day they are shown, so that a record out of reach is not remembered in clear anywhere.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from runtime.jobs.columns import UtcDateTime
from runtime.store.engine import read, write

KEPT = 50
"""Records of one person."""


def recent_table(metadata: sa.MetaData) -> sa.Table:
    """Return the table."""
    return sa.Table(
        "sw_recent",
        metadata,
        sa.Column("user_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("entity", sa.String(63), primary_key=True),
        sa.Column("record_id", sa.String(64), primary_key=True),
        sa.Column("visited_at", UtcDateTime, nullable=False),
        sa.Index("ix_sw_recent_visited", "user_id", "visited_at"),
    )


def note_visit(
    engine: sa.Engine, table: sa.Table, user_id: int, entity: str, record_id: str, now: datetime
) -> None:
    """Remember a visit and forget the oldest beyond fifty: two small statements."""
    insert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
    row = {"user_id": user_id, "entity": entity, "record_id": record_id, "visited_at": now}
    mine = table.c.user_id == user_id
    last = (
        sa.select(table.c.visited_at)
        .where(mine)
        .order_by(table.c.visited_at.desc())
        .offset(KEPT)
        .limit(1)
        .scalar_subquery()
    )
    with write(engine) as connection:
        connection.execute(
            insert(table)
            .values(row)
            .on_conflict_do_update(
                index_elements=["user_id", "entity", "record_id"], set_={"visited_at": now}
            )
        )
        connection.execute(table.delete().where(mine, table.c.visited_at <= last))


def last_visits(
    engine: sa.Engine, table: sa.Table, user_id: int, most: int
) -> tuple[tuple[str, str], ...]:
    """Return (entity, id) of the latest visits: one statement."""
    statement = (
        sa.select(table.c.entity, table.c.record_id)
        .where(table.c.user_id == user_id)
        .order_by(table.c.visited_at.desc())
        .limit(most)
    )
    with read(engine) as connection:
        return tuple((row.entity, row.record_id) for row in connection.execute(statement))
