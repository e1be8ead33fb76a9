"""What one person asks for and another decides, once: the columns and statements of such requests.

A request is moved on by the statement that finds it in the state it was read in, so two people in
two processes cannot both decide about it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from runtime.jobs.columns import UtcDateTime, text_id
from runtime.store.engine import read

PENDING = "pending"
MOST = 200
"""Requests of one page; of more the oldest come first."""


def table_of(name: str, metadata: sa.MetaData, *columns: Any) -> sa.Table:
    """Return a table of requests: what is asked for, who decided when, and what they said."""
    return sa.Table(
        name,
        metadata,
        sa.Column("id", text_id(), primary_key=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("decided_by", sa.Integer),
        sa.Column("decided_name", sa.String(200)),
        sa.Column("decided_at", UtcDateTime),
        sa.Column("said", sa.Text),
        *columns,
        sa.Index(f"ix_{name}_state", "state", "id"),
    )


def row_of(engine: sa.Engine, table: sa.Table, request_id: str) -> Any:
    """Return the row of a request, whatever became of it; None where there is none."""
    with read(engine) as connection:
        return connection.execute(sa.select(table).where(table.c.id == request_id)).first()


def move(
    connection: sa.Connection,
    table: sa.Table,
    request_id: str,
    states: tuple[str, str],
    now: datetime,
    by: tuple[int, str] | None = None,
    said: str = "",
) -> bool:
    """Move a request from one state to the next; False when it has left it already."""
    who = {"decided_by": by[0], "decided_name": by[1]} if by else {}
    change = (
        table.update()
        .where(table.c.id == request_id, table.c.state == states[0])
        .values(state=states[1], decided_at=now, said=said, **who)
        .returning(table.c.id)
    )
    return connection.execute(change).first() is not None
