"""Deliveries leave: taken under a lease, told, posted, settled; one after the other.

`wake` queues a run for each subscription that has something to send and nobody at it. The run takes
the oldest delivery whose record has no older one waiting, so what happened to a record is told in
its order, while another record does not wait for one that is refused. Whoever dies between taking
and settling leaves a lease that ends: the delivery is sent again under the same id, and that is all
that is ever sent twice. A receiver that cannot be reached is let alone for a while as a whole.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from runtime.hooks import signing, subscriptions
from runtime.hooks.posting import NOT_HTTPS, Posted, post
from runtime.hooks.subscriptions import Subscription
from runtime.hooks.telling import TEST, Body, Delivery, Left, Stopped, message, owner_of
from runtime.jobs import runs
from runtime.jobs.outbox import LONGEST_DELAY, OUTBOX, back_off
from runtime.jobs.tables import LOG, RUN
from runtime.notifications import HOOK, Notice, notify
from runtime.outside import incidents
from runtime.runtime import Runtime
from runtime.store.engine import read, write
from runtime.store.hook_tables import DEAD, LEFT, ON, PAUSED, SENT, WAITING

JOB = "send_hooks"
QUEUE = "default"
KIND = "webhook_dead"
"""What the incident of a dead delivery is called."""
PAUSES = (5, 60, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds until a delivery is tried again; after the last one it is dead: three days in all."""
LEASE = timedelta(seconds=60)
AT_IT = 20.0
"""Seconds that a run is at one subscription before others have their turn."""
MANY, LONG = 10, timedelta(hours=24)
"""Failures in a row, and since when, after which a subscription is paused."""
UNREACHABLE = frozenset({0, 429, 502, 503, 504})
"""Answers that say nothing of this message: the receiver as a whole is let alone."""
OWNER, FAILING, GONE, UNSEALED = "owner", "failing", "gone", "secret"
"""Why a subscription is paused."""
LONGEST_BODY = 8192
KEPT_FOR = timedelta(days=30)
KEEP_RUNS = timedelta(days=1)


@dataclass(frozen=True)
class Taken:
    """A delivery that nobody else sends for a minute."""

    hook: Subscription
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Tried:
    """One try: what was sent and what came of it."""

    headers: Mapping[str, str]
    body: bytes
    posted: Posted


def wake(runtime: Runtime) -> int:
    """Queue a run for each subscription that has something to send; return how many."""
    table, now = runtime.system.hook, runtime.clock()
    idle = (
        table.c.state == ON,
        sa.or_(table.c.hold_until.is_(None), table.c.hold_until <= now),
        sa.or_(table.c.lease_until.is_(None), table.c.lease_until < now),
    )
    asked = sa.select(table.c.id).where(*idle, sa.exists(_due(runtime, now, table.c.id)))
    with read(runtime.engine) as connection:
        found = list(connection.execute(asked).scalars())
    queued = 0
    for hook_id in found:
        with write(runtime.engine) as connection:
            mine = (
                table.update()
                .where(table.c.id == hook_id, *idle)
                .values(lease_until=now + LEASE)
                .returning(table.c.id)
            )
            if connection.execute(mine).first() is None:
                continue
            run = runs.NewRun(JOB, QUEUE, {"hook": str(hook_id)}, max_attempts=3)
            runs.create(connection, run, now)
            queued += 1
    return queued


def drain(runtime: Runtime, hook_id: str, seconds: float = AT_IT) -> int:
    """Send what a subscription has to send, for a while; return how many were tried."""
    done, end = 0, time.monotonic() + seconds
    while (taken := _take(runtime, hook_id)) is not None:
        send(runtime, taken)
        done += 1
        if time.monotonic() > end:
            break
    _let_go(runtime, hook_id)
    return done


def send(runtime: Runtime, taken: Taken) -> None:
    """Tell one delivery and write down what came of it."""
    one, delivery = taken.hook, taken.delivery
    owner = owner_of(runtime, one)
    if owner is None:
        _pause(runtime, taken, OWNER)
        return
    said = message(runtime, one, delivery, owner)
    if isinstance(said, Stopped):
        _pause(runtime, taken, said.why)
    elif isinstance(said, Left):
        _settle(runtime, taken, LEFT, said.why, None)
    else:
        _post(runtime, taken, said)


def forget(runtime: Runtime) -> None:
    """Forget what was settled long ago, with its bodies: they tell of people."""
    system, before = runtime.system, runtime.clock() - KEPT_FOR
    with write(runtime.engine) as connection:
        old = sa.select(system.hook_delivery.c.id).where(system.hook_delivery.c.settled_at < before)
        of_old = system.hook_attempt.c.delivery_id.in_(old)
        connection.execute(system.hook_attempt.delete().where(of_old))
        connection.execute(
            system.hook_delivery.delete().where(system.hook_delivery.c.settled_at < before)
        )
        # what a run did stands in the deliveries, so it needs no keeping
        soon = runtime.clock() - KEEP_RUNS
        done = (RUN.c.job == JOB, RUN.c.state == "succeeded", RUN.c.finished_at < soon)
        connection.execute(LOG.delete().where(LOG.c.run_id.in_(sa.select(RUN.c.id).where(*done))))
        connection.execute(RUN.delete().where(*done))


def _due(runtime: Runtime, now: datetime, hook_id: Any) -> Any:
    """Return what finds deliveries of a subscription that may be sent now.

    One whose record has an older one waiting, here or still in the outbox with a relay, is not.
    """
    table = runtime.system.hook_delivery
    older, event = table.alias(), OUTBOX.alias()
    # written and not bound, so that the index over what waits is known to be the one
    waits: sa.ColumnElement[str] = sa.literal_column(f"'{WAITING}'")
    before = sa.select(older.c.id).where(
        older.c.hook_id == table.c.hook_id,
        older.c.record_id == table.c.record_id,
        older.c.entity == table.c.entity,
        older.c.status == waits,
        older.c.outbox_id < table.c.outbox_id,
    )
    coming = sa.select(event.c.id).where(
        event.c.entity == table.c.entity,
        event.c.record_id == table.c.record_id,
        event.c.id < table.c.outbox_id,
        event.c.sent_at.is_(None),
        event.c.topic.startswith(table.c.entity + "."),
    )
    return sa.select(table).where(
        table.c.hook_id == hook_id,
        table.c.status == waits,
        table.c.next_at <= now,
        sa.or_(table.c.lease_until.is_(None), table.c.lease_until < now),
        ~sa.exists(before),
        ~sa.exists(coming),
    )


def _take(runtime: Runtime, hook_id: str) -> Taken | None:
    """Take the next delivery of a subscription; None when nothing is to be sent now."""
    table, system, now = runtime.system.hook_delivery, runtime.system, runtime.clock()
    with write(runtime.engine) as connection:
        one = subscriptions.find(connection, runtime, hook_id, lock=True)
        if one is None or one.state != ON or (one.hold_until and one.hold_until > now):
            return None
        asked = _due(runtime, now, hook_id).order_by(table.c.outbox_id).limit(1)
        row = connection.execute(asked).first()
        if row is None:
            return None
        until = now + LEASE
        connection.execute(
            table.update()
            .where(table.c.id == row.id)
            .values(lease_until=until, attempts=row.attempts + 1)
        )
        connection.execute(
            system.hook.update().where(system.hook.c.id == hook_id).values(lease_until=until)
        )
        names = Delivery.__dataclass_fields__
        values = {name: getattr(row, name) for name in names}
        return Taken(one, Delivery(**{**values, "attempts": row.attempts + 1}))


def _let_go(runtime: Runtime, hook_id: str) -> None:
    table = runtime.system.hook
    with write(runtime.engine) as connection:
        connection.execute(table.update().where(table.c.id == hook_id).values(lease_until=None))


def _post(runtime: Runtime, taken: Taken, said: Body) -> None:
    one, outside = taken.hook, runtime.outside
    valid = subscriptions.valid_secrets(runtime, one)
    if not valid:
        _pause(runtime, taken, UNSEALED)
        return
    headers = signing.headers(valid, taken.delivery.message_id, runtime.clock(), said.content)
    if outside.production and not one.url.startswith("https://"):
        posted = Posted(code=NOT_HTTPS)
    else:
        posted = post(one.url, headers, said.content, outside.allowed)
    tried = Tried(headers, said.content, posted)
    if posted.is_taken:
        _settle(runtime, taken, SENT, "", tried)
    else:
        _failed(runtime, taken, tried)


def _settle(runtime: Runtime, taken: Taken, status: str, why: str, tried: Tried | None) -> None:
    """Write down that a delivery is over; of one that was sent, that the receiver is well."""
    system, now = runtime.system, runtime.clock()
    with write(runtime.engine) as connection:
        _write_down(connection, runtime, taken, tried)
        values = {"status": status, "why": why or None, "settled_at": now, "lease_until": None}
        _change(connection, runtime, taken, values)
        if status == SENT:
            well = {"failures": 0, "failing_since": None, "hold_until": None, "sent_at": now}
            connection.execute(
                system.hook.update().where(system.hook.c.id == taken.hook.id).values(well)
            )
            incidents.close_about(connection, runtime, incidents.HOOK, taken.delivery.id, "done")


def _failed(runtime: Runtime, taken: Taken, tried: Tried) -> None:
    """Write down a try that came to nothing: again later, or dead, or the subscription paused."""
    now, delivery, posted = runtime.clock(), taken.delivery, tried.posted
    code = posted.code or f"http_{posted.status}"
    with write(runtime.engine) as connection:
        _write_down(connection, runtime, taken, tried)
        one = subscriptions.find(connection, runtime, taken.hook.id, lock=True)
        if one is None:
            return
        is_last = delivery.attempts > len(PAUSES) or delivery.event == TEST
        values: dict[str, object] = {"why": code[:40], "lease_until": None}
        if is_last:
            values |= {"status": DEAD, "settled_at": now}
        else:
            values["next_at"] = now + _pause_of(delivery)
        is_ours = _change(connection, runtime, taken, values)
        if delivery.event == TEST:
            return
        if is_last and is_ours:
            _open(connection, runtime, taken, code)
        _let_alone(connection, runtime, one, posted)


def _change(
    connection: sa.Connection, runtime: Runtime, taken: Taken, values: Mapping[str, object]
) -> bool:
    """Write what became of a delivery; False when its lease ended and somebody else took it."""
    table = runtime.system.hook_delivery
    changed = (
        table.update()
        .where(
            table.c.id == taken.delivery.id,
            table.c.attempts == taken.delivery.attempts,
            table.c.status == WAITING,
        )
        .values(values)
        .returning(table.c.id)
    )
    return connection.execute(changed).first() is not None


def _let_alone(
    connection: sa.Connection, runtime: Runtime, one: Subscription, posted: Posted
) -> None:
    """Count a failure of a subscription; let its receiver alone for a while, or until a person."""
    now = runtime.clock()
    failures, since = one.failures + 1, one.failing_since or now
    values: dict[str, object] = {"failures": failures, "failing_since": since}
    if posted.status in UNREACHABLE:
        values["hold_until"] = now + max(back_off(min(failures, 9)), _asked_for(posted))
    table = runtime.system.hook
    connection.execute(table.update().where(table.c.id == one.id).values(values))
    if posted.status == 410:
        _stop(connection, runtime, one, GONE)
    elif failures >= MANY and now - since >= LONG:
        _stop(connection, runtime, one, FAILING)


def _asked_for(posted: Posted) -> timedelta:
    """Return how long the receiver asks to be let alone, an hour at most."""
    text = posted.headers.get("retry-after", "")
    if not re.fullmatch(r"[0-9]{1,6}", text):
        return timedelta(0)
    return min(timedelta(seconds=int(text)), LONGEST_DELAY)


def _pause_of(delivery: Delivery) -> timedelta:
    """Return how long a delivery waits, more or less by a fifth: not all of them come at once."""
    seconds = PAUSES[delivery.attempts - 1]
    seed = hashlib.sha256(f"{delivery.id}:{delivery.attempts}".encode()).digest()
    return timedelta(seconds=seconds * (0.8 + 0.4 * int.from_bytes(seed[:2]) / 65535))


def _pause(runtime: Runtime, taken: Taken, why: str) -> None:
    """Give a delivery back untold and let its subscription wait for a person."""
    with write(runtime.engine) as connection:
        back = {"lease_until": None, "attempts": taken.delivery.attempts - 1}
        _change(connection, runtime, taken, back)
        one = subscriptions.find(connection, runtime, taken.hook.id, lock=True)
        if one is not None:
            _stop(connection, runtime, one, why)


def _stop(connection: sa.Connection, runtime: Runtime, one: Subscription, why: str) -> None:
    """Pause a subscription and tell its owner, and whoever made it."""
    if not subscriptions.put(connection, runtime, one.id, PAUSED, why):
        return
    told = {"hook": one.id, "why": why}
    people = sorted({one.owner_id, one.created_by} - {0})
    notices = [Notice(person, HOOK, title=one.name, params=told) for person in people]
    notify(connection, runtime, notices, runtime.clock())


def _open(connection: sa.Connection, runtime: Runtime, taken: Taken, code: str) -> None:
    """Ask for a person. The record is not named: it may be gone, and out of their reach."""
    delivery = taken.delivery
    alert = runtime.app.alerts.get(str(delivery.told.get("alert", "")))
    entity = alert.entity if alert is not None else delivery.entity
    facts = {"webhook": taken.hook.name, "code": code, "attempts": delivery.attempts}
    about = (incidents.HOOK, delivery.id)
    incidents.open_incident(connection, runtime, KIND, about, (entity, ""), facts)


def _write_down(
    connection: sa.Connection, runtime: Runtime, taken: Taken, tried: Tried | None
) -> None:
    """Write a try into the log; the proof of the message stands there without its value."""
    if tried is None:
        return
    posted = tried.posted
    headers = {**tried.headers, signing.SIGNATURE: "v1,…"}
    row = {
        "id": runtime.make_id(),
        "delivery_id": taken.delivery.id,
        "number": taken.delivery.attempts,
        "at": runtime.clock(),
        "code": (posted.code or f"http_{posted.status}")[:60],
        "status": posted.status or None,
        "milliseconds": posted.milliseconds,
        "sent_headers": headers,
        "sent_body": tried.body[:LONGEST_BODY].decode("utf-8", "replace"),
        "got_headers": dict(posted.headers),
        "got_body": _without(posted.body, tried.headers[signing.SIGNATURE]),
    }
    connection.execute(runtime.system.hook_attempt.insert().values(row))


def _without(text: str, proof: str) -> str:
    """Return an answer without the proofs that it may repeat."""
    for one in proof.split():
        text = text.replace(one, "…").replace(one.removeprefix("v1,"), "…")
    return text
