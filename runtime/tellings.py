"""The history of what people were told of a record: to whom, by which channel, what became of it.

Comes in: notices as they are written, what became of a letter, a record. Goes out: rows, and the
tellings of a record. What was said is not kept: it hung on what each reader might read that day.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from runtime.runtime import Runtime
from runtime.store.inserts import insert_many

INBOX, MAIL = "inbox", "mail"
WAITING, DELIVERED, LEFT, FAILED = "waiting", "delivered", "left", "failed"
"""How one stands: `left` was not to be sent any more, `failed` was not taken and is tried again."""
READ, UNWANTED, OUT_OF_REACH = "read", "unwanted", "rights"
NO_ADDRESS, NO_MAIL = "no_address", "no_mail"
"""Why a letter is left: read in the inbox meanwhile, not wanted, not to be read any more; outside:
there is no address, or this back office sends no e-mail."""


@dataclass(frozen=True, slots=True)
class Told:
    """One person, told by one channel."""

    user_id: int
    channel: str
    state: str
    why: str
    read: bool
    """Seen in the inbox."""
    name: str = ""
    """Of somebody outside: their address, masked."""


@dataclass(frozen=True, slots=True)
class Telling:
    """What was told at once, to whomever."""

    id: str
    at: datetime
    about: Mapping[str, Any]
    """The name of the notice, the workflow and the state."""
    told: tuple[Told, ...]


def note(
    connection: sa.Connection,
    runtime: Runtime,
    sending: str,
    rows: Sequence[Mapping[str, Any]],
    mailed: Collection[int],
) -> None:
    """Write whom notices tell, in the caller's transaction: one statement.

    Args:
        connection: a connection that may write.
        runtime: the back office.
        sending: the id of the telling.
        rows: notices as they were written.
        mailed: the accounts that get an e-mail of it too, at once or in their summary.

    """
    found = [
        {
            "id": runtime.make_id(),
            "sending_id": sending,
            "entity": row["entity"],
            "record_id": row["record_id"],
            "told": row["params"],
            "channel": channel,
            "user_id": row["user_id"],
            "notice_id": row["id"],
            "state": DELIVERED if channel == INBOX else WAITING,
            "why": None,
            "created_at": row["created_at"],
            "settled_at": row["created_at"] if channel == INBOX else None,
        }
        for row in rows
        for channel in (INBOX, MAIL)
        if channel == INBOX or row["user_id"] in mailed
    ]
    if found:
        insert_many(connection, runtime.system.telling, found)


def note_outside(
    connection: sa.Connection,
    runtime: Runtime,
    sending: str,
    record: tuple[str, str],
    about: Mapping[str, Any],
    why: str = "",
) -> str:
    """Write that somebody outside is to be told, in the caller's transaction; return its id.

    Args:
        connection: a connection that may write.
        runtime: the back office.
        sending: the id of the telling.
        record: entity and id.
        about: what it is about, as the notices have it.
        why: why nothing is sent; empty where it is.

    """
    now, made = runtime.clock(), runtime.make_id()
    row = {
        "id": made,
        "sending_id": sending,
        "entity": record[0],
        "record_id": record[1],
        "told": dict(about),
        "channel": MAIL,
        "user_id": 0,
        "notice_id": "",
        "state": LEFT if why else WAITING,
        "why": why or None,
        "created_at": now,
        "settled_at": now if why else None,
    }
    insert_many(connection, runtime.system.telling, [row])
    return made


def find(connection: sa.Connection, runtime: Runtime, identifier: str) -> Any:
    """Return the row of one that is told; None where there is none of this id."""
    table = runtime.system.telling
    return connection.execute(sa.select(table).where(table.c.id == identifier)).first()


def settle_one(
    connection: sa.Connection, runtime: Runtime, row: Any, state: str, why: str, to: str
) -> None:
    """Note what became of a letter to somebody outside, and their address, masked."""
    table = runtime.system.telling
    told = {**dict(row.told or {}), "to": to}
    connection.execute(
        table.update()
        .where(table.c.id == row.id)
        .values(state=state, why=why or None, told=told, settled_at=runtime.clock())
    )


def settle(
    connection: sa.Connection, runtime: Runtime, notices: Collection[str], state: str, why: str = ""
) -> None:
    """Note what became of the letters of notices; those that were delivered stay so."""
    table = runtime.system.telling
    mine = (table.c.notice_id.in_(sorted(notices)), table.c.channel == MAIL)
    connection.execute(
        table.update()
        .where(*mine, table.c.state != DELIVERED)
        .values(state=state, why=why or None, settled_at=runtime.clock())
    )


def of_record(
    connection: sa.Connection,
    runtime: Runtime,
    entity: str,
    record_id: str,
    limit: int,
    before: str = "",
) -> tuple[Telling, ...]:
    """Return what was told of a record, the newest first: one statement."""
    table, notice = runtime.system.telling, runtime.system.notification
    mine = [table.c.entity == entity, table.c.record_id == record_id]
    if before:
        mine.append(table.c.sending_id < before)
    some = (
        sa.select(table.c.sending_id)
        .where(*mine)
        .distinct()
        .order_by(table.c.sending_id.desc())
        .limit(limit)
        .subquery()
    )
    rows = connection.execute(
        sa.select(table, notice.c.read_at)
        .join(some, some.c.sending_id == table.c.sending_id)
        .outerjoin(notice, notice.c.id == table.c.notice_id)
        .where(table.c.entity == entity, table.c.record_id == record_id)
        .order_by(table.c.sending_id.desc(), table.c.id)
    )
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(str(row.sending_id), []).append(row)
    return tuple(
        Telling(sending, same[0].created_at, dict(same[0].told or {}), tuple(map(_told, same)))
        for sending, same in found.items()
    )


def _told(row: Any) -> Told:
    read = row.channel == INBOX and row.read_at is not None
    name = "" if row.user_id else str(dict(row.told or {}).get("to", ""))
    return Told(int(row.user_id), row.channel, row.state, row.why or "", read, name)
