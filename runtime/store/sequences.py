"""Counters: the next number of a name, each given out once, in the caller's transaction."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


def draw(connection: sa.Connection, table: sa.Table, name: str, count: int = 1) -> int:
    """Return the first of the next `count` numbers of a counter, from 1.

    The counter stays locked until the commit.
    """
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = (
        insert(table)
        .values(name=name, next=count + 1)
        .on_conflict_do_update(index_elements=[table.c.name], set_={"next": table.c.next + count})
        .returning(table.c.next)
    )
    return int(connection.execute(statement).scalar_one()) - count
