"""Sessions that were ended before their time, and refresh tokens that were used.

A session is the cookie of one sign-in or the tokens that came of one sign-in. It needs no row while
it lasts; signing out leaves one, which every later use of the session finds. A refresh token works
once: whoever comes with it again has stolen it, or had it stolen, so its session ends for both.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from runtime.store.engine import write

ENDED = "ended:"
USED = "used:"
"""Keys in `sw_setting` begin so."""

GRACE = timedelta(seconds=30)
"""A program whose answer got lost on the way may ask once more."""
KEPT = timedelta(days=90)
"""Rows outlive every session they speak of."""


def end(engine: sa.Engine, setting: sa.Table, user_id: int, session_id: str, now: datetime) -> None:
    """End a session: everything that carries its id is refused from now on."""
    with write(engine) as connection:
        _mark(connection, setting, user_id, ENDED + session_id, now)


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
