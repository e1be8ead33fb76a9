"""Counters: the next number of a name, each given out once, in the caller's transaction."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from runtime.store.prepared import prepared


def draw(connection: sa.Connection, table: sa.Table, name: str, count: int = 1) -> int:
    """Return the first of the next `count` numbers of a counter, from 1.

    The counter stays locked until the commit.
    """
    statement = prepared(table, "draw", connection.dialect, lambda: _draw(table, connection))
    values = {"counter": name, "first": count + 1, "step": count}
    return int(statement.rows(connection, values)[0][0]) - count


def _draw(table: sa.Table, connection: sa.Connection) -> sa.UpdateBase:
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    number = table.c.next.type
    return (
        insert(table)
        .values(name=sa.bindparam("counter"), next=sa.bindparam("first", type_=number))
        .on_conflict_do_update(
            index_elements=[table.c.name],
            set_={"next": table.c.next + sa.bindparam("step", type_=number)},
        )
        .returning(table.c.next)
    )
