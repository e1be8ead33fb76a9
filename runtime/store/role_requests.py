"""Roles that people asked for and hold for a time: what was asked, who decided, when it ends.

A granted request is what somebody holds: the statement that finds who asks (`web/principals.py`)
reads it beside the roles of their account, with the moment of the request. So it ends by itself,
whether or not anything tidies; and it is decided by the statement that finds it pending, once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from runtime.jobs.columns import UtcDateTime
from runtime.store import decided
from runtime.store.decided import MOST, PENDING
from runtime.store.engine import read

GRANTED = "granted"
STATES = (PENDING, GRANTED, "rejected", "withdrawn", "expired", "ended", "revoked")


@dataclass(frozen=True, slots=True)
class RoleRequest:
    """One wish for a role, or for one thing that it gives."""

    id: str
    user_id: int
    user_name: str
    role: str
    part: str
    """Such as `export:order`: only so much of the role; empty for all of it."""
    reason: str
    until: datetime
    """When it ends, if it is granted."""
    state: str
    created_at: datetime
    expires_at: datetime
    """Until when it waits."""
    decided_by: int | None = None
    decided_name: str | None = None
    decided_at: datetime | None = None
    said: str | None = None
    reminded_at: datetime | None = None

    @property
    def held(self) -> str:
        """What stands among somebody's roles while this holds."""
        return f"{self.role}@{self.part}" if self.part else self.role


def role_request_table(metadata: sa.MetaData) -> sa.Table:
    """Return the table: one row a request."""
    return decided.table_of(
        "sw_role_request",
        metadata,
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("user_name", sa.String(200), nullable=False),
        sa.Column("role", sa.String(63), nullable=False),
        sa.Column("part", sa.String(130), nullable=False),
        sa.Column("until", UtcDateTime, nullable=False),
        sa.Column("reminded_at", UtcDateTime),
        sa.Index("ix_sw_role_request_user", "user_id", "state"),
    )


def add(connection: sa.Connection, table: sa.Table, one: RoleRequest) -> None:
    """Keep a new request."""
    connection.execute(table.insert(), {name: getattr(one, name) for name in _NAMES})


def find(engine: sa.Engine, table: sa.Table, request_id: str) -> RoleRequest | None:
    """Return a request, whatever became of it."""
    row = decided.row_of(engine, table, request_id)
    return None if row is None else _made(row)


def of_person(engine: sa.Engine, table: sa.Table, user_id: int) -> Sequence[RoleRequest]:
    """Return what somebody asked for, the latest first."""
    mine = sa.select(table).where(table.c.user_id == user_id).order_by(table.c.id.desc())
    with read(engine) as connection:
        return [_made(row) for row in connection.execute(mine.limit(MOST))]


def in_state(engine: sa.Engine, table: sa.Table, *states: str) -> Sequence[RoleRequest]:
    """Return the requests of these states, the oldest first."""
    asked = sa.select(table).where(table.c.state.in_(states)).order_by(table.c.id)
    with read(engine) as connection:
        return [_made(row) for row in connection.execute(asked.limit(MOST * 10))]


def pending_of(
    connection: sa.Connection, table: sa.Table, user_id: int | None
) -> Sequence[RoleRequest]:
    """Return what waits, of one person or of everybody, in the caller's transaction."""
    mine = table.c.user_id == user_id if user_id is not None else sa.true()
    asked = sa.select(table).where(table.c.state == PENDING, mine).order_by(table.c.id)
    return [_made(row) for row in connection.execute(asked)]


def counted(table: sa.Table, roles: Collection[str], not_by: int, now: datetime) -> sa.Select[int]:
    """Return what counts the requests for these roles that wait and that somebody else made."""
    return sa.select(sa.func.count()).where(
        table.c.state == PENDING,
        table.c.role.in_(sorted(roles)),
        table.c.user_id != not_by,
        table.c.expires_at > now,
    )


def settle(
    connection: sa.Connection,
    table: sa.Table,
    one: RoleRequest,
    state: str,
    now: datetime,
    by: tuple[int, str] | None = None,
    said: str = "",
) -> bool:
    """Move a request on from the state it was read in; False when it has left it already."""
    return decided.move(connection, table, one.id, (one.state, state), now, by, said)


def note_reminder(
    connection: sa.Connection, table: sa.Table, one: RoleRequest, now: datetime
) -> bool:
    """Note that somebody was told that a role ends soon; False when they were told already."""
    change = (
        table.update()
        .where(table.c.id == one.id, table.c.state == GRANTED, table.c.reminded_at.is_(None))
        .values(reminded_at=now)
        .returning(table.c.id)
    )
    return connection.execute(change).first() is not None


_NAMES = tuple(RoleRequest.__dataclass_fields__)


def _made(row: Any) -> RoleRequest:
    return RoleRequest(**{name: getattr(row, name) for name in _NAMES})
