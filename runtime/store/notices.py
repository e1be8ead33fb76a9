"""What the bell reads: how many notices are unread, the latest of them, and that they were read.

Comes in: an account's number. Goes out: a count, or rows. A kind that somebody switched off
(`mute:KIND` among their settings) is neither counted nor listed; it stays in the table, so that
switching it on again brings it back. Of one message of workflows `mute:workflow.NAME` and
`hear:workflow.NAME` say more than its kind, and what nobody switches off says more than both.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from runtime.store.engine import read, write
from runtime.store.system_tables import SystemTables

MUTE, HEAR = "mute:", "hear:"
MESSAGES = "workflow"
"""The kind of notices that are told one by one."""
MOST_COUNTED = 100


@dataclass(frozen=True, slots=True)
class Told:
    """One notice as it was written."""

    id: str
    kind: str
    entity: str
    record_id: str
    title: str
    params: dict[str, Any]
    actor_id: int
    actor_name: str
    at: datetime
    unread: bool


def count_unread(
    engine: sa.Engine, system: SystemTables, user_id: int, always: Collection[str] = ()
) -> int:
    """Return how many notices are unread, up to a hundred: one small statement.

    Args:
        engine: the database.
        system: tables of the engine.
        user_id: whose bell it is.
        always: names of messages that nobody switches off.

    """
    table = system.notification
    heard = _heard(system, user_id, always)
    unread = (
        sa.select(sa.literal_column("1").label("one"))
        .where(table.c.user_id == user_id, table.c.read_at.is_(None), heard)
        .limit(MOST_COUNTED)
        .subquery()
    )
    with read(engine) as connection:
        found: int = connection.execute(sa.select(sa.func.count()).select_from(unread)).scalar_one()
    return found


def latest(
    engine: sa.Engine,
    system: SystemTables,
    user_id: int,
    most: int,
    before: str = "",
    always: Collection[str] = (),
) -> tuple[Told, ...]:
    """Return the latest notices, or those before one: one statement."""
    table = system.notification
    statement = (
        sa.select(table)
        .where(table.c.user_id == user_id, _heard(system, user_id, always))
        .order_by(table.c.id.desc())
        .limit(most)
    )
    if before:
        statement = statement.where(table.c.id < before)
    with read(engine) as connection:
        return tuple(map(_told, connection.execute(statement)))


def one(engine: sa.Engine, system: SystemTables, user_id: int, notice_id: str) -> Told | None:
    """Return a notice of this person; None when they have none of this id."""
    table = system.notification
    mine = sa.select(table).where(table.c.id == notice_id, table.c.user_id == user_id)
    with read(engine) as connection:
        row = connection.execute(mine).first()
    return None if row is None else _told(row)


def whosever(
    connection: sa.Connection, system: SystemTables, notice_id: str
) -> tuple[int, Told] | None:
    """Return a notice and the number of who is told; None when there is none of this id."""
    table = system.notification
    row = connection.execute(sa.select(table).where(table.c.id == notice_id)).first()
    return None if row is None else (int(row.user_id), _told(row))


def since(
    engine: sa.Engine, system: SystemTables, user_id: int, after: str, most: int
) -> tuple[Told, ...]:
    """Return the latest unread notices that came after one, also of kinds the bell leaves out."""
    table = system.notification
    asked = (
        sa.select(table)
        .where(table.c.user_id == user_id, table.c.id > after, table.c.read_at.is_(None))
        .order_by(table.c.id.desc())
        .limit(most)
    )
    with read(engine) as connection:
        return tuple(map(_told, connection.execute(asked)))


def mark_read(
    engine: sa.Engine,
    system: SystemTables,
    user_id: int,
    now: datetime,
    ids: Sequence[str] | None = None,
) -> None:
    """Note that notices were read: these, or all of them."""
    table = system.notification
    change = table.update().where(table.c.user_id == user_id, table.c.read_at.is_(None))
    if ids is not None:
        change = change.where(table.c.id.in_(list(ids)))
    with write(engine) as connection:
        connection.execute(change.values(read_at=now))


@dataclass(frozen=True, slots=True)
class Switches:
    """What somebody switched in the bell: kinds, and messages as `workflow.NAME`."""

    off: frozenset[str] = frozenset()
    on: frozenset[str] = frozenset()
    """Messages that are told though their kind is off."""


def switches(engine: sa.Engine, system: SystemTables, user_id: int) -> Switches:
    """Return what somebody switched: one statement."""
    setting = system.setting
    mine = sa.select(setting.c.key).where(
        setting.c.user_id == user_id,
        sa.or_(setting.c.key.startswith(MUTE), setting.c.key.startswith(HEAR)),
    )
    with read(engine) as connection:
        keys = connection.execute(mine).scalars().all()
    return Switches(*(_beginning(keys, start) for start in (MUTE, HEAR)))


def _beginning(keys: Sequence[str], start: str) -> frozenset[str]:
    return frozenset(key.removeprefix(start) for key in keys if key.startswith(start))


def _heard(system: SystemTables, user_id: int, always: Collection[str]) -> Any:
    """Return whether a notice is told: by its own switch, or else by that of its kind."""
    table = system.notification
    name = table.c.params["name"].as_string()
    event = table.c.kind + sa.literal(".") + name

    def is_set(start: str, what: Any) -> Any:
        setting = system.setting
        return sa.exists().where(
            setting.c.user_id == user_id, setting.c.key == sa.literal(start) + what
        )

    told = [
        ~is_set(MUTE, table.c.kind) & ~is_set(MUTE, event),
        is_set(HEAR, event),
    ]
    if always:
        told.append((table.c.kind == MESSAGES) & name.in_(sorted(always)))
    return sa.or_(*told)


def _told(row: Any) -> Told:
    return Told(
        str(row.id),
        row.kind,
        row.entity or "",
        str(row.record_id or ""),
        row.title or "",
        dict(row.params or {}),
        int(row.actor_id or 0),
        row.actor_name or "",
        row.created_at,
        row.read_at is None,
    )
