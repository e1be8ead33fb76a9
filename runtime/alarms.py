"""What looks like somebody carrying data away is told to whoever administers.

Comes in: an export that was refused because the day's rows are used up, or that is one of too many
in an hour. Goes out: a notice to every administrator but the one it is about, at most once an hour
for each person, so that a flood is one line. The audit holds each of them by itself.
"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from rules.role_names import ANY
from runtime.messages import Actor
from runtime.notifications import Notice, notify
from runtime.runtime import Runtime
from runtime.store import accounts
from runtime.store.engine import write

EXPORTS = "many_exports"
MOST_AN_HOUR = 20
"""Exports of one person in an hour that nobody is told of."""
HOUR = timedelta(hours=1)


def administering(runtime: Runtime) -> tuple[str, ...]:
    """Return the roles that may do everything with everything."""
    return tuple(
        name
        for name in runtime.app.roles
        if "delete" in runtime.matrix.actions(frozenset({name}), ANY)
    )


def count_exports(runtime: Runtime, actor: Actor | None, entity: str, *, refused: bool) -> None:
    """Tell of an export that was refused for its rows, and of too many in an hour."""
    if actor is None or not actor.id:
        return
    audit, now = runtime.system.audit.c, runtime.clock()
    lately = sa.select(sa.func.count()).where(
        audit.actor_id == actor.id, audit.operation == "export", audit.at > now - HOUR
    )
    told = runtime.system.notification
    with write(runtime.engine) as connection:
        many = int(connection.execute(lately).scalar_one())
        if not refused and many <= MOST_AN_HOUR:
            return
        requests = runtime.system.role_request
        people = accounts.numbers_holding(connection, administering(runtime), requests, now)
        known = sa.select(told.c.user_id).where(
            told.c.user_id.in_(people),
            told.c.kind == EXPORTS,
            told.c.actor_id == actor.id,
            told.c.created_at > now - HOUR,
        )
        heard = set(connection.execute(known).scalars())
        notices = [
            Notice(
                one,
                EXPORTS,
                title=entity,
                params={"exports": many, "refused": refused},
                actor_id=actor.id,
                actor_name=actor.name,
            )
            for one in people
            if one not in heard
        ]
        notify(connection, runtime, notices, now)
