"""`notify`: what somebody shall be told becomes a row, in the caller's transaction.

A notice is facts, never a sentence and never an address: `kind` says what happened (mention,
comment, change, …), `params` what a sentence about it needs, and whoever shows it words it in the
reader's language. About a record only its entity and id are kept, because a notice outlives rights:
the bell looks the record's title up through what its reader may read on that day, and shows nothing
of a record, nor of `params`, to somebody who may not read it any more. `title` is for notices that
are about no record, such as a job.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from runtime.store import inserts

LONGEST_EXCERPT = 140
"""Characters of a comment that a notice repeats."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that one person shall be told."""

    user_id: int
    """The id in `ab_user`."""
    kind: str
    """mention, comment, change, create, delete, restore or a name of the notifier's own."""
    entity: str = ""
    record_id: str = ""
    title: str = ""
    """What it is about when that is no record."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """Small facts for the sentence: `text` is an excerpt, `comment` the id of a comment."""
    actor_id: int = 0
    """Who did it; 0 for the system."""
    actor_name: str = ""


def notify(
    connection: sa.Connection,
    table: sa.Table,
    notices: Sequence[Notice],
    now: datetime,
    make_id: Callable[[], str],
) -> int:
    """Write notices into the caller's transaction: one statement; return how many.

    Args:
        connection: a connection that may write.
        table: `runtime.system.notification`.
        notices: whoever did something is not told of it; such notices are left out.
        now: aware UTC.
        make_id: `runtime.make_id`.

    """
    told = [one for one in notices if one.user_id and one.user_id != one.actor_id]
    rows = [
        {
            "id": make_id(),
            "user_id": one.user_id,
            "kind": one.kind,
            "entity": one.entity or None,
            "record_id": one.record_id or None,
            "title": one.title[:500] or None,
            "params": dict(one.params),
            "actor_id": one.actor_id or None,
            "actor_name": one.actor_name or None,
            "created_at": now,
            "read_at": None,
        }
        for one in told
    ]
    if rows:
        inserts.insert_many(connection, table, rows)
    return len(rows)


def excerpt(text: str) -> str:
    """Return the beginning of a text, on one line."""
    short = " ".join(text.split())
    return short if len(short) <= LONGEST_EXCERPT else short[: LONGEST_EXCERPT - 1] + "…"
