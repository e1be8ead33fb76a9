"""What people may see of alerts and do about them: rights first, then one statement each.

An alert is seen and taken on by the roles that it tells. Which record one is about is shown by its
title, to who may read that record today.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from generator.model.alert import Alert
from generator.model.text import Label
from rules.role_names import closure
from runtime.errors import Conflict, NotFound
from runtime.messages import Actor, Incoming, Result
from runtime.pipeline import handle
from runtime.runtime import Runtime
from runtime.store.engine import read, write
from runtime.store.trail import Note, Trail

ABOUT = "@alert"
"""What the audit calls alerts: no entity can have that name."""
NO_ALERT = Label({"en": "There is no such alert.", "zh": "没有这个预警。"})
TAKEN = Label({"en": "It has ended, or somebody took it on.", "zh": "该预警已结束或已有人处理。"})
OPERATING = frozenset({"operate:*", "*:*"})
"""Scopes of a token that sees alerts and takes them on."""
LOOKS, ENDED = 200, 50
"""Looks that a page tells, and ended alerts."""
MOST_IDS = 200
"""Records that are looked up at once."""


@dataclass(frozen=True)
class AlertState:
    """An alert and how it stands."""

    alert: Alert
    open: int
    taken: int
    last: Any
    """Its latest look as a row; None before the first."""


def seen_by(runtime: Runtime, actor: Actor) -> tuple[Alert, ...]:
    """Return the alerts that somebody sees; asks no database."""
    if actor.scopes is not None and not actor.scopes & OPERATING:
        return ()
    held = frozenset().union(*(closure(role, runtime.app.roles) for role in actor.roles))
    return tuple(one for one in runtime.app.alerts.values() if held & {*one.seers})


def alert_of(runtime: Runtime, actor: Actor, name: str) -> Alert:
    """Return an alert that somebody sees.

    Raises:
        NotFound: there is none of that name, or not for them.

    """
    found = next((one for one in seen_by(runtime, actor) if one.name == name), None)
    if found is None:
        raise NotFound(NO_ALERT)
    return found


def states(runtime: Runtime, actor: Actor) -> tuple[AlertState, ...]:
    """Return the alerts somebody sees with how many stand: two statements."""
    alerts = seen_by(runtime, actor)
    if not alerts:
        return ()
    names = [one.name for one in alerts]
    table, looks = runtime.system.alert, runtime.system.alert_look
    counted = (
        sa.select(table.c.alert, sa.func.count(), sa.func.count(table.c.taken_at))
        .where(table.c.alert.in_(names), table.c.ended_at.is_(None))
        .group_by(table.c.alert)
    )
    latest = sa.select(sa.func.max(looks.c.id)).where(looks.c.alert.in_(names))
    latest = latest.group_by(looks.c.alert)
    with read(runtime.engine) as connection:
        counts = {row[0]: (row[1], row[2]) for row in connection.execute(counted)}
        found = connection.execute(sa.select(looks).where(looks.c.id.in_(latest)))
        last = {row.alert: row for row in found}
    return tuple(
        AlertState(one, *counts.get(one.name, (0, 0)), last.get(one.name)) for one in alerts
    )


def standing(runtime: Runtime, name: str, limit: int = 200) -> Sequence[Any]:
    """Return the open alerts of a name, the oldest first."""
    table = runtime.system.alert
    asked = sa.select(table).where(table.c.alert == name, table.c.ended_at.is_(None))
    with read(runtime.engine) as connection:
        return list(connection.execute(asked.order_by(table.c.opened_at, table.c.id).limit(limit)))


def ended(runtime: Runtime, name: str) -> Sequence[Any]:
    """Return the alerts of a name that ended lately, newest first."""
    table = runtime.system.alert
    asked = sa.select(table).where(table.c.alert == name, table.c.ended_at.is_not(None))
    with read(runtime.engine) as connection:
        return list(connection.execute(asked.order_by(table.c.ended_at.desc()).limit(ENDED)))


def looks(runtime: Runtime, name: str) -> Sequence[Any]:
    """Return the latest looks at an alert, in order."""
    table = runtime.system.alert_look
    asked = sa.select(table).where(table.c.alert == name).order_by(table.c.id.desc()).limit(LOOKS)
    with read(runtime.engine) as connection:
        return list(connection.execute(asked))[::-1]


def readable(
    runtime: Runtime, actor: Actor, alert: Alert, rows: Sequence[Any], names: Sequence[str]
) -> list[dict[str, Any]]:
    """Return rows of an alert; which record one is about, only to who may read that record today.

    One statement for all records.
    """
    found = {str(row.subject) for row in rows if row.subject}
    known: set[str] = set()
    if found:
        ids = (",".join(sorted(found)[:MOST_IDS]),)
        query = {"ids": ids, "fields": ("id",), "limit": (str(MOST_IDS),), "archived": ("all",)}
        answer = handle(Incoming("list", alert.entity, actor, query=query), runtime)
        known = {str(row[0]) for row in answer.rows} if isinstance(answer, Result) else set()
    return [
        {name: getattr(row, name) for name in names}
        | {"subject": row.subject if row.subject in known else ""}
        for row in rows
    ]


def take_on(runtime: Runtime, trail: Trail, name: str, one: str, note: str) -> None:
    """Note that somebody looks after an open alert.

    Raises:
        NotFound: there is no such alert, or not for them.
        Conflict: it has ended, or somebody took it on.

    """
    actor = trail.actor
    assert actor is not None, "whoever is not signed in was asked to before"
    alert_of(runtime, actor, name)
    table = runtime.system.alert
    with write(runtime.engine) as connection:
        taken = (
            table.update()
            .where(
                table.c.id == one,
                table.c.alert == name,
                table.c.ended_at.is_(None),
                table.c.taken_at.is_(None),
            )
            .values(
                taken_at=runtime.clock(),
                taken_by=actor.id,
                taken_name=actor.name[:200],
                note=note[:500] or None,
            )
            .returning(table.c.id)
        )
        if connection.execute(taken).first() is None:
            raise Conflict(TAKEN)
        trail.write(connection, Note("alert_taken", ABOUT, one, name, reason=note[:500]))
