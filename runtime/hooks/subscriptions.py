"""Subscriptions as rows: read, made, changed, paused, given another secret.

Comes in: a `Wanted` that was checked, a connection. Goes out: a `Subscription`. A secret is shown
once, when it is made; what is stored is sealed under the key of the installation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from runtime.hooks import signing
from runtime.runtime import Runtime
from runtime.store.hook_tables import OFF, ON, PAUSED, WAITING

STATES = (ON, PAUSED, OFF)
CREATED, UPDATED, DELETED, RESTORED, TRANSITIONED = (
    "created",
    "updated",
    "deleted",
    "restored",
    "transitioned",
)
EVENTS = (CREATED, UPDATED, TRANSITIONED, DELETED, RESTORED)
"""What can happen to a record; `transitioned:WORKFLOW.NAME` is one step of a workflow."""
TOLD = "told"
"""A workflow told people something: `told:NAME` is one message, by its name in the definitions."""
OPENED, ENDED = "opened", "ended"
OF_ALERTS = (OPENED, ENDED)
ALERTS = "@alert"
"""What a subscription to alerts is about, in place of an entity."""
BOTH_VALID = timedelta(hours=24)
"""How long the secret before is still signed with."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a subscription shall be."""

    name: str
    url: str
    entity: str
    events: tuple[str, ...]
    owner_id: int
    filter: str = ""
    """As the query string of a list: `status=paid&total[gte]=100`."""
    fields: tuple[str, ...] = ()
    """Empty: everything that the owner may read."""
    skips_own: bool = False
    """What the owner did is not told, so that a system does not hear its own echo."""


@dataclass(frozen=True, slots=True)
class Subscription(Wanted):
    """A subscription as it is stored."""

    id: str = ""
    state: str = ON
    why: str = ""
    """Why it is paused: person, owner, failing, gone, filter."""
    sealed: str = field(default="", repr=False)
    sealed_before: str = field(default="", repr=False)
    before_until: datetime | None = None
    failures: int = 0
    """Tries in a row that nobody answered well."""
    failing_since: datetime | None = None
    hold_until: datetime | None = None
    """Nothing is sent before: it could not be reached."""
    sent_at: datetime | None = None
    created_at: datetime | None = None
    created_by: int = 0
    version: int = 1

    def matches(self, event: str, told: Mapping[str, Any]) -> bool:
        """Return whether it is told of what happened to a record."""
        if self.skips_own and int(told.get("by") or 0) == self.owner_id:
            return False
        if event == TOLD:
            return f"{event}:{told.get('name')}" in self.events
        if event in self.events:
            return True
        if event != TRANSITIONED:
            return False
        steps = {f"{event}:{one}" for one in told.get("steps", ())}
        return UPDATED in self.events or not steps.isdisjoint(self.events)


def listed(connection: sa.Connection, runtime: Runtime) -> tuple[Subscription, ...]:
    """Return every subscription, the oldest first: one statement."""
    table = runtime.system.hook
    return tuple(map(_made, connection.execute(sa.select(table).order_by(table.c.id))))


def listening(connection: sa.Connection, runtime: Runtime) -> tuple[Subscription, ...]:
    """Return the subscriptions for which what happens is collected: one statement."""
    table = runtime.system.hook
    asked = sa.select(table).where(table.c.state != OFF).order_by(table.c.id)
    return tuple(map(_made, connection.execute(asked)))


def find(
    connection: sa.Connection, runtime: Runtime, hook_id: str, *, lock: bool = False
) -> Subscription | None:
    """Return a subscription; `lock` lets whoever looks at it next wait."""
    table = runtime.system.hook
    asked = sa.select(table).where(table.c.id == hook_id)
    row = connection.execute(asked.with_for_update() if lock else asked).first()
    return None if row is None else _made(row)


def make(connection: sa.Connection, runtime: Runtime, wanted: Wanted, by: int) -> tuple[str, str]:
    """Write a new subscription; return its id and its secret, which nobody can ask for again."""
    secret, now = signing.new_secret(), runtime.clock()
    row = {
        **_columns(wanted),
        "id": runtime.make_id(),
        "state": ON,
        "sealed": runtime.outside.box.seal(secret),
        "failures": 0,
        "created_at": now,
        "created_by": by,
        "updated_at": now,
        "version": 1,
    }
    connection.execute(runtime.system.hook.insert().values(row))
    return str(row["id"]), secret


def change(
    connection: sa.Connection, runtime: Runtime, hook_id: str, version: int, wanted: Wanted
) -> bool:
    """Write a changed subscription; False when somebody else changed it since."""
    table = runtime.system.hook
    changed = (
        table.update()
        .where(table.c.id == hook_id, table.c.version == version)
        .values(**_columns(wanted), updated_at=runtime.clock(), version=version + 1)
        .returning(table.c.id)
    )
    return connection.execute(changed).first() is not None


def remove(connection: sa.Connection, runtime: Runtime, hook_id: str) -> None:
    """Delete a subscription with all that it was told and would have been."""
    system = runtime.system
    own = sa.select(system.hook_delivery.c.id).where(system.hook_delivery.c.hook_id == hook_id)
    connection.execute(
        system.hook_attempt.delete().where(system.hook_attempt.c.delivery_id.in_(own))
    )
    connection.execute(
        system.hook_delivery.delete().where(system.hook_delivery.c.hook_id == hook_id)
    )
    connection.execute(system.hook.delete().where(system.hook.c.id == hook_id))


def put(
    connection: sa.Connection, runtime: Runtime, hook_id: str, state: str, why: str = ""
) -> bool:
    """Let a subscription stand otherwise; False when it stands so already.

    One that goes on begins anew: what it waited for, and how often it had failed, is forgotten.
    """
    table, now = runtime.system.hook, runtime.clock()
    values: dict[str, object] = {"state": state, "why": why or None, "updated_at": now}
    if state == ON:
        values |= {"failures": 0, "failing_since": None, "hold_until": None, "lease_until": None}
    changed = (
        table.update()
        .where(table.c.id == hook_id, table.c.state != state)
        .values(values)
        .returning(table.c.id)
    )
    if connection.execute(changed).first() is None:
        return False
    if state == ON:
        waiting = runtime.system.hook_delivery
        connection.execute(
            waiting.update()
            .where(waiting.c.hook_id == hook_id, waiting.c.status == WAITING)
            .values(next_at=now)
        )
    return True


def rotate(connection: sa.Connection, runtime: Runtime, one: Subscription) -> str:
    """Give a subscription another secret and return it; the one before is valid for a day more."""
    secret, now = signing.new_secret(), runtime.clock()
    table = runtime.system.hook
    connection.execute(
        table.update()
        .where(table.c.id == one.id)
        .values(
            sealed=runtime.outside.box.seal(secret),
            sealed_before=one.sealed,
            before_until=now + BOTH_VALID,
            updated_at=now,
        )
    )
    return secret


def valid_secrets(runtime: Runtime, one: Subscription) -> tuple[str, ...]:
    """Return the secrets that a message is signed with now, the newest first."""
    sealed = [one.sealed]
    if one.sealed_before and one.before_until and runtime.clock() < one.before_until:
        sealed.append(one.sealed_before)
    opened = (runtime.outside.box.open(each) for each in sealed)
    return tuple(secret for secret in opened if secret is not None)


def _columns(wanted: Wanted) -> dict[str, object]:
    names = Wanted.__dataclass_fields__
    found = {name: getattr(wanted, name) for name in names}
    return {**found, "events": list(wanted.events), "fields": list(wanted.fields)}


def _made(row: Any) -> Subscription:
    values = {name: getattr(row, name) for name in Subscription.__dataclass_fields__}
    texts: Sequence[str] = ("why", "sealed_before")
    values |= {name: values[name] or "" for name in texts}
    return Subscription(
        **{**values, "events": tuple(values["events"]), "fields": tuple(values["fields"])}
    )
