"""What people see of webhooks and do about them: rights first, then what is asked for is checked.

Whoever administers looks after all of them, on screens and with a token that operates; what is told
is bounded by the owner's rights and never by theirs. Everything done here is in the audit, secrets
and addresses' credentials never.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from generator.model.text import Label
from rules.administering import does_everything
from runtime.errors import Conflict, Forbidden, Invalid, NotFound
from runtime.hooks import deliveries, spreading, subscriptions
from runtime.hooks.checking import KEYS, checked, said, wrong
from runtime.hooks.subscriptions import STATES, Subscription, Wanted
from runtime.messages import Actor
from runtime.runtime import Runtime
from runtime.store import accounts
from runtime.store.engine import read, write
from runtime.store.hook_tables import PAUSED
from runtime.store.trail import Note, Trail

ABOUT = "@webhook"
"""What the audit calls subscriptions: no entity can have that name."""
OPERATING = frozenset({"operate:*", "*:*"})
"""Scopes of a token that looks after webhooks."""
BY_A_PERSON = "person"
MOST = 200

NONE = Label({"en": "There is no such webhook.", "zh": "没有这个 Webhook。"})
NO_DELIVERY = Label({"en": "There is no such delivery.", "zh": "没有这条投递记录。"})
MEANWHILE = Label(
    {"en": "Somebody changed this webhook meanwhile.", "zh": "该 Webhook 已被他人修改。"}
)
NOT_AGAIN = Label(
    {"en": "It waits already, or was a test.", "zh": "该投递正在等待，或为测试投递。"}
)
ADMINISTRATORS = Label(
    {"en": "Only administrators manage webhooks.", "zh": "只有管理员可以管理 Webhook。"}
)


@dataclass(frozen=True)
class Standing:
    """A subscription and how it fares."""

    one: Subscription
    waiting: int
    dead: int
    owner: str
    """What its owner is called; '' when they may not sign in any more."""


def require(runtime: Runtime, actor: Actor) -> None:
    """Refuse whoever does not administer.

    Raises:
        Forbidden: with the same words for all of them.

    """
    may = does_everything(runtime.matrix, actor.lasting)
    if not may or (actor.scopes is not None and not actor.scopes & OPERATING):
        raise Forbidden(ADMINISTRATORS)


def standings(runtime: Runtime, actor: Actor) -> tuple[Standing, ...]:
    """Return every subscription with how it fares: three statements."""
    require(runtime, actor)
    with read(runtime.engine) as connection:
        found = subscriptions.listed(connection, runtime)
        people = accounts.by_ids(connection, {one.owner_id for one in found})
    names, counts = {one.id: one.name for one in people}, deliveries.counts(runtime)
    return tuple(
        Standing(
            one,
            counts.get((one.id, "waiting"), 0),
            counts.get((one.id, "dead"), 0),
            names.get(one.owner_id, ""),
        )
        for one in found
    )


def find(runtime: Runtime, actor: Actor, hook_id: str) -> Subscription:
    """Return a subscription.

    Raises:
        Forbidden: they do not administer.
        NotFound: there is none.

    """
    require(runtime, actor)
    with read(runtime.engine) as connection:
        found = subscriptions.find(connection, runtime, hook_id)
    if found is None:
        raise NotFound(NONE)
    return found


def make(runtime: Runtime, trail: Trail, given: Mapping[str, Any]) -> tuple[str, str]:
    """Make a subscription; return its id and its secret, which is shown this once.

    Raises:
        Forbidden: they do not administer.
        Invalid: with everything that is wrong.

    """
    actor = _person(trail)
    require(runtime, actor)
    wanted = checked(runtime, {"owner_id": actor.id, **given})
    with write(runtime.engine) as connection:
        table = runtime.system.hook
        if connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() >= MOST:
            raise Invalid(said(f"At most {MOST} webhooks.", f"最多 {MOST} 个 Webhook。"))
        made, secret = subscriptions.make(connection, runtime, wanted, actor.id)
        trail.write(connection, _note("webhook_made", made, wanted, after=_told(wanted)))
    return made, secret


def change(
    runtime: Runtime,
    trail: Trail,
    one: Subscription,
    given: Mapping[str, Any],
    version: int | None = None,
) -> None:
    """Change a subscription; what is not given stays. `version` is what they read, if they say it.

    Raises:
        Forbidden: they do not administer.
        Invalid: with everything that is wrong.
        Conflict: somebody changed it meanwhile.

    """
    require(runtime, _person(trail))
    wanted = checked(runtime, {**{name: getattr(one, name) for name in KEYS}, **given})
    with write(runtime.engine) as connection:
        if not subscriptions.change(connection, runtime, one.id, version or one.version, wanted):
            raise Conflict(MEANWHILE)
        note = _note("webhook_changed", one.id, wanted, before=_told(one), after=_told(wanted))
        trail.write(connection, note)


def remove(runtime: Runtime, trail: Trail, one: Subscription) -> None:
    """Delete a subscription with its deliveries."""
    require(runtime, _person(trail))
    with write(runtime.engine) as connection:
        subscriptions.remove(connection, runtime, one.id)
        trail.write(connection, _note("webhook_removed", one.id, one, before=_told(one)))


def put(runtime: Runtime, trail: Trail, one: Subscription, state: str) -> None:
    """Let it go on, pause it (what happens is collected), or switch it off (it is not).

    Raises:
        Invalid: there is no such state.

    """
    require(runtime, _person(trail))
    if state not in STATES:
        raise wrong("state", "Write on, paused or off.", "请填写 on、paused 或 off。")
    with write(runtime.engine) as connection:
        why = BY_A_PERSON if state == PAUSED else ""
        if subscriptions.put(connection, runtime, one.id, state, why):
            told = {"state": state}
            trail.write(connection, _note("webhook_put", one.id, one, {"state": one.state}, told))


def rotate(runtime: Runtime, trail: Trail, one: Subscription) -> str:
    """Give it another secret; the one before is signed with for a day more."""
    require(runtime, _person(trail))
    with write(runtime.engine) as connection:
        secret = subscriptions.rotate(connection, runtime, one)
        trail.write(connection, _note("webhook_secret", one.id, one))
    return secret


def test(runtime: Runtime, trail: Trail, one: Subscription) -> str:
    """Send a message that says nothing, now; return its delivery."""
    require(runtime, _person(trail))
    trail.alone(_note("webhook_tested", one.id, one))
    return deliveries.test(runtime, one)


def again(runtime: Runtime, trail: Trail, one: Subscription, delivery_id: str) -> None:
    """Tell one delivery again.

    Raises:
        NotFound: there is no such delivery.
        Conflict: it waits already, or was a test.

    """
    require(runtime, _person(trail))
    if deliveries.found(runtime, one.id, delivery_id) is None:
        raise NotFound(NO_DELIVERY)
    with write(runtime.engine) as connection:
        if not deliveries.again(connection, runtime, delivery_id):
            raise Conflict(NOT_AGAIN)
        told = {"delivery": delivery_id}
        trail.write(connection, _note("webhook_again", one.id, one, after=told))


def replay(
    runtime: Runtime, trail: Trail, one: Subscription, since: datetime, until: datetime
) -> int:
    """Tell what happened in a span again, also what it never heard of; return how many.

    Raises:
        Invalid: the span ends before it begins.

    """
    require(runtime, _person(trail))
    if since >= until:
        raise wrong("until", "It ends before it begins.", "结束时间须晚于开始时间。")
    with write(runtime.engine) as connection:
        count = spreading.replay(connection, runtime, one, since, until)
        told = {"since": since.isoformat(), "until": until.isoformat(), "count": count}
        trail.write(connection, _note("webhook_replayed", one.id, one, after=told))
    return count


def _told(one: Wanted) -> dict[str, Any]:
    """Return what the audit says of a subscription."""
    found = {name: getattr(one, name) for name in KEYS}
    parts = urlsplit(one.url)
    # the path of an address is often its password
    found["url"] = f"{parts.scheme}://{parts.netloc}"
    return {**found, "events": list(one.events), "fields": list(one.fields)}


def _note(
    operation: str,
    hook_id: str,
    one: Wanted,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> Note:
    return Note(operation, ABOUT, hook_id, one.name, before, after)


def _person(trail: Trail) -> Actor:
    assert trail.actor is not None, "whoever is not signed in was asked to before"
    return trail.actor
