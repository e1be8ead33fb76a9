"""Requests that wait for another person: what was asked, on which version, and what became of it.

A request is decided once: the state is changed by the statement that finds it pending, so two
approvers in two processes cannot both carry it out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from runtime.jobs.columns import UtcDateTime, small_json, text_id
from runtime.store import decided
from runtime.store.decided import MOST, PENDING
from runtime.store.engine import read

STATES = (PENDING, "approved", "rejected", "withdrawn", "void", "expired", "failed")


@dataclass(frozen=True, slots=True)
class Approval:
    """One request."""

    id: str
    rule: str
    entity: str
    record_id: str
    title: str
    operation: str
    values: Mapping[str, Any]
    """The payload in API form, as it will be carried out."""
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    """The changed fields in API form, as the approver sees them."""
    version: int | None
    """Of the record when it was asked; another one makes the request void."""
    requester_id: int
    requester_name: str
    reason: str
    state: str
    created_at: datetime
    expires_at: datetime
    decided_by: int | None = None
    decided_name: str | None = None
    decided_at: datetime | None = None
    said: str | None = None
    """What the one who decided wrote."""


def approval_table(metadata: sa.MetaData) -> sa.Table:
    """Return the table: one row a request."""
    return decided.table_of(
        "sw_approval",
        metadata,
        sa.Column("rule", sa.String(63), nullable=False),
        sa.Column("entity", sa.String(63), nullable=False),
        sa.Column("record_id", sa.String(64), nullable=False),
        sa.Column("title", sa.String(500), nullable=False),
        sa.Column("operation", sa.String(63), nullable=False),
        sa.Column("values", small_json(), nullable=False),
        sa.Column("before", small_json()),
        sa.Column("after", small_json()),
        sa.Column("version", sa.Integer),
        sa.Column("requester_id", sa.Integer, nullable=False),
        sa.Column("requester_name", sa.String(200), nullable=False),
    )


def approval_vote_table(metadata: sa.MetaData) -> sa.Table:
    """Return the table of who said yes: one row a person, whatever roles they hold."""
    return sa.Table(
        "sw_approval_vote",
        metadata,
        sa.Column("approval_id", text_id(), primary_key=True),
        sa.Column("user_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("user_name", sa.String(200), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("said", sa.Text, nullable=False),
    )


def add(connection: sa.Connection, table: sa.Table, one: Approval) -> None:
    """Keep a new request."""
    connection.execute(table.insert(), {name: getattr(one, name) for name in _NAMES})


def find(engine: sa.Engine, table: sa.Table, approval_id: str) -> Approval | None:
    """Return a request, whatever became of it."""
    row = decided.row_of(engine, table, approval_id)
    return None if row is None else _made(row)


def pending(engine: sa.Engine, table: sa.Table) -> Sequence[Approval]:
    """Return what waits, the oldest first."""
    asked = sa.select(table).where(table.c.state == PENDING).order_by(table.c.id).limit(MOST)
    with read(engine) as connection:
        return [_made(row) for row in connection.execute(asked)]


def all_pending(connection: sa.Connection, table: sa.Table) -> Sequence[Approval]:
    """Return everything that waits, in the caller's transaction."""
    asked = sa.select(table).where(table.c.state == PENDING).order_by(table.c.id)
    return [_made(row) for row in connection.execute(asked)]


def counted(
    tables: tuple[sa.Table, sa.Table], entities: Collection[str], me: int
) -> sa.Select[int]:
    """Return what counts requests about these entities that wait and that somebody else made."""
    table, vote_table = tables
    mine = sa.exists().where(vote_table.c.approval_id == table.c.id, vote_table.c.user_id == me)
    return sa.select(sa.func.count()).where(
        table.c.state == PENDING,
        table.c.entity.in_(sorted(entities)),
        table.c.requester_id != me,
        ~mine,
    )


def vote(
    connection: sa.Connection,
    table: sa.Table,
    approval_id: str,
    by: tuple[int, str],
    now: datetime,
    said: str,
) -> bool:
    """Keep somebody's yes; False when they said it before."""
    mine = sa.select(table.c.user_id).where(
        table.c.approval_id == approval_id, table.c.user_id == by[0]
    )
    if connection.execute(mine).first() is not None:
        return False
    values = {"approval_id": approval_id, "user_id": by[0], "user_name": by[1]}
    connection.execute(table.insert(), {**values, "at": now, "said": said})
    return True


def take_vote(connection: sa.Connection, table: sa.Table, approval_id: str, user_id: int) -> bool:
    """Forget somebody's yes; False when they never said it."""
    mine = table.delete().where(table.c.approval_id == approval_id, table.c.user_id == user_id)
    return connection.execute(mine.returning(table.c.user_id)).first() is not None


def votes(
    engine: sa.Engine, table: sa.Table, ids: Collection[str]
) -> Mapping[str, Mapping[int, str]]:
    """Return who said yes to some requests: by request, number and name."""
    if not ids:
        return {}
    asked = sa.select(table.c.approval_id, table.c.user_id, table.c.user_name).where(
        table.c.approval_id.in_(sorted(ids))
    )
    found: dict[str, dict[int, str]] = {}
    with read(engine) as connection:
        for one, number, name in connection.execute(asked.order_by(table.c.at)):
            found.setdefault(str(one), {})[number] = name
    return found


def settle(
    connection: sa.Connection,
    table: sa.Table,
    approval_id: str,
    state: str,
    now: datetime,
    by: tuple[int, str] | None = None,
    said: str = "",
) -> bool:
    """Give a pending request its end; False when it has one already."""
    return decided.move(connection, table, approval_id, (PENDING, state), now, by, said)


def mark_failed(connection: sa.Connection, table: sa.Table, approval_id: str, why: str) -> None:
    """Say of an approved request that it could not be carried out."""
    mine = table.update().where(table.c.id == approval_id, table.c.state == "approved")
    connection.execute(mine.values(state="failed", said=why))


_NAMES = tuple(Approval.__dataclass_fields__)


def _made(row: Any) -> Approval:
    return Approval(**{name: getattr(row, name) for name in _NAMES})
