"""What happened becomes a delivery for each subscription that listens: events in, rows out.

Called with every batch that the relay takes out of the outbox, in the relay's transaction, so an
event is spread if and only if it leaves the outbox, by whichever relay; given twice, it is one
delivery, because a subscription has one row an event. A change pays nothing for it: its event
stands in the outbox whoever listens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from runtime.hooks import subscriptions
from runtime.hooks.subscriptions import (
    ALERTS,
    CREATED,
    DELETED,
    RESTORED,
    TOLD,
    TRANSITIONED,
    UPDATED,
    Subscription,
)
from runtime.jobs.outbox import OUTBOX, OutboxRow
from runtime.runtime import Runtime
from runtime.store.hook_tables import WAITING

EVENT_OF: Mapping[str, str] = {
    "create": CREATED,
    "update": UPDATED,
    "erase": UPDATED,
    "delete": DELETED,
    "restore": RESTORED,
    "transition": TRANSITIONED,
}
"""By operation, as the topic of an event ends with it; what else is done beside a record is not
told."""
NOTIFY = "workflow.notify"
"""The topic of an event by which a workflow tells people something of a record."""
AT_ONCE = 500
MOST = 20_000
"""Events of a span that are told again at once."""


def spread(connection: sa.Connection, runtime: Runtime, rows: Sequence[OutboxRow]) -> int:
    """Write the deliveries of these events; return how many. One statement where nobody listens."""
    if not any(event_of(row) for row in rows):
        return 0
    hooks = subscriptions.listening(connection, runtime)
    return _write(connection, runtime, [(one, row) for row in rows for one in hooks], again=False)


def replay(
    connection: sa.Connection, runtime: Runtime, one: Subscription, since: datetime, until: datetime
) -> int:
    """Let what happened in a span be told again, under the ids it has or would have had.

    What a subscription did not hear, because it was off or did not exist yet, is told too, as far
    back as events are kept. Returns how many deliveries wait now.
    """
    columns = [OUTBOX.c[name] for name in OutboxRow.__dataclass_fields__]
    asked = (
        sa.select(*columns)
        .where(
            OUTBOX.c.entity == one.entity,
            OUTBOX.c.created_at >= since,
            OUTBOX.c.created_at < until,
        )
        .order_by(OUTBOX.c.id)
        .limit(MOST)
    )
    rows = [OutboxRow(*row) for row in connection.execute(asked)]
    return _write(connection, runtime, [(one, row) for row in rows], again=True)


def event_of(row: OutboxRow) -> str:
    """Return what an event is called for subscriptions; '' when none can be about it."""
    if row.topic == NOTIFY:
        return TOLD if row.record_id else ""
    name, _, operation = row.topic.rpartition(".")
    if not row.record_id or name != row.entity:
        return ""
    return operation if row.entity == ALERTS else EVENT_OF.get(operation, "")


def _write(
    connection: sa.Connection,
    runtime: Runtime,
    pairs: Iterable[tuple[Subscription, OutboxRow]],
    *,
    again: bool,
) -> int:
    now = runtime.clock()
    made = [
        _row(runtime, one, row, now)
        for one, row in pairs
        if row.entity == one.entity and one.matches(event_of(row), row.payload or {})
    ]
    table = runtime.system.hook_delivery
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    for first in range(0, len(made), AT_ONCE):
        statement = insert(table).values(made[first : first + AT_ONCE])
        same = ["hook_id", "outbox_id"]
        if again:
            renewed = {"status": WAITING, "why": None, "attempts": 0, "next_at": now}
            written = statement.on_conflict_do_update(
                index_elements=same, set_={**renewed, "settled_at": None}
            )
            connection.execute(written)
        else:
            connection.execute(statement.on_conflict_do_nothing(index_elements=same))
    return len(made)


def _told(row: OutboxRow) -> dict[str, Any]:
    """Return what is kept of an event for whoever tells it."""
    payload = row.payload or {}
    if row.topic == NOTIFY:
        return {"message": payload.get("name"), "by": payload.get("by")}
    return {key: value for key, value in payload.items() if key != "name"}


def _row(runtime: Runtime, one: Subscription, row: OutboxRow, now: datetime) -> dict[str, Any]:
    return {
        "id": runtime.make_id(),
        "hook_id": one.id,
        "outbox_id": row.id,
        "event": event_of(row),
        "entity": row.entity,
        "record_id": str(row.record_id),
        "told": _told(row),
        "happened_at": row.created_at,
        "created_at": now,
        "status": WAITING,
        "attempts": 0,
        "next_at": now,
    }
