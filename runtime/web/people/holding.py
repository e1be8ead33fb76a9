"""Who holds which role, in Flask-AppBuilder's tables: directly, or through a group.

Comes in: the caller's connection. Goes out: ids, names and counts. Whoever changes what somebody
holds asks here, in the same transaction, that somebody who administers is left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User

from runtime.store.engine import read


class LastAdministrator(Exception):
    """Nobody who may sign in would be left to administer."""


def role_counts(engine: sa.Engine) -> Mapping[str, int]:
    """Return how many active people hold each role, directly or through a group."""
    named = tables()
    role, user = named["ab_role"], named["ab_user"]
    held = held_roles()
    statement = (
        sa.select(role.c.name, sa.func.count())
        .select_from(held.join(role, role.c.id == held.c.role_id))
        .join(user, user.c.id == held.c.user_id)
        .where(user.c.active.is_(True))
        .group_by(role.c.name)
    )
    with read(engine) as connection:
        return {name: int(count) for name, count in connection.execute(statement)}


def refuse_nobody_left(connection: sa.Connection, administrators: Collection[str]) -> None:
    """Refuse what the transaction did so far when nobody who administers is left.

    Raises:
        LastAdministrator: nobody who may sign in holds one of these roles.

    """
    user = tables()["ab_user"]
    left = sa.select(user.c.id).where(
        user.c.active.is_(True), user.c.id.in_(holders(administrators))
    )
    if connection.execute(left.limit(1)).first() is None:
        raise LastAdministrator


def tables() -> Mapping[str, sa.Table]:
    """Return the tables of Flask-AppBuilder by name."""
    found: Mapping[str, sa.Table] = User.metadata.tables
    return found


def held_roles() -> sa.Subquery:
    """Return (user_id, role_id) of everybody, through groups too."""
    named = tables()
    user_role, user_group, group_role = (
        named[name] for name in ("ab_user_role", "ab_user_group", "ab_group_role")
    )
    return sa.union(
        sa.select(user_role.c.user_id, user_role.c.role_id),
        sa.select(user_group.c.user_id, group_role.c.role_id).join(
            group_role, group_role.c.group_id == user_group.c.group_id
        ),
    ).subquery()


def holders(roles: Iterable[str]) -> sa.Select[Any]:
    """Return the ids of everybody who holds one of the roles, through groups too."""
    held, role = held_roles(), tables()["ab_role"]
    return (
        sa.select(held.c.user_id)
        .join(role, role.c.id == held.c.role_id)
        .where(role.c.name.in_(sorted(roles)))
    )


def roles_of(
    connection: sa.Connection, link: str, column: str, ids: Sequence[int]
) -> dict[int, list[str]]:
    """Return owner → names of roles, as a table between them has it."""
    table, role = tables()[link], tables()["ab_role"]
    statement = (
        sa.select(table.c[column], role.c.name)
        .join(role, role.c.id == table.c.role_id)
        .where(table.c[column].in_(ids))
        .order_by(role.c.name)
    )
    found: dict[int, list[str]] = {}
    for owner, name in connection.execute(statement):
        found.setdefault(owner, []).append(name)
    return found


def role_ids(connection: sa.Connection, roles: Sequence[str]) -> tuple[int, ...]:
    """Return the ids of roles that are called so."""
    role = tables()["ab_role"]
    statement = sa.select(role.c.id).where(role.c.name.in_(sorted(roles))).order_by(role.c.id)
    return tuple(connection.execute(statement).scalars())


def link(
    connection: sa.Connection,
    table: sa.Table,
    owner: str,
    owner_id: int,
    column: str,
    ids: Sequence[int],
) -> None:
    """Write that one owner holds each of these, in a table between them."""
    if ids:
        connection.execute(table.insert(), [{owner: owner_id, column: one} for one in ids])


def changed(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what differs, before and after."""
    names = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in names}, {name: after[name] for name in names}
