"""Comments as rows: one value, one way to read it, and who is meant by `@name`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from generator.model.text import Label
from runtime.errors import Forbidden
from runtime.operations import _talk
from runtime.operations._versions import stale
from runtime.operations._work import Work
from runtime.operations._writing import WritePlan
from runtime.operations.read import not_found
from runtime.runtime import Runtime
from runtime.store import accounts
from runtime.store.accounts import Account

LONGEST = 10_000
MOST_MENTIONS = 20
MENTION = re.compile(r"(?<![\w@.])@([\w][\w.+-]*)")
"""An at sign before a user name; what stands in an e-mail address is none."""
COLUMNS = (
    "id",
    "created_at",
    "actor_id",
    "actor_name",
    "text",
    "mentions",
    "edited_at",
    "version",
)


@dataclass(frozen=True)
class Comment:
    """What somebody wrote about a record."""

    id: str
    at: datetime
    actor_id: int
    actor_name: str
    text: str
    mentions: Mapping[str, int]
    """The accounts that were told: user name → id."""
    edited_at: datetime | None
    version: int
    unheard: tuple[str, ...] = ()
    """Names in the text that nobody was told of: unknown, or not allowed to read the record."""


def comment(row: Any) -> Comment:
    """Return a row as a value."""
    return Comment(
        str(row.id),
        row.created_at,
        row.actor_id,
        row.actor_name,
        row.text,
        dict(row.mentions or {}),
        row.edited_at,
        row.version,
    )


def of_record(
    runtime: Runtime, entity: str, record_id: str, before: str, limit: int
) -> sa.Select[Any]:
    """Return the statement that reads the comments of a record, newest first."""
    table = runtime.system.comment
    found = (
        sa.select(*(table.c[name] for name in COLUMNS))
        .where(table.c.entity == entity, table.c.record_id == record_id)
        .order_by(table.c.id.desc())
        .limit(limit)
    )
    return found.where(table.c.id < before) if before else found


def one(connection: sa.Connection, runtime: Runtime, comment_id: str) -> Comment:
    """Return a comment by its id.

    Raises:
        NotFound: there is none.

    """
    table = runtime.system.comment
    statement = sa.select(*(table.c[name] for name in COLUMNS)).where(table.c.id == comment_id)
    row = connection.execute(statement).first()
    if row is None:
        raise not_found()
    return comment(row)


def own(work: Work, plan: WritePlan) -> Comment:
    """Return the caller's own comment that a write names, locked, at the version they read.

    Raises:
        NotFound: the record or the comment is not there.
        Forbidden: somebody else wrote it.
        Stale: it was changed meanwhile.

    """
    _talk.require_own_record(work, plan)
    call, table = plan.call, work.runtime.system.comment
    row = work.connection.execute(
        sa.select(*(table.c[name] for name in COLUMNS))
        .where(
            table.c.id == call.incoming.part,
            table.c.entity == call.entity.name,
            table.c.record_id == call.record_id,
        )
        .with_for_update()
    ).first()
    if row is None:
        raise not_found()
    if row.actor_id != call.actor.id:
        raise Forbidden(
            Label({"en": "Only who wrote a comment changes it.", "zh": "只能修改自己的评论。"})
        )
    if call.incoming.version is not None and call.incoming.version != row.version:
        raise stale(row.version)
    return comment(row)


def names_in(text: str) -> tuple[str, ...]:
    """Return the user names that a text mentions, each once, as they are written."""
    found = (match[1].rstrip(".-+") for match in MENTION.finditer(text))
    return tuple(dict.fromkeys(name for name in found if name))[:MOST_MENTIONS]


def mentioned(
    work: Work, plan: WritePlan, text: str
) -> tuple[tuple[Account, ...], tuple[str, ...]]:
    """Return the accounts that a text names and that may read the record, and the other names."""
    names = names_in(text)
    known = accounts.by_usernames(work.connection, names)
    call = plan.call
    told = _talk.readers(work.connection, work.runtime, call.entity, call.record_id, known)
    heard = {account.username.casefold() for account in told}
    return told, tuple(name for name in names if name.casefold() not in heard)


def named(told: Iterable[Account]) -> dict[str, int]:
    """Return accounts as a comment keeps them."""
    return {account.username: account.id for account in told}
