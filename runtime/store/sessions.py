"""Sessions: where somebody is signed in, which were ended, and refresh tokens that were used.

A session is the cookie of one sign-in or the tokens that came of one sign-in. One row says where it
began and when it was last seen; the row is for people to look at, and losing it ends nothing. What
ends a session is a mark of its own, or the mark "everything before this moment". A refresh token
works once: whoever comes with it again has stolen it, or had it stolen, so its session ends for
both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from runtime.store.engine import read, write

ENDED = "ended:"
USED = "used:"
OPEN = "session:"
"""Keys in `sw_setting` begin so."""
EVERYTHING = f"{ENDED}*"
"""The mark that ends every session which began before it."""

GRACE = timedelta(seconds=30)
"""A program whose answer got lost on the way may ask once more."""
KEPT = timedelta(days=90)
"""Rows outlive every session they speak of."""
SEEN_EVERY = timedelta(minutes=5)
"""So seldom is it noted that a session is in use."""
MOST_LISTED = 50


@dataclass(frozen=True, slots=True)
class Session:
    """Where somebody is signed in."""

    id: str
    agent: str
    """What the browser or program calls itself."""
    address: str
    started: datetime
    seen: datetime


def begin(
    engine: sa.Engine,
    setting: sa.Table,
    user_id: int,
    session_id: str,
    agent: str,
    address: str,
    now: datetime,
) -> None:
    """Note where a session begins; rows of sessions that must be over by now are removed."""
    value = {"agent": agent[:300], "address": address[:64], "started": now.isoformat()}
    row = {"user_id": user_id, "key": OPEN + session_id, "value": value, "updated_at": now}
    mine = sa.and_(setting.c.user_id == user_id, setting.c.key.startswith(OPEN))
    with write(engine) as connection:
        connection.execute(setting.insert().values(row))
        connection.execute(setting.delete().where(mine, setting.c.updated_at < now - KEPT))


def note_seen(
    engine: sa.Engine, setting: sa.Table, user_id: int, session_id: str, now: datetime
) -> None:
    """Note that a session is in use."""
    row = sa.and_(setting.c.user_id == user_id, setting.c.key == OPEN + session_id)
    with write(engine) as connection:
        connection.execute(setting.update().where(row).values(updated_at=now))


def of_user(engine: sa.Engine, setting: sa.Table, user_id: int) -> tuple[Session, ...]:
    """Return where somebody is signed in, the last seen first."""
    statement = (
        sa.select(setting.c.key, setting.c.value, setting.c.updated_at)
        .where(setting.c.user_id == user_id, setting.c.key.startswith(OPEN))
        .order_by(setting.c.updated_at.desc())
        .limit(MOST_LISTED)
    )
    with read(engine) as connection:
        return tuple(
            Session(
                id=row.key.removeprefix(OPEN),
                agent=str(row.value.get("agent", "")),
                address=str(row.value.get("address", "")),
                started=datetime.fromisoformat(row.value["started"]),
                seen=row.updated_at,
            )
            for row in connection.execute(statement)
        )


def end_all(engine: sa.Engine, setting: sa.Table, user_id: int, now: datetime) -> None:
    """End every session of somebody that began before this moment, listed or not."""
    insert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
    row = {"user_id": user_id, "key": EVERYTHING, "value": None, "updated_at": now}
    mine = sa.and_(setting.c.user_id == user_id, setting.c.key.startswith(OPEN))
    with write(engine) as connection:
        connection.execute(
            insert(setting)
            .values(row)
            .on_conflict_do_update(index_elements=["user_id", "key"], set_={"updated_at": now})
        )
        connection.execute(setting.delete().where(mine))


def end(engine: sa.Engine, setting: sa.Table, user_id: int, session_id: str, now: datetime) -> None:
    """End a session: everything that carries its id is refused from now on."""
    with write(engine) as connection:
        _mark(connection, setting, user_id, ENDED + session_id, now)
        mine = sa.and_(setting.c.user_id == user_id, setting.c.key == OPEN + session_id)
        connection.execute(setting.delete().where(mine))


def use_once(
    engine: sa.Engine,
    setting: sa.Table,
    user_id: int,
    token_id: str,
    session_id: str,
    now: datetime,
) -> bool:
    """Use a refresh token; when it was used before, end its session and return False."""
    with write(engine) as connection:
        first = _mark(connection, setting, user_id, USED + token_id, now)
        if first is None or now - first <= GRACE:
            return True
        _mark(connection, setting, user_id, ENDED + session_id, now)
    return False


def keep_once(
    connection: sa.Connection, setting: sa.Table, user_id: int, key: str, now: datetime
) -> bool:
    """Leave a row in the caller's transaction; False when it was left before."""
    return _mark(connection, setting, user_id, key, now) is None


def _mark(
    connection: sa.Connection, setting: sa.Table, user_id: int, key: str, now: datetime
) -> datetime | None:
    """Leave a row; return when it was left before, or None."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    mine = setting.c.user_id == user_id
    made = connection.execute(
        insert(setting)
        .values(user_id=user_id, key=key, value=None, updated_at=now)
        .on_conflict_do_nothing()
        .returning(setting.c.key)
    ).first()
    if made is None:
        found: datetime = connection.execute(
            sa.select(setting.c.updated_at).where(mine, setting.c.key == key)
        ).scalar_one()
        return found
    old = sa.or_(setting.c.key.startswith(ENDED), setting.c.key.startswith(USED))
    connection.execute(setting.delete().where(mine, old, setting.c.updated_at < now - KEPT))
    return None
