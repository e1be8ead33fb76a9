"""Reviews by themselves: one begins when it is time, and what nobody answered is suspended.

Comes in: the clock, once an hour, from as many processes as there are. Goes out: a review and a
notice to whoever administers; after its days each line that waits is suspended, its holder is told,
and the review is closed. The last administrator is left, with a line that stays open.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from rules.administering import PEOPLE, roles_with
from runtime.messages import Actor
from runtime.notifications import Notice, notify
from runtime.runtime import Runtime
from runtime.store import accounts
from runtime.store import reviews as store
from runtime.store.engine import write
from runtime.store.reviews import Review
from runtime.store.trail import Trail
from runtime.web.people import reviewing
from runtime.web.people.holding import LastAdministrator

LOCK = 7311
"""The advisory lock of PostgreSQL that whoever begins a review holds; no other program uses it."""

log = logging.getLogger(__name__)


def tidy(runtime: Runtime) -> int:
    """Begin a review if it is time, suspend what waited too long; return how much was done."""
    if runtime.app.reviews is None:
        return 0
    trail = Trail(runtime, Actor(0, "system", frozenset(), kind="system"), "job")
    names = roles_with(runtime.matrix, PEOPLE)
    done = 0
    for one in store.every(runtime.engine, reviewing.tables(runtime)):
        done += _close_late(trail, one, names)
    return done + _begin_due(trail, names)


def _close_late(trail: Trail, one: Review, administrators: Collection[str]) -> int:
    runtime = trail.runtime
    end = reviewing.deadline(runtime, one)
    if one.closed_at is not None or end is None or runtime.clock() < end:
        return 0
    done = 0
    lines = store.lines_of(runtime.engine, runtime.system.review_line, one.id)
    for line in reviewing.open_lines(lines):
        try:
            done += reviewing.suspend(trail, line, administrators)
        except LastAdministrator:
            log.warning("review %s: %s administers alone and is left", one.id, line.user_name)
    reviewing.close(trail, one.id)
    return done


def _begin_due(trail: Trail, administrators: Collection[str]) -> int:
    """Begin a review in the months after the last one, or after the shop began; one at a time."""
    runtime = trail.runtime
    with write(runtime.engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.literal(LOCK))))
        if not _is_due(connection, runtime):
            return 0
        review = reviewing.begin_within(connection, trail)
        requests, now = runtime.system.role_request, runtime.clock()
        people = accounts.numbers_holding(connection, administrators, requests, now)
        told = [Notice(one, "review_began", params={"review": review}) for one in people]
        notify(connection, runtime, told, now)
    return 1


def _is_due(connection: sa.Connection, runtime: Runtime) -> bool:
    review, release, how = runtime.system.review, runtime.system.release, runtime.app.reviews
    assert how is not None
    runs = sa.select(review.c.id).where(review.c.closed_at.is_(None)).limit(1)
    if connection.execute(runs).first() is not None:
        return False
    latest = connection.execute(sa.select(sa.func.max(review.c.created_at))).scalar()
    latest = latest or connection.execute(sa.select(sa.func.min(release.c.applied_at))).scalar()
    if latest is None:
        return False
    here = ZoneInfo(runtime.app.time_zone)
    return _month(runtime.clock(), here) - _month(latest, here) >= how.months


def _month(moment: datetime, here: ZoneInfo) -> int:
    there = moment.astimezone(here)
    return there.year * 12 + there.month
