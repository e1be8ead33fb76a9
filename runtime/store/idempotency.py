"""`Idempotency-Key`: a request sent twice is done once, and answered twice alike.

The key is taken in the transaction of the write itself, so there is no moment in which the work
is done and the key is not known, or the other way round.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from generator.model.text import Label
from runtime.errors import BadRequest, Conflict, KeyReused
from runtime.messages import Incoming
from runtime.store import inserts
from runtime.store.prepared import prepared

LONGEST = 255


def no_key() -> BadRequest:
    """Refuse a key that is none."""
    return BadRequest(
        Label(
            {
                "en": "An Idempotency-Key has 1 to 255 printable ASCII characters.",
                "zh": "Idempotency-Key 须为 1 到 255 个可见的 ASCII 字符。",
            }
        )
    )


def request_hash(incoming: Incoming) -> str:
    """Return what tells one request from another under the same key."""
    values = incoming.values if incoming.same is None else incoming.same
    body = orjson.dumps(
        [incoming.operation, incoming.entity, incoming.record_id, values],
        option=orjson.OPT_SORT_KEYS,
        default=str,
    )
    return hashlib.sha256(body).hexdigest()


def take(
    connection: sa.Connection, table: sa.Table, incoming: Incoming, now: datetime
) -> dict[str, Any] | None:
    """Take the request's key; None when it is new, the earlier answer when it was done before.

    A second request with the key waits here until the first one commits.

    Raises:
        Conflict: the key was used for another request.

    """
    if not incoming.idempotency_key:
        return None
    key = incoming.idempotency_key
    if len(key) > LONGEST or not (key.isascii() and key.isprintable() and key.strip()):
        raise no_key()
    assert incoming.actor is not None
    wanted = request_hash(incoming)
    row = {
        "actor_id": incoming.actor.id,
        "key": incoming.idempotency_key,
        "request_hash": wanted,
        "created_at": now,
    }
    taking = prepared(
        table, "take", connection.dialect, lambda: _taking(table, connection.dialect.name)
    )
    if taking.rows(connection, {f"new_{name}": value for name, value in row.items()}):
        return None
    found = connection.execute(
        sa.select(table.c.request_hash, table.c.answer).where(
            table.c.actor_id == incoming.actor.id, table.c.key == incoming.idempotency_key
        )
    ).one()
    if found.request_hash != wanted:
        said = Label(
            {
                "en": "This Idempotency-Key was used for another request.",
                "zh": "该 Idempotency-Key 已用于另一个请求。",
            }
        )
        raise (KeyReused if incoming.operation == "transition" else Conflict)(said)
    return dict(found.answer or {})


def remember(
    connection: sa.Connection, table: sa.Table, incoming: Incoming, answer: dict[str, Any]
) -> None:
    """Keep the answer under the request's key, in the transaction of the work."""
    if incoming.idempotency_key and incoming.actor is not None:
        keeping = prepared(table, "keep", connection.dialect, lambda: _keeping(table))
        own = {"of_actor": incoming.actor.id, "of_key": incoming.idempotency_key}
        inserts.afterwards(connection, keeping, {**own, "told": answer})


def _taking(table: sa.Table, dialect: str) -> Any:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    names = ("actor_id", "key", "request_hash", "created_at")
    bound = {name: sa.bindparam(f"new_{name}", type_=table.c[name].type) for name in names}
    return insert(table).values(bound).on_conflict_do_nothing().returning(table.c.key)


def _keeping(table: sa.Table) -> sa.UpdateBase:
    return (
        table.update()
        .where(
            table.c.actor_id == sa.bindparam("of_actor", type_=table.c.actor_id.type),
            table.c.key == sa.bindparam("of_key", type_=table.c.key.type),
        )
        .values(answer=sa.bindparam("told", type_=table.c.answer.type))
    )
