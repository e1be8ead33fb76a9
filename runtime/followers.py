"""Followers are told what somebody else did to a record: events in, notices out.

Called with every batch that the relay takes out of the outbox, in the relay's transaction: a write
pays nothing for being followed, and an event is told once. Whether a follower may read the record
is asked at that moment, so nobody hears of what is out of their reach by now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

import sqlalchemy as sa

from runtime.jobs.outbox import OutboxRow
from runtime.notifications import Notice, notify
from runtime.operations import _talk
from runtime.runtime import Runtime
from runtime.store import accounts
from runtime.store.accounts import Account

QUIET = frozenset({"create", "edit_comment", "delete_comment", "detach"})
"""Operations nobody is told of."""
KINDS = {"comment": "comment", "attach": "attach", "delete": "delete", "restore": "restore"}
"""What a notice is called, by operation; everything else is a change."""


def tell(connection: sa.Connection, runtime: Runtime, rows: Sequence[OutboxRow]) -> int:
    """Write the notices of these events; return how many.

    Two statements a batch, and one for each follower whose right depends on the record.
    """
    told = [row for row in rows if row.record_id and row.topic.partition(".")[2] not in QUIET]
    told = [row for row in told if row.entity in runtime.app.entities]
    followers = _followers(connection, runtime, told)
    if not followers:
        return 0
    every = {user for users in followers.values() for user in users}
    known = {one.id: one for one in accounts.by_ids(connection, every)}
    notices = []
    for row in told:
        wanted = [
            known[user]
            for user in followers.get((row.entity, str(row.record_id)), ())
            if user in known and user not in (row.payload or {}).get("told", ())
        ]
        notices += _notices(connection, runtime, row, wanted)
    return notify(connection, runtime, notices, runtime.clock())


def _followers(
    connection: sa.Connection, runtime: Runtime, rows: Sequence[OutboxRow]
) -> Mapping[tuple[str, str], tuple[int, ...]]:
    """Return who follows the records of events: one statement."""
    table = runtime.system.follow
    pairs = sorted({(row.entity, str(row.record_id)) for row in rows})
    if not pairs:
        return {}
    places = [
        sa.and_(table.c.entity == entity, table.c.record_id.in_([one for _, one in same]))
        for entity, same in groupby(pairs, key=lambda pair: pair[0])
    ]
    statement = sa.select(table.c.entity, table.c.record_id, table.c.user_id).where(sa.or_(*places))
    found: dict[tuple[str, str], tuple[int, ...]] = {}
    for row in connection.execute(statement.order_by(table.c.user_id)):
        place = (row.entity, str(row.record_id))
        found[place] = (*found.get(place, ()), row.user_id)
    return found


def _notices(
    connection: sa.Connection, runtime: Runtime, row: OutboxRow, wanted: Sequence[Account]
) -> list[Notice]:
    payload = row.payload or {}
    by = int(payload.get("by") or 0)
    others = [account for account in wanted if account.id != by]
    entity, record_id = runtime.app.entities[row.entity], str(row.record_id)
    allowed = _talk.readers(connection, runtime, entity, record_id, others)
    kind = KINDS.get(row.topic.partition(".")[2], "change")
    params = {name: payload[name] for name in ("comment", "text") if name in payload}
    return [
        Notice(
            account.id,
            kind,
            row.entity,
            record_id,
            params=params,
            actor_id=by,
            actor_name=str(payload.get("name") or ""),
        )
        for account in allowed
    ]
