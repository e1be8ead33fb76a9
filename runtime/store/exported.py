"""How many rows somebody took out today, by entity: one row a person, counted before they leave.

Comes in: the connection of a transaction. Goes out: whether so many more may leave; if they may,
they are counted in it, so that two exports at once share what is left. What was counted and not
fetched to its end stays counted: nobody knows what a browser kept of it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

KEY = "exported"
"""Of `sw_setting`; its value is the day and the rows of each entity."""
LOCK = 7306
"""The number under which exports of one person wait for each other on PostgreSQL."""


def take(
    connection: sa.Connection,
    setting: sa.Table,
    user_id: int,
    entity: str,
    rows: int,
    most: int,
    now: datetime,
    today: date,
    once: str = "",
) -> int | None:
    """Count rows that are to leave.

    Args:
        connection: inside a transaction of `runtime.store.engine.write`.
        setting: the table `sw_setting`.
        user_id: who takes them.
        entity: of the rows.
        rows: how many.
        most: how many may leave on one day.
        now: the moment.
        today: the day of the shop.
        once: what they are counted for; a second time that day is not counted, so that a run
            which is begun again takes nothing more.

    Returns:
        None when they may leave and are counted; how many are left today when they may not.

    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.literal(LOCK), user_id)))
    mine = sa.and_(setting.c.user_id == user_id, setting.c.key == KEY)
    found = connection.execute(sa.select(setting.c.value).where(mine)).scalar()
    known: dict[str, Any] = found if isinstance(found, dict) else {}
    is_today = known.get("day") == today.isoformat()
    taken = dict(known.get("rows", {})) if is_today else {}
    counted = list(known.get("once", ())) if is_today else []
    if once and once in counted:
        return None
    left = max(0, most - int(taken.get(entity, 0)))
    if rows > left:
        return left
    taken[entity] = int(taken.get(entity, 0)) + rows
    value: dict[str, Any] = {"day": today.isoformat(), "rows": taken}
    value["once"] = [*counted, once] if once else counted
    connection.execute(setting.delete().where(mine))
    connection.execute(
        setting.insert().values(user_id=user_id, key=KEY, value=value, updated_at=now)
    )
    return None
