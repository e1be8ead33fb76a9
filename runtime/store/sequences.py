"""Counters: the next number of a name, each given out once and never a smaller one after it.

On PostgreSQL a number is drawn apart from the caller's transaction, so that nobody waits for the
disk behind another one's commit; what is undone afterwards leaves a gap. A counter without gaps,
and every counter on SQLite, where one writes at a time anyway, is drawn inside the transaction and
stays locked until its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from runtime.store.engine import apart
from runtime.store.prepared import prepared

INSIDE = "shopwright_inside"
"""Where a connection keeps that all of its numbers are drawn inside its transaction."""


@contextmanager
def drawn_inside(connection: sa.Connection) -> Iterator[None]:
    """Let every counter be drawn inside: for what may be undone on purpose, such as a dry run."""
    connection.info[INSIDE] = True
    try:
        yield
    finally:
        del connection.info[INSIDE]


def draw(
    connection: sa.Connection,
    table: sa.Table,
    name: str,
    count: int = 1,
    *,
    start: int = 1,
    gapless: bool = False,
) -> int:
    """Return the first of the next `count` numbers of a counter, from `start` on.

    Without gaps, a number of a transaction that is undone is given to the next one.
    """
    is_single = connection.dialect.name == "sqlite"  # a second writer would wait for the first
    if gapless or is_single or connection.info.get(INSIDE):
        return _draw(connection, table, name, count, start)
    with apart(connection.engine) as other:
        return _draw(other, table, name, count, start)


def _draw(connection: sa.Connection, table: sa.Table, name: str, count: int, start: int) -> int:
    statement = prepared(table, "draw", connection.dialect, lambda: _statement(table, connection))
    values = {"counter": name, "start": start, "step": count}
    return int(statement.rows(connection, values)[0][0]) - count


def _statement(table: sa.Table, connection: sa.Connection) -> sa.UpdateBase:
    is_postgresql = connection.dialect.name == "postgresql"
    insert = postgresql.insert if is_postgresql else sqlite.insert
    larger = sa.func.greatest if is_postgresql else sa.func.max
    start = sa.bindparam("start", type_=table.c.next.type)
    step = sa.bindparam("step", type_=table.c.next.type)
    return (
        insert(table)
        .values(name=sa.bindparam("counter"), next=start + step)
        .on_conflict_do_update(
            index_elements=[table.c.name],
            set_={"next": larger(table.c.next, start) + step},
        )
        .returning(table.c.next)
    )
