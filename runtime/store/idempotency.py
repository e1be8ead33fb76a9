"""`Idempotency-Key`: a request sent twice is done once, and answered twice alike.

The key is taken in the transaction of the write itself, so there is no moment in which the work
is done and the key is not known, or the other way round.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from generator.model.text import Label
from runtime.errors import BadRequest, KeyReused
from runtime.messages import Incoming
from runtime.store import inserts
from runtime.store.opening import OPENING
from runtime.store.prepared import Prepared, prepared

LONGEST = 255


class Taken(Exception):
    """A key that went along was used before; nothing of the transaction may stay."""


@dataclass(slots=True)
class Claim:
    """The taking of a key, which may go along with the first statement of a transaction."""

    statement: Prepared
    values: Mapping[str, Any]
    is_open: bool = True
    """Whether nobody has said yet that the key is new."""

    def check(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Look at what was taken.

        Raises:
            Taken: nothing was; who asks alone (`take`) gets the earlier answer.

        """
        if not rows:
            raise Taken
        self.is_open = False


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
        KeyReused: the key was used for another request.

    """
    if not incoming.idempotency_key:
        return None
    claim = _claim(connection, table, incoming, now)
    if claim.statement.rows(connection, claim.values):
        return None
    assert incoming.actor is not None
    found = connection.execute(
        sa.select(table.c.request_hash, table.c.answer).where(
            table.c.actor_id == incoming.actor.id, table.c.key == incoming.idempotency_key
        )
    ).one()
    if found.request_hash != claim.values["new_request_hash"]:
        said = Label(
            {
                "en": "This Idempotency-Key was used for another request.",
                "zh": "该 Idempotency-Key 已用于另一个请求。",
            }
        )
        raise KeyReused(said)
    return dict(found.answer or {})


def claim(
    connection: sa.Connection, table: sa.Table, incoming: Incoming, now: datetime
) -> Claim | None:
    """Let the taking of the request's key go along with the first statement of a transaction.

    None where it cannot: there is no key, the first statement was sent, or it is SQLite, which has
    no round trips.

    Raises:
        BadRequest: the key is none.

    """
    opening = connection.info.get(OPENING)
    if not incoming.idempotency_key or opening is None:
        return None
    opening.claim = found = _claim(connection, table, incoming, now)
    return found


def kept(incoming: Incoming, now: datetime, answer: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the row that takes the request's key and keeps its answer at once; None without one.

    Raises:
        BadRequest: the key is none.

    """
    if not incoming.idempotency_key:
        return None
    return {**_taken(incoming, now), "answer": answer}


def _claim(connection: sa.Connection, table: sa.Table, incoming: Incoming, now: datetime) -> Claim:
    row = _taken(incoming, now)
    taking = prepared(
        table, "take", connection.dialect, lambda: _taking(table, connection.dialect.name)
    )
    return Claim(taking, {f"new_{name}": value for name, value in row.items()})


def _taken(incoming: Incoming, now: datetime) -> dict[str, Any]:
    key = incoming.idempotency_key
    if len(key) > LONGEST or not (key.isascii() and key.isprintable() and key.strip()):
        raise no_key()
    assert incoming.actor is not None
    return {
        "actor_id": incoming.actor.id,
        "key": key,
        "request_hash": request_hash(incoming),
        "created_at": now,
    }


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
