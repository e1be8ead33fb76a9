"""Deliveries as people and incidents look at them: one or many again, and what became of each.

Comes in: ids and bounds that were checked. Goes out: rows, newest first. A delivery that is told
again keeps its id, so a receiver that has it already knows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from runtime.hooks import sending
from runtime.hooks.subscriptions import Subscription
from runtime.hooks.telling import TEST, Delivery
from runtime.outside import incidents
from runtime.runtime import Runtime
from runtime.store.engine import read, write
from runtime.store.hook_tables import DEAD, LEFT, SENT, WAITING

STATUSES = (WAITING, SENT, LEFT, DEAD)
PAGE = 50


def again(connection: sa.Connection, runtime: Runtime, delivery_id: str) -> bool:
    """Let a delivery that is over be told again; False when it waits already, or was a test."""
    table = runtime.system.hook_delivery
    renewed = {"status": WAITING, "why": None, "attempts": 0, "settled_at": None}
    changed = (
        table.update()
        .where(table.c.id == delivery_id, table.c.status != WAITING, table.c.event != TEST)
        .values(**renewed, next_at=runtime.clock())
        .returning(table.c.id)
    )
    if connection.execute(changed).first() is None:
        return False
    incidents.close_about(connection, runtime, incidents.HOOK, delivery_id, "retry")
    return True


def listed(
    runtime: Runtime, hook_id: str, *, status: str = "", before: str = "", limit: int = PAGE
) -> Sequence[Any]:
    """Return deliveries of a subscription, the newest first: one statement."""
    table = runtime.system.hook_delivery
    asked = sa.select(table).where(table.c.hook_id == hook_id)
    if status:
        asked = asked.where(table.c.status == status)
    if before:
        asked = asked.where(table.c.id < before)
    with read(runtime.engine) as connection:
        return list(connection.execute(asked.order_by(table.c.id.desc()).limit(limit)))


def counts(runtime: Runtime) -> dict[tuple[str, str], int]:
    """Return how many deliveries wait and are dead, by subscription and status: one statement."""
    table = runtime.system.hook_delivery
    asked = (
        sa.select(table.c.hook_id, table.c.status, sa.func.count())
        .where(table.c.status.in_((WAITING, DEAD)))
        .group_by(table.c.hook_id, table.c.status)
    )
    with read(runtime.engine) as connection:
        return {(str(row[0]), str(row[1])): int(row[2]) for row in connection.execute(asked)}


def found(runtime: Runtime, hook_id: str, delivery_id: str) -> tuple[Any, Sequence[Any]] | None:
    """Return a delivery with its tries, the last first; None when there is none."""
    table, tries = runtime.system.hook_delivery, runtime.system.hook_attempt
    asked = sa.select(table).where(table.c.id == delivery_id, table.c.hook_id == hook_id)
    of_it = sa.select(tries).where(tries.c.delivery_id == delivery_id).order_by(tries.c.id.desc())
    with read(runtime.engine) as connection:
        row = connection.execute(asked).first()
        return None if row is None else (row, list(connection.execute(of_it)))


def test(runtime: Runtime, one: Subscription) -> str:
    """Send a message that says nothing, now and once; return its delivery."""
    now = runtime.clock()
    delivery = Delivery(runtime.make_id(), one.id, TEST, one.entity, "", {}, now, 1)
    row = {name: getattr(delivery, name) for name in Delivery.__dataclass_fields__}
    more = {
        "outbox_id": delivery.id,
        "created_at": now,
        "status": WAITING,
        "next_at": now,
        # nobody else sends it, also where this process dies
        "lease_until": now + timedelta(days=36_500),
    }
    with write(runtime.engine) as connection:
        connection.execute(runtime.system.hook_delivery.insert().values(**row, **more))
    sending.send(runtime, sending.Taken(one, delivery))
    return delivery.id
