"""The outbox: what a transaction wants done afterwards is a row it commits with its own writes.

Events go in inside the caller's transaction; a relay takes them out and gives each to `deliver`
in the relay's own transaction, so what `deliver` writes (a job run) and the mark "sent" are one.
Any number of relays may run: PostgreSQL skips rows another relay holds, SQLite lets one write at
a time. Nothing here talks to Redis, so losing it cannot lose an event.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import uuid_utils

from runtime.jobs.columns import UtcDateTime, small_json, text_id
from runtime.store.inserts import insert_many

FIRST_DELAY = timedelta(seconds=5)
LONGEST_DELAY = timedelta(hours=1)
LONGEST_ERROR = 2000
"""Characters kept of an error text."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, told by ids: whoever handles it reads the record again with its own rights."""

    topic: str
    entity: str
    record_id: str | None
    payload: Mapping[str, Any] = field(default_factory=dict)
    """Small facts that the record no longer tells, such as the state it left."""


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """An event that waits to be delivered."""

    id: str
    topic: str
    entity: str
    record_id: str | None
    payload: Mapping[str, Any]
    created_at: datetime
    attempts: int


Deliver = Callable[[sa.Connection, OutboxRow], None]
Watch = Callable[[sa.Connection, Sequence[OutboxRow]], object]
"""What sees every batch of events once, whatever their topic."""


def new_id() -> str:
    """Return a fresh UUIDv7: ids sort by the time they were made."""
    return str(uuid_utils.uuid7())


def outbox_table(metadata: sa.MetaData) -> sa.Table:
    """Return `sw_outbox` as a table of this metadata."""
    sent_at = sa.Column("sent_at", UtcDateTime)
    return sa.Table(
        "sw_outbox",
        metadata,
        sa.Column("id", text_id(), primary_key=True),
        sa.Column("topic", sa.String(100), nullable=False),
        sa.Column("entity", sa.String(63), nullable=False),
        sa.Column("record_id", sa.String(64)),
        sa.Column("payload", small_json()),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sent_at,
        sa.Column("done_at", UtcDateTime),
        sa.Column("next_at", UtcDateTime, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, default=0, server_default="0"),
        sa.Column("error", sa.Text),
        sa.Index(
            "ix_sw_outbox_waiting",
            "id",
            postgresql_where=sent_at.is_(None),
            sqlite_where=sent_at.is_(None),
        ),
        sa.Index("ix_sw_outbox_record", "entity", "record_id"),
    )


OUTBOX = outbox_table(sa.MetaData())
"""The table as statements name it; the schema's own copy is made by `outbox_table`."""


def emit(
    connection: sa.Connection,
    events: Sequence[Event],
    now: datetime,
    make_id: Callable[[], str] = new_id,
) -> None:
    """Write events into the caller's transaction; they exist if and only if it commits."""
    insert_many(
        connection,
        OUTBOX,
        [
            {
                "id": make_id(),
                "topic": event.topic,
                "entity": event.entity,
                "record_id": event.record_id,
                "payload": dict(event.payload),
                "created_at": now,
                "next_at": now,
                "attempts": 0,
            }
            for event in events
        ],
    )


def relay_once(
    engine: sa.Engine,
    deliver: Deliver,
    limit: int,
    *,
    topics: Collection[str],
    now: datetime,
    watch: Watch | None = None,
    spread: Watch | None = None,
) -> int:
    """Deliver up to `limit` waiting events and return how many rows were settled.

    Events of other topics have no subscriber and are marked sent in the same statement. A
    delivery that raises is undone alone (savepoint), keeps its error, and waits twice as long
    after each attempt. `watch` sees each event on its first attempt; where it raises, what it
    wrote is undone and told in the log, and the events go their way. `spread` sees each event on
    every attempt and must have written what it wants of it: where it raises, the event waits.
    """
    with engine.begin() as connection:
        rows = _take(connection, limit, now)
        if watch is not None:
            _show(connection, watch, [row for row in rows if row.attempts == 0])
        if spread is not None and rows:
            rows = _spread(connection, spread, rows, now)
        unheard = [row.id for row in rows if row.topic not in topics]
        sent: list[str] = list(unheard)
        for row in rows:
            if row.topic not in topics:
                continue
            error = _deliver(connection, deliver, row)
            if error is None:
                sent.append(row.id)
            else:
                _postpone(connection, row, error, now)
        if sent:
            done = sa.case((OUTBOX.c.id.in_(unheard), sa.literal(now, UtcDateTime)), else_=None)
            connection.execute(
                OUTBOX.update()
                .where(OUTBOX.c.id.in_(sent))
                .values(sent_at=now, attempts=OUTBOX.c.attempts + 1, error=None, done_at=done)
            )
    return len(sent)


def mark_done(connection: sa.Connection, outbox_id: str, now: datetime) -> bool:
    """Acknowledge an event in the transaction of its effect; False when it was done before."""
    changed = connection.execute(
        OUTBOX.update()
        .where(OUTBOX.c.id == outbox_id, OUTBOX.c.done_at.is_(None))
        .values(done_at=now)
        .returning(OUTBOX.c.id)
    )
    return changed.first() is not None


def forget_done(connection: sa.Connection, before: datetime) -> int:
    """Delete events acknowledged before a time and return how many there were."""
    return connection.execute(OUTBOX.delete().where(OUTBOX.c.done_at < before)).rowcount


def back_off(attempts: int, first: timedelta = FIRST_DELAY) -> timedelta:
    """Return how long to wait after this many attempts: 5 s, 10 s, 20 s … at most an hour."""
    doublings: int = 2 ** min(max(attempts - 1, 0), 16)
    return min(first * doublings, LONGEST_DELAY)


def _take(connection: sa.Connection, limit: int, now: datetime) -> list[OutboxRow]:
    columns = (OUTBOX.c[name] for name in OutboxRow.__dataclass_fields__)
    waiting = (
        sa.select(*columns)
        .where(OUTBOX.c.sent_at.is_(None), OUTBOX.c.next_at <= now)
        .order_by(OUTBOX.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [OutboxRow(*row) for row in connection.execute(waiting)]


def _show(connection: sa.Connection, watch: Watch, rows: Sequence[OutboxRow]) -> None:
    savepoint = connection.begin_nested()
    try:
        watch(connection, rows)
    except Exception:
        savepoint.rollback()
        log.exception("nobody was told of %s events", len(rows))
    else:
        savepoint.commit()


def _spread(
    connection: sa.Connection, spread: Watch, rows: list[OutboxRow], now: datetime
) -> list[OutboxRow]:
    """Give all events to `spread`, or each alone where one is at fault; return those it took."""
    if _tried(connection, spread, rows) is None:
        return rows
    taken = []
    for row in rows:
        error = _tried(connection, spread, [row])
        if error is None:
            taken.append(row)
        else:
            _postpone(connection, row, error, now)
    return taken


def _tried(connection: sa.Connection, do: Watch, rows: Sequence[OutboxRow]) -> Exception | None:
    savepoint = connection.begin_nested()
    try:
        do(connection, rows)
    except Exception as error:  # noqa: BLE001  (as a delivery: what is wrong with one stops no other)
        savepoint.rollback()
        return error
    savepoint.commit()
    return None


def _deliver(connection: sa.Connection, deliver: Deliver, row: OutboxRow) -> Exception | None:
    savepoint = connection.begin_nested()
    try:
        deliver(connection, row)
    except Exception as error:  # noqa: BLE001  (a delivery's edge: one bad event must not stop the rest)
        savepoint.rollback()
        return error
    savepoint.commit()
    return None


def _postpone(connection: sa.Connection, row: OutboxRow, error: Exception, now: datetime) -> None:
    attempts = row.attempts + 1
    connection.execute(
        OUTBOX.update()
        .where(OUTBOX.c.id == row.id)
        .values(
            attempts=attempts,
            next_at=now + back_off(attempts),
            error=f"{type(error).__name__}: {error}"[:LONGEST_ERROR],
        )
    )
