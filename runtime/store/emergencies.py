"""Roles taken in an emergency: by whom, in which session, why, until when, and who looked into it.

A row is what somebody holds, for minutes: the statement that finds who asks (`web/principals.py`)
reads those of the session in hand with the moment of the request, so one ends by itself, with its
session, or by the statement that finds it running. Nothing is ever taken out of the table.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from runtime.jobs.columns import UtcDateTime, text_id
from runtime.store.accounts import USER
from runtime.store.decided import MOST
from runtime.store.engine import read


@dataclass(frozen=True, slots=True)
class Use:
    """One time that somebody took a role in an emergency."""

    id: str
    user_id: int
    user_name: str
    role: str
    reason: str
    session: str
    """The session that carries it, as `sw_setting` names it; no other one does."""
    started_at: datetime
    until: datetime
    ended_at: datetime | None = None
    """When it was ended by hand; None where it ran out, or runs."""
    ended_by: int | None = None
    ended_name: str | None = None
    told_at: datetime | None = None
    """When it was told that it had run out."""
    reviewed_at: datetime | None = None
    reviewed_by: int | None = None
    reviewed_name: str | None = None
    said: str | None = None
    """What the one who looked into it found."""

    def runs(self, now: datetime) -> bool:
        """Return whether it gives anything at a moment."""
        return self.ended_at is None and now < self.until


def emergency_table(metadata: sa.MetaData) -> sa.Table:
    """Return the table: one row a time that a role was taken."""
    return sa.Table(
        "sw_emergency",
        metadata,
        sa.Column("id", text_id(), primary_key=True),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("user_name", sa.String(200), nullable=False),
        sa.Column("role", sa.String(63), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("session", sa.String(200), nullable=False),
        sa.Column("started_at", UtcDateTime, nullable=False),
        sa.Column("until", UtcDateTime, nullable=False),
        sa.Column("ended_at", UtcDateTime),
        sa.Column("ended_by", sa.Integer),
        sa.Column("ended_name", sa.String(200)),
        sa.Column("told_at", UtcDateTime),
        sa.Column("reviewed_at", UtcDateTime),
        sa.Column("reviewed_by", sa.Integer),
        sa.Column("reviewed_name", sa.String(200)),
        sa.Column("said", sa.Text),
        sa.Index("ix_sw_emergency_user", "user_id", "id"),
    )


def add(connection: sa.Connection, table: sa.Table, one: Use) -> None:
    """Keep that a role was taken."""
    connection.execute(table.insert(), {name: getattr(one, name) for name in _NAMES})


def waiting_of(connection: sa.Connection, table: sa.Table, user_id: int) -> Sequence[Use]:
    """Return what somebody took and nobody looked into; two processes ask one after the other."""
    connection.execute(sa.select(USER.c.id).where(USER.c.id == user_id).with_for_update())
    mine = sa.select(table).where(table.c.user_id == user_id, table.c.reviewed_at.is_(None))
    return [_made(row) for row in connection.execute(mine.limit(MOST))]


def find(engine: sa.Engine, table: sa.Table, use_id: str) -> Use | None:
    """Return one, whatever became of it."""
    with read(engine) as connection:
        row = connection.execute(sa.select(table).where(table.c.id == use_id)).first()
    return None if row is None else _made(row)


def latest(
    engine: sa.Engine,
    table: sa.Table,
    user_id: int | None,
    roles: Collection[str],
    since: datetime | None = None,
) -> Sequence[Use]:
    """Return the latest uses by somebody and of some roles, the newest first: one statement.

    Without somebody and without roles it is every use since a moment.
    """
    asked = sa.select(table).order_by(table.c.id.desc()).limit(MOST)
    if user_id is not None:
        asked = asked.where(sa.or_(table.c.user_id == user_id, table.c.role.in_(sorted(roles))))
    if since is not None:
        asked = asked.where(table.c.started_at >= since)
    with read(engine) as connection:
        return [_made(row) for row in connection.execute(asked)]


def counted(table: sa.Table, roles: Collection[str], not_by: int) -> sa.Select[int]:
    """Return what counts the uses of these roles by others that nobody looked into."""
    return sa.select(sa.func.count()).where(
        table.c.role.in_(sorted(roles)), table.c.user_id != not_by, table.c.reviewed_at.is_(None)
    )


def end(
    connection: sa.Connection, table: sa.Table, use_id: str, by: tuple[int, str], now: datetime
) -> bool:
    """End one that runs; False when it has ended already."""
    change = (
        table.update()
        .where(table.c.id == use_id, table.c.ended_at.is_(None), table.c.until > now)
        .values(ended_at=now, ended_by=by[0], ended_name=by[1], told_at=now)
        .returning(table.c.id)
    )
    return connection.execute(change).first() is not None


def review(
    connection: sa.Connection,
    table: sa.Table,
    use_id: str,
    by: tuple[int, str],
    now: datetime,
    said: str,
) -> bool:
    """Keep what somebody found who looked into it; False when somebody did before."""
    change = (
        table.update()
        .where(table.c.id == use_id, table.c.reviewed_at.is_(None))
        .values(reviewed_at=now, reviewed_by=by[0], reviewed_name=by[1], said=said)
        .returning(table.c.id)
    )
    return connection.execute(change).first() is not None


def run_out(engine: sa.Engine, table: sa.Table, now: datetime) -> Sequence[Use]:
    """Return those that ran out and of which that was not told."""
    asked = sa.select(table).where(
        table.c.ended_at.is_(None), table.c.told_at.is_(None), table.c.until <= now
    )
    with read(engine) as connection:
        return [_made(row) for row in connection.execute(asked.limit(MOST))]


def note_told(connection: sa.Connection, table: sa.Table, use_id: str, now: datetime) -> bool:
    """Note that it was told; False when somebody told it before."""
    change = (
        table.update()
        .where(table.c.id == use_id, table.c.told_at.is_(None))
        .values(told_at=now)
        .returning(table.c.id)
    )
    return connection.execute(change).first() is not None


_NAMES = tuple(Use.__dataclass_fields__)


def _made(row: Any) -> Use:
    return Use(**{name: getattr(row, name) for name in _NAMES})
