"""Saved exports: a person's own, and those shared with everybody or with a role.

In: who asks. Out: frozen values, or a refusal. Who sees one may have it made for themselves, with
their own rights; only its owner changes it, when it is sent and to whom. Telling others asks for
the right to `share` its records, as sharing a view does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from generator.cron import read_cron
from generator.model.job import Cron
from generator.model.text import Label
from runtime.errors import NotFound
from runtime.exporting.checking import Draft, check, may, too_many
from runtime.exporting.wish import Schedule, Wish, wish_of
from runtime.jobs.tables import SCHEDULE
from runtime.messages import Actor
from runtime.runtime import Runtime
from runtime.store.engine import read, write
from runtime.store.trail import Note, Trail

ABOUT = "@export"
"""What the audit calls saved exports: no entity can have that name."""
MOST = 50
GONE = Label({"en": "There is no such export.", "zh": "没有这个导出。"})


@dataclass(frozen=True)
class Saved:
    """An export that is asked for again."""

    id: str
    owner: int
    wish: Wish
    shared: bool = False
    role: str = ""
    """Shared with this role alone; empty for everybody who may export such records."""
    schedule: Schedule | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        return self.wish.name


def seen_by(runtime: Runtime, actor: Actor) -> tuple[Saved, ...]:
    """Return what somebody may have made, by name: one statement."""
    table = runtime.system.saved_export
    theirs = sa.or_(
        table.c.user_id == actor.id,
        sa.and_(
            table.c.shared, sa.or_(table.c.role.is_(None), table.c.role.in_(sorted(actor.roles)))
        ),
    )
    with read(runtime.engine) as connection:
        found = [
            _of(row)
            for row in connection.execute(
                sa.select(table).where(theirs).order_by(table.c.name, table.c.id)
            )
        ]
    return tuple(one for one in found if may(runtime, actor, "export", one.wish.entity))


def one_seen(runtime: Runtime, actor: Actor, export_id: str) -> Saved:
    """Return one that somebody may have made.

    Raises:
        NotFound: there is none, or not for them.

    """
    found = next((one for one in seen_by(runtime, actor) if one.id == export_id), None)
    if found is None:
        raise NotFound(GONE)
    return found


def own(runtime: Runtime, actor: Actor, export_id: str) -> Saved:
    """Return one that belongs to somebody.

    Raises:
        NotFound: there is none, or it is another's.

    """
    found = one_seen(runtime, actor, export_id)
    if found.owner != actor.id:
        raise NotFound(GONE)
    return found


def by_id(runtime: Runtime, export_id: str) -> Saved | None:
    """Return one whosever it is, for the engine."""
    table = runtime.system.saved_export
    with read(runtime.engine) as connection:
        row = connection.execute(sa.select(table).where(table.c.id == export_id)).first()
    return None if row is None else _of(row)


def scheduled(runtime: Runtime) -> tuple[Saved, ...]:
    """Return those that are sent by the clock, whosever they are: one statement."""
    table = runtime.system.saved_export
    with read(runtime.engine) as connection:
        rows = connection.execute(sa.select(table).where(table.c.cron.is_not(None)))
        return tuple(_of(row) for row in rows)


def keep(runtime: Runtime, trail: Trail, draft: Draft, export_id: str = "") -> str:
    """Keep an export, or change one; return its id.

    Raises:
        NotFound: it is another's.
        Forbidden: they may not export such records, or not tell others of it.
        Invalid: something in it cannot be.

    """
    actor = trail.actor
    assert actor is not None
    if export_id:
        own(runtime, actor, export_id)
    mine = [one for one in seen_by(runtime, actor) if one.owner == actor.id]
    others = {one.name for one in mine if one.id != export_id}
    checked = check(runtime, actor, draft, others)
    if not export_id and len(mine) >= MOST:
        raise too_many(MOST)
    now, table = runtime.clock(), runtime.system.saved_export
    plan = checked.schedule
    values = {
        "entity": checked.wish.entity,
        "name": checked.wish.name,
        "content": checked.wish.told(),
        "shared": checked.shared,
        "role": checked.role or None,
        "cron": plan.cron if plan else None,
        "zone": plan.zone if plan else None,
        "recipients": {"roles": list(plan.roles), "people": list(plan.people)} if plan else None,
        "updated_at": now,
    }
    new_id = export_id or runtime.make_id()
    with write(runtime.engine) as connection:
        if export_id:
            connection.execute(table.update().where(table.c.id == export_id).values(values))
        else:
            row = {**values, "id": new_id, "user_id": actor.id, "created_at": now}
            connection.execute(table.insert().values(row))
        told = {"entity": checked.wish.entity, "shared": checked.shared, "cron": values["cron"]}
        trail.write(connection, Note("export_saved", ABOUT, new_id, checked.wish.name, after=told))
    return new_id


def drop(runtime: Runtime, trail: Trail, export_id: str) -> None:
    """Let a saved export go, and its schedule.

    Raises:
        NotFound: there is none, or it is another's.

    """
    actor = trail.actor
    assert actor is not None
    found = own(runtime, actor, export_id)
    table = runtime.system.saved_export
    with write(runtime.engine) as connection:
        connection.execute(table.delete().where(table.c.id == export_id))
        connection.execute(SCHEDULE.delete().where(SCHEDULE.c.name == slot_name(export_id)))
        trail.write(connection, Note("export_dropped", ABOUT, export_id, found.name))


def stop(connection: sa.Connection, runtime: Runtime, export_id: str) -> None:
    """End the schedule of an export whose owner may not have it any more."""
    table = runtime.system.saved_export
    connection.execute(
        table.update().where(table.c.id == export_id).values(cron=None, updated_at=runtime.clock())
    )
    connection.execute(SCHEDULE.delete().where(SCHEDULE.c.name == slot_name(export_id)))


def slot_name(export_id: str) -> str:
    """Return what the schedule of an export is called."""
    return f"export:{export_id}"


def rule_of(schedule: Schedule) -> Cron:
    """Return the rule of a schedule, which was read before it was kept."""
    found = read_cron(schedule.cron)
    assert isinstance(found, Cron)
    return found


def _of(row: Any) -> Saved:
    plan = None
    if row.cron:
        named: Mapping[str, Sequence[Any]] = row.recipients or {}
        people = tuple(int(one) for one in named.get("people", ()))
        plan = Schedule(row.cron, row.zone, tuple(named.get("roles", ())), people)
    return Saved(
        row.id,
        row.user_id,
        wish_of(row.entity, {**row.content, "name": row.name}),
        row.shared,
        row.role or "",
        plan,
    )
