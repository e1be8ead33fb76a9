"""Records frozen for an action by a token, and what undoes one: kept for an hour, for one person.

A token is an id nobody can guess, and only its maker may use it. What is kept is small: ids, or the
values records had before.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

LIVES = timedelta(hours=1)


def keep(
    connection: sa.Connection,
    table: sa.Table,
    token: str,
    *,
    user_id: int,
    entity: str,
    purpose: str,
    content: Any,
    now: datetime,
) -> None:
    """Keep something under a token; what is too old goes."""
    connection.execute(
        table.delete().where(table.c.user_id == user_id, table.c.created_at < now - LIVES)
    )
    row = {"id": token, "user_id": user_id, "entity": entity, "purpose": purpose}
    connection.execute(table.insert(), {**row, "content": content, "created_at": now})


def find(
    connection: sa.Connection,
    table: sa.Table,
    token: str,
    *,
    user_id: int,
    entity: str,
    purpose: str,
    now: datetime,
) -> Any:
    """Return what is kept under a token; None when it is not theirs, of something else, or old."""
    return connection.execute(
        sa.select(table.c.content).where(
            table.c.id == token,
            table.c.user_id == user_id,
            table.c.entity == entity,
            table.c.purpose == purpose,
            table.c.created_at >= now - LIVES,
        )
    ).scalar_one_or_none()


def drop(connection: sa.Connection, table: sa.Table, token: str) -> None:
    """Let a token go: it was used."""
    connection.execute(table.delete().where(table.c.id == token))
