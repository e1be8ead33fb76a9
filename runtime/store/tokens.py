"""Personal access tokens: made once and shown once; afterwards only a keyed hash is known.

A token is 32 random bytes, so one keyed SHA-256 is as good as a slow hash and costs a microsecond.
The key is the app's secret: whoever steals the table alone cannot even test a token. Scopes are
`action:entity` with `*` for any; they narrow what the owner may do and never widen it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from runtime.store.engine import read, write

MARK = "sw_"
"""What every token starts with, so that leaked ones are found by scanners."""

NOTED_EVERY = timedelta(minutes=1)
MOST = 50
"""Tokens of one person that work at the same time."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token as its owner sees it later."""

    id: str
    name: str
    prefix: str
    scopes: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


def hash_token(token: str, key: str) -> str:
    """Return what is kept of a token."""
    return hmac.new(key.encode(), token.encode(), hashlib.sha256).hexdigest()


def create(
    engine: sa.Engine,
    table: sa.Table,
    key: str,
    *,
    identifier: str,
    user_id: int,
    name: str,
    scopes: Sequence[str] | None,
    now: datetime,
    expires_at: datetime | None,
) -> str | None:
    """Make a token and return it: the only time it is seen; None when the person has too many."""
    token = MARK + secrets.token_urlsafe(32)
    mine = sa.and_(table.c.user_id == user_id, table.c.revoked_at.is_(None))
    with write(engine) as connection:
        count = connection.execute(sa.select(sa.func.count()).where(mine)).scalar_one()
        if count >= MOST:
            return None
        connection.execute(
            table.insert().values(
                id=identifier,
                user_id=user_id,
                name=name,
                prefix=token[:9],
                hash=hash_token(token, key),
                scopes=None if scopes is None else list(scopes),
                created_at=now,
                expires_at=expires_at,
            )
        )
    return token


def of_user(engine: sa.Engine, table: sa.Table, user_id: int) -> tuple[Token, ...]:
    """Return a person's tokens that are not revoked, the newest first."""
    columns = [table.c[name] for name in Token.__dataclass_fields__]
    query = (
        sa.select(*columns)
        .where(table.c.user_id == user_id, table.c.revoked_at.is_(None))
        .order_by(table.c.created_at.desc(), table.c.id.desc())
    )
    with read(engine) as connection:
        return tuple(_token(row) for row in connection.execute(query))


def revoke(
    engine: sa.Engine, table: sa.Table, user_id: int, identifier: str, now: datetime
) -> bool:
    """End a person's own token; False when there is none."""
    with write(engine) as connection:
        done = connection.execute(
            table.update()
            .where(
                table.c.id == identifier,
                table.c.user_id == user_id,
                table.c.revoked_at.is_(None),
            )
            .values(revoked_at=now)
            .returning(table.c.id)
        ).first()
    return done is not None


def is_to_note(last_used_at: datetime | None, now: datetime) -> bool:
    """Return whether a use is noted: at most once a minute, so that reading stays reading."""
    return last_used_at is None or now - last_used_at >= NOTED_EVERY


def note_use(engine: sa.Engine, table: sa.Table, identifier: str, now: datetime) -> None:
    """Remember that a token was used."""
    with write(engine) as connection:
        connection.execute(table.update().where(table.c.id == identifier).values(last_used_at=now))


def _token(row: Any) -> Token:
    scopes = None if row.scopes is None else tuple(row.scopes)
    return Token(
        str(row.id), row.name, row.prefix, scopes, row.created_at, row.expires_at, row.last_used_at
    )
