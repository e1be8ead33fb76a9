"""Groups of people, read and written in Flask-AppBuilder's tables: who is in one holds its roles.

Comes in: an engine and plain values. Goes out: frozen lines. What a change did is told in the audit
in the same transaction, and none leaves nobody who administers.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from runtime.store.engine import read, write
from runtime.store.trail import GROUP, Note, Trail
from runtime.web.people.account_changes import Taken
from runtime.web.people.giving import giving, members
from runtime.web.people.holding import changed, link, refuse_nobody_left, role_ids, roles_of, tables


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A group: who is in it holds its roles."""

    id: int
    name: str
    label: str
    description: str
    roles: tuple[str, ...]
    members: int


def list_groups(engine: sa.Engine) -> tuple[GroupLine, ...]:
    """Return every group by name: three statements."""
    named = tables()
    group, member = named["ab_group"], named["ab_user_group"]
    with read(engine) as connection:
        rows = connection.execute(sa.select(group).order_by(group.c.name)).all()
        roles = roles_of(connection, "ab_group_role", "group_id", [row.id for row in rows])
        sizes = sa.select(member.c.group_id, sa.func.count()).group_by(member.c.group_id)
        counts = {row[0]: int(row[1]) for row in connection.execute(sizes)}
    return tuple(
        GroupLine(
            row.id,
            row.name,
            row.label or "",
            row.description or "",
            tuple(roles.get(row.id, ())),
            counts.get(row.id, 0),
        )
        for row in rows
    )


def save_group(
    trail: Trail,
    group_id: int | None,
    name: str,
    label: str,
    description: str,
    roles: Sequence[str],
    administrators: Collection[str],
) -> int:
    """Make or change a group and return its id.

    Raises:
        Taken: another group has the name.
        NotGiven: a member may not hold these roles, or whoever acts may not give them.
        LastAdministrator: nobody who administers would be left.

    """
    named = tables()
    group, held = named["ab_group"], named["ab_group_role"]
    values = {"name": name, "label": label, "description": description}
    with write(trail.runtime.engine) as connection:
        other = sa.select(group.c.id).where(group.c.name == name, group.c.id != (group_id or 0))
        if connection.execute(other).first() is not None:
            raise Taken("name")
        before = _group_told(connection, group_id or 0)
        if group_id is None:
            made = group.insert().values(values).returning(group.c.id)
            group_id = int(connection.execute(made).scalar_one())
        else:
            connection.execute(group.update().where(group.c.id == group_id).values(values))
        with giving(connection, trail, members(connection, group_id)):
            connection.execute(held.delete().where(held.c.group_id == group_id))
            link(connection, held, "group_id", group_id, "role_id", role_ids(connection, roles))
        refuse_nobody_left(connection, administrators)
        old, new = changed(before, _group_told(connection, group_id))
        operation = "group_changed" if before else "group_created"
        note = Note(operation, GROUP, str(group_id), name, old if before else None, new)
        if new:
            trail.write(connection, note)
    return group_id


def delete_group(trail: Trail, group_id: int, administrators: Collection[str]) -> None:
    """Let a group go; its members lose the roles they held through it.

    Raises:
        LastAdministrator: nobody who administers would be left.

    """
    named = tables()
    group = named["ab_group"]
    with write(trail.runtime.engine) as connection:
        before = _group_told(connection, group_id)
        with giving(connection, trail, members(connection, group_id)):
            for name in ("ab_user_group", "ab_group_role"):
                linked = named[name]
                connection.execute(linked.delete().where(linked.c.group_id == group_id))
        connection.execute(group.delete().where(group.c.id == group_id))
        refuse_nobody_left(connection, administrators)
        title = str(before.get("name", ""))
        trail.write(connection, Note("group_deleted", GROUP, str(group_id), title, before))


def _group_told(connection: sa.Connection, group_id: int) -> dict[str, Any]:
    """Return a group as the audit tells it; empty when there is none."""
    group = tables()["ab_group"]
    row = connection.execute(sa.select(group).where(group.c.id == group_id)).first()
    if row is None:
        return {}
    roles = roles_of(connection, "ab_group_role", "group_id", [group_id])
    return {
        "name": row.name,
        "label": row.label or "",
        "description": row.description or "",
        "roles": roles.get(group_id, []),
    }
