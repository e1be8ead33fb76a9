"""What an administrator changes about accounts, written in Flask-AppBuilder's tables.

Comes in: plain values. What a change may not do (leave nobody who administers, take a name twice)
is refused here, in the transaction that would do it, and what it did is told in the audit in the
same one.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from runtime.store.engine import write
from runtime.store.trail import Note, Trail
from runtime.web.people.accounts import accounts_of
from runtime.web.people.giving import giving, held_by
from runtime.web.people.holding import changed, link, refuse_nobody_left, role_ids, tables
from runtime.web.people.leaving import leave
from runtime.web.users import SERVICE, hash_password


class Taken(Exception):
    """Another account has this user name or e-mail; `field` says which."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


@dataclass(frozen=True, slots=True)
class Values:
    """What an administrator writes of an account."""

    username: str
    first_name: str
    last_name: str
    email: str
    roles: tuple[str, ...]
    groups: tuple[int, ...]
    service: bool = False
    """Said once, when the account is made."""


def create_account(trail: Trail, values: Values) -> int:
    """Make an account without a password and return its id; an invitation lets them choose one.

    Who made it is written here: Flask-AppBuilder's own default would ask its session for the user
    in the middle of our transaction, and wait for its end.

    Raises:
        Taken: another account has the user name or the e-mail.
        NotGiven: they may not hold these roles, or whoever acts may not give them.

    """
    user = tables()["ab_user"]
    by = trail.actor.id if trail.actor else 0
    now = datetime.now()  # noqa: DTZ005, TID251 (as Flask-AppBuilder writes it)
    with write(trail.runtime.engine) as connection:
        _refuse_taken(connection, values, 0)
        made = connection.execute(
            user.insert()
            .values(
                username=values.username,
                password=SERVICE if values.service else hash_password(secrets.token_urlsafe(48)),
                first_name=values.first_name,
                last_name=values.last_name,
                email=values.email,
                active=True,
                created_on=now,
                changed_on=now,
                created_by_fk=by,
                changed_by_fk=by,
            )
            .returning(user.c.id)
        ).scalar_one()
        with giving(connection, trail, [int(made)]):
            _hold(connection, int(made), values)
        told = {**_told(connection, values), "service": values.service}
        note = Note("account_created", record_id=str(made), title=values.username, after=told)
        trail.write(connection, note)
    return int(made)


def change_account(
    trail: Trail, user_id: int, values: Values, administrators: Collection[str]
) -> None:
    """Change an account; its user name stays.

    Raises:
        Taken: another account has the e-mail.
        NotGiven: they may not hold these roles, or whoever acts may not give them.
        LastAdministrator: nobody who administers would be left.

    """
    user = tables()["ab_user"]
    with write(trail.runtime.engine) as connection:
        _refuse_taken(connection, values, user_id)
        before = _told_of(connection, user_id)
        connection.execute(
            user.update()
            .where(user.c.id == user_id)
            .values(first_name=values.first_name, last_name=values.last_name, email=values.email)
        )
        with giving(connection, trail, [user_id]):
            _hold(connection, user_id, values)
        refuse_nobody_left(connection, administrators)
        old, new = changed(before, _told(connection, values))
        if new:
            note = Note(
                "account_changed",
                record_id=str(user_id),
                title=values.username,
                before=old,
                after=new,
            )
            trail.write(connection, note)


def set_active(trail: Trail, user_id: int, active: bool, administrators: Collection[str]) -> None:
    """Let somebody in again, or not any more: what waited for them then waits for others.

    Raises:
        LastAdministrator: nobody who administers would be left.

    """
    user = tables()["ab_user"]
    change = user.update().where(user.c.id == user_id).values(active=active)
    with write(trail.runtime.engine) as connection:
        roles = held_by(connection, trail.runtime, [user_id]).get(user_id, frozenset())
        name = connection.execute(change.returning(user.c.username)).scalar_one()
        refuse_nobody_left(connection, administrators)
        if not active:
            leave(connection, trail, user_id, name, roles)
        operation = "account_activated" if active else "account_deactivated"
        trail.write(connection, Note(operation, record_id=str(user_id), title=name))


def note_sign_in(engine: sa.Engine, user_id: int) -> None:
    """Note a sign-in as Flask-AppBuilder does for a password: counted, in naive local time."""
    user = tables()["ab_user"]
    now = datetime.now()  # noqa: DTZ005, TID251 (as Flask-AppBuilder writes it)
    count = sa.func.coalesce(user.c.login_count, 0) + 1
    with write(engine) as connection:
        connection.execute(
            user.update().where(user.c.id == user_id).values(login_count=count, last_login=now)
        )


def take_role(
    trail: Trail,
    connection: sa.Connection,
    user_id: int,
    role: str,
    via: str,
    administrators: Collection[str],
) -> None:
    """Take a role from somebody in the caller's transaction: their own, or their place in a group.

    `via` is `own` or `group:NAME`, as a review tells how it is held.

    Raises:
        LastAdministrator: nobody who administers would be left.
        NotGiven: whoever acts may not take it.

    """
    named = tables()
    if via == "own":
        held, names = named["ab_user_role"], named["ab_role"]
        wanted = sa.select(names.c.id).where(names.c.name == role)
        gone = held.delete().where(held.c.user_id == user_id, held.c.role_id.in_(wanted))
    else:
        held, names = named["ab_user_group"], named["ab_group"]
        wanted = sa.select(names.c.id).where(names.c.name == via.removeprefix("group:"))
        gone = held.delete().where(held.c.user_id == user_id, held.c.group_id.in_(wanted))
    before = _told_of(connection, user_id)
    with giving(connection, trail, [user_id]):
        connection.execute(gone)
    refuse_nobody_left(connection, administrators)
    _note_change(trail, connection, user_id, before)


def give_role(trail: Trail, connection: sa.Connection, user_id: int, role: str, via: str) -> bool:
    """Give back what `take_role` took; False where the role or the group is not there any more.

    Raises:
        NotGiven: it does not go together with what they hold by now.

    """
    named = tables()
    if via == "own":
        held, names, name, column = named["ab_user_role"], named["ab_role"], role, "role_id"
    else:
        held, names, column = named["ab_user_group"], named["ab_group"], "group_id"
        name = via.removeprefix("group:")
    number = connection.execute(sa.select(names.c.id).where(names.c.name == name)).scalar()
    if number is None:
        return False
    before = _told_of(connection, user_id)
    there = sa.select(held.c.id).where(held.c.user_id == user_id, held.c[column] == number)
    if connection.execute(there).first() is None:
        with giving(connection, trail, [user_id]):
            link(connection, held, "user_id", user_id, column, (number,))
    _note_change(trail, connection, user_id, before)
    return True


def _note_change(
    trail: Trail, connection: sa.Connection, user_id: int, before: dict[str, Any]
) -> None:
    """Tell in the audit what of an account the transaction changed, if anything."""
    old, new = changed(before, _told_of(connection, user_id))
    if new:
        user = tables()["ab_user"]
        name = sa.select(user.c.username).where(user.c.id == user_id)
        title = str(connection.execute(name).scalar_one())
        note = Note("account_changed", record_id=str(user_id), title=title, before=old, after=new)
        trail.write(connection, note)


def _told(connection: sa.Connection, values: Values) -> dict[str, Any]:
    """Return an account as the audit tells it: its roles and groups by name."""
    group = tables()["ab_group"]
    names = sa.select(group.c.name).where(group.c.id.in_(values.groups)).order_by(group.c.name)
    return {
        "first_name": values.first_name,
        "last_name": values.last_name,
        "email": values.email,
        "roles": sorted(values.roles),
        "groups": list(connection.execute(names).scalars()),
    }


def _told_of(connection: sa.Connection, user_id: int) -> dict[str, Any]:
    """Return an account as it is now, as the audit tells it."""
    user = tables()["ab_user"]
    row = connection.execute(sa.select(user).where(user.c.id == user_id)).one()
    found = accounts_of(connection, [row])[0]
    return _told(
        connection,
        Values(
            found.username,
            found.first_name,
            found.last_name,
            found.email,
            found.roles,
            found.groups,
        ),
    )


def _hold(connection: sa.Connection, user_id: int, values: Values) -> None:
    """Let somebody hold these roles and be in these groups, and no others."""
    named = tables()
    for name, column, ids in (
        ("ab_user_role", "role_id", role_ids(connection, values.roles)),
        ("ab_user_group", "group_id", values.groups),
    ):
        linked = named[name]
        connection.execute(linked.delete().where(linked.c.user_id == user_id))
        link(connection, linked, "user_id", user_id, column, ids)


def _refuse_taken(connection: sa.Connection, values: Values, user_id: int) -> None:
    user = tables()["ab_user"]
    for field in ("username", "email"):
        same = sa.func.lower(user.c[field]) == getattr(values, field).lower()
        other = sa.select(user.c.id).where(same, user.c.id != user_id)
        if connection.execute(other).first() is not None:
            raise Taken(field)
