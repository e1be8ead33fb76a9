"""The second factor of each person: a sealed secret, the last code used, hashes of recovery codes.

Comes in: values that are already encrypted or hashed; nothing here can read a secret. A code counts
once: its step is written down by the same statement that accepts it, so two requests with one code
cannot both pass, whatever process they reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from runtime.jobs.columns import UtcDateTime, small_json
from runtime.store.engine import read


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """What is kept of somebody's second factor."""

    user_id: int
    sealed: str
    """The secret, encrypted."""
    confirmed_at: datetime | None
    """None: begun, but no code was ever given."""
    last_step: int
    recovery: tuple[str, ...]
    """Hashes of the recovery codes that are left."""


def second_factor_table(metadata: sa.MetaData) -> sa.Table:
    """Return the table: one row a person who began to set it up."""
    return sa.Table(
        "sw_second_factor",
        metadata,
        sa.Column("user_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("confirmed_at", UtcDateTime),
        sa.Column("last_step", sa.BigInteger, nullable=False),
        sa.Column("recovery", small_json(), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
    )


def find(engine: sa.Engine, table: sa.Table, user_id: int) -> SecondFactor | None:
    """Return somebody's second factor, confirmed or only begun; None without one."""
    with read(engine) as connection:
        row = connection.execute(sa.select(table).where(table.c.user_id == user_id)).first()
    return None if row is None else _made(row)


def begin(
    connection: sa.Connection, table: sa.Table, user_id: int, sealed: str, now: datetime
) -> None:
    """Keep a new secret that no code was given for yet, in place of another such one."""
    waiting = sa.and_(table.c.user_id == user_id, table.c.confirmed_at.is_(None))
    connection.execute(table.delete().where(waiting))
    connection.execute(
        table.insert(),
        {
            "user_id": user_id,
            "sealed": sealed,
            "confirmed_at": None,
            "last_step": 0,
            "recovery": [],
            "created_at": now,
        },
    )


def confirm(
    connection: sa.Connection,
    table: sa.Table,
    user_id: int,
    step: int,
    recovery: Sequence[str],
    now: datetime,
) -> bool:
    """Let a begun second factor count from now on; False when none was begun."""
    return _one(
        connection,
        table,
        sa.and_(table.c.user_id == user_id, table.c.confirmed_at.is_(None)),
        {"confirmed_at": now, "last_step": step, "recovery": list(recovery)},
    )


def use_step(connection: sa.Connection, table: sa.Table, user_id: int, step: int) -> bool:
    """Accept the code of a step; False when it, or a later one, was used before."""
    mine = sa.and_(table.c.user_id == user_id, table.c.last_step < step)
    return _one(connection, table, mine, {"last_step": step})


def use_recovery(connection: sa.Connection, table: sa.Table, user_id: int, hashed: str) -> bool:
    """Accept a recovery code and strike it out; False when it is not among those left."""
    asked = sa.select(table.c.recovery).where(table.c.user_id == user_id).with_for_update()
    left = connection.execute(asked).scalar()
    if not left or hashed not in left:
        return False
    return set_recovery(connection, table, user_id, [one for one in left if one != hashed])


def set_recovery(
    connection: sa.Connection, table: sa.Table, user_id: int, recovery: Sequence[str]
) -> bool:
    """Keep other recovery codes."""
    return _one(connection, table, table.c.user_id == user_id, {"recovery": list(recovery)})


def remove(connection: sa.Connection, table: sa.Table, user_id: int) -> bool:
    """Forget somebody's second factor; False without one."""
    gone = table.delete().where(table.c.user_id == user_id).returning(table.c.user_id)
    return connection.execute(gone).first() is not None


def _one(
    connection: sa.Connection,
    table: sa.Table,
    which: sa.ColumnElement[bool],
    values: dict[str, Any],
) -> bool:
    change = table.update().where(which).values(values).returning(table.c.user_id)
    return connection.execute(change).first() is not None


def _made(row: Any) -> SecondFactor:
    return SecondFactor(
        row.user_id, row.sealed, row.confirmed_at, int(row.last_step), tuple(row.recovery)
    )
