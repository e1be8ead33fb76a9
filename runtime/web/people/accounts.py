"""Accounts, roles held and groups, read and written in Flask-AppBuilder's tables.

Comes in: an engine and plain values. Goes out: frozen lines and one frozen account. What a change
may not do (leave nobody who administers, take a name twice) is refused here, in the transaction
that would do it, and what it did is told in the audit in the same one.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User

from runtime.store.conditions import LIKE_ESCAPE, contains_pattern
from runtime.store.engine import read, write
from runtime.store.sessions import OPEN
from runtime.store.trail import GROUP, Note, Trail
from runtime.web.users import SERVICE, hash_password

PAGE = 50


class Taken(Exception):
    """Another account has this user name or e-mail; `field` says which."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class LastAdministrator(Exception):
    """Nobody who may sign in would be left to administer."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in."""

    id: int
    username: str
    first_name: str
    last_name: str
    email: str
    active: bool
    last_login: datetime | None
    roles: tuple[str, ...]
    """Held directly."""
    groups: tuple[int, ...]
    invited: bool = False
    """Has never signed in."""
    service: bool = False
    """A program: it owns tokens and cannot sign in."""


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


@dataclass(frozen=True, slots=True)
class AccountPage:
    """A page of accounts."""

    accounts: tuple[Account, ...]
    seen: Mapping[int, datetime]
    """When each was last noted to use a session."""
    more: bool


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A group: who is in it holds its roles."""

    id: int
    name: str
    label: str
    description: str
    roles: tuple[str, ...]
    members: int


def find_accounts(
    engine: sa.Engine,
    setting: sa.Table,
    *,
    text: str = "",
    active: bool | None = None,
    role: str = "",
    offset: int = 0,
) -> AccountPage:
    """Return a page of accounts by user name: four statements, however many there are."""
    user = _tables()["ab_user"]
    statement = sa.select(user).order_by(user.c.username).offset(offset).limit(PAGE + 1)
    if text:
        pattern = contains_pattern(text)
        name = user.c.first_name + " " + user.c.last_name
        back = user.c.last_name + user.c.first_name
        columns = (user.c.username, user.c.email, name, back)
        statement = statement.where(
            sa.or_(*(column.ilike(pattern, escape=LIKE_ESCAPE) for column in columns))
        )
    if active is not None:
        statement = statement.where(user.c.active.is_(active))
    if role:
        statement = statement.where(user.c.id.in_(_holders((role,))))
    with read(engine) as connection:
        rows = connection.execute(statement).all()
        found = _accounts(connection, rows[:PAGE])
        seen = _seen(connection, setting, [one.id for one in found])
    return AccountPage(found, seen, len(rows) > PAGE)


def everybody(engine: sa.Engine, setting: sa.Table) -> AccountPage:
    """Return every account that may sign in, by user name: four statements."""
    user = _tables()["ab_user"]
    active = sa.select(user).where(user.c.active.is_(True)).order_by(user.c.username)
    with read(engine) as connection:
        found = _accounts(connection, connection.execute(active).all())
        seen = _seen(connection, setting, [one.id for one in found])
    return AccountPage(found, seen, more=False)


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

    """
    tables = _tables()
    if via == "own":
        held, names = tables["ab_user_role"], tables["ab_role"]
        wanted = sa.select(names.c.id).where(names.c.name == role)
        gone = held.delete().where(held.c.user_id == user_id, held.c.role_id.in_(wanted))
    else:
        held, names = tables["ab_user_group"], tables["ab_group"]
        wanted = sa.select(names.c.id).where(names.c.name == via.removeprefix("group:"))
        gone = held.delete().where(held.c.user_id == user_id, held.c.group_id.in_(wanted))
    before = _told_of(connection, user_id)
    connection.execute(gone)
    _refuse_nobody_left(connection, administrators)
    old, new = _changed(before, _told_of(connection, user_id))
    if new:
        user = tables["ab_user"]
        name = sa.select(user.c.username).where(user.c.id == user_id)
        title = str(connection.execute(name).scalar_one())
        note = Note("account_changed", record_id=str(user_id), title=title, before=old, after=new)
        trail.write(connection, note)


def load_account(engine: sa.Engine, user_id: int) -> Account | None:
    """Return one account; None when there is none of this id."""
    user = _tables()["ab_user"]
    with read(engine) as connection:
        row = connection.execute(sa.select(user).where(user.c.id == user_id)).first()
        return _accounts(connection, [row])[0] if row is not None else None


def create_account(trail: Trail, values: Values) -> int:
    """Make an account without a password and return its id; an invitation lets them choose one.

    Who made it is written here: Flask-AppBuilder's own default would ask its session for the user
    in the middle of our transaction, and wait for its end.

    Raises:
        Taken: another account has the user name or the e-mail.

    """
    user = _tables()["ab_user"]
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
        LastAdministrator: nobody who administers would be left.

    """
    user = _tables()["ab_user"]
    with write(trail.runtime.engine) as connection:
        _refuse_taken(connection, values, user_id)
        before = _told_of(connection, user_id)
        connection.execute(
            user.update()
            .where(user.c.id == user_id)
            .values(first_name=values.first_name, last_name=values.last_name, email=values.email)
        )
        _hold(connection, user_id, values)
        _refuse_nobody_left(connection, administrators)
        old, new = _changed(before, _told(connection, values))
        if new:
            note = Note(
                "account_changed",
                record_id=str(user_id),
                title=values.username,
                before=old,
                after=new,
            )
            trail.write(connection, note)


def note_sign_in(engine: sa.Engine, user_id: int) -> None:
    """Note a sign-in as Flask-AppBuilder does for a password: counted, in naive local time."""
    user = _tables()["ab_user"]
    now = datetime.now()  # noqa: DTZ005, TID251 (as Flask-AppBuilder writes it)
    count = sa.func.coalesce(user.c.login_count, 0) + 1
    with write(engine) as connection:
        connection.execute(
            user.update().where(user.c.id == user_id).values(login_count=count, last_login=now)
        )


def set_active(trail: Trail, user_id: int, active: bool, administrators: Collection[str]) -> None:
    """Let somebody in again, or not any more.

    Raises:
        LastAdministrator: nobody who administers would be left.

    """
    user = _tables()["ab_user"]
    change = user.update().where(user.c.id == user_id).values(active=active)
    with write(trail.runtime.engine) as connection:
        name = connection.execute(change.returning(user.c.username)).scalar_one()
        _refuse_nobody_left(connection, administrators)
        operation = "account_activated" if active else "account_deactivated"
        trail.write(connection, Note(operation, record_id=str(user_id), title=name))


def count_people(engine: sa.Engine) -> int:
    """Return how many active accounts there are."""
    user = _tables()["ab_user"]
    active = sa.select(sa.func.count()).where(user.c.active.is_(True))
    with read(engine) as connection:
        return int(connection.execute(active).scalar_one())


def list_groups(engine: sa.Engine) -> tuple[GroupLine, ...]:
    """Return every group by name: three statements."""
    tables = _tables()
    group, member = tables["ab_group"], tables["ab_user_group"]
    with read(engine) as connection:
        rows = connection.execute(sa.select(group).order_by(group.c.name)).all()
        roles = _roles_of(connection, "ab_group_role", "group_id", [row.id for row in rows])
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
        LastAdministrator: nobody who administers would be left.

    """
    tables = _tables()
    group, held = tables["ab_group"], tables["ab_group_role"]
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
        connection.execute(held.delete().where(held.c.group_id == group_id))
        _insert(connection, held, "group_id", group_id, "role_id", _role_ids(connection, roles))
        _refuse_nobody_left(connection, administrators)
        old, new = _changed(before, _group_told(connection, group_id))
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
    tables = _tables()
    group = tables["ab_group"]
    with write(trail.runtime.engine) as connection:
        before = _group_told(connection, group_id)
        for name in ("ab_user_group", "ab_group_role"):
            link = tables[name]
            connection.execute(link.delete().where(link.c.group_id == group_id))
        connection.execute(group.delete().where(group.c.id == group_id))
        _refuse_nobody_left(connection, administrators)
        title = str(before.get("name", ""))
        trail.write(connection, Note("group_deleted", GROUP, str(group_id), title, before))


def role_counts(engine: sa.Engine) -> Mapping[str, int]:
    """Return how many active people hold each role, directly or through a group."""
    tables = _tables()
    role, user = tables["ab_role"], tables["ab_user"]
    held = _held()
    statement = (
        sa.select(role.c.name, sa.func.count())
        .select_from(held.join(role, role.c.id == held.c.role_id))
        .join(user, user.c.id == held.c.user_id)
        .where(user.c.active.is_(True))
        .group_by(role.c.name)
    )
    with read(engine) as connection:
        return {name: int(count) for name, count in connection.execute(statement)}


def _told(connection: sa.Connection, values: Values) -> dict[str, Any]:
    """Return an account as the audit tells it: its roles and groups by name."""
    group = _tables()["ab_group"]
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
    user = _tables()["ab_user"]
    row = connection.execute(sa.select(user).where(user.c.id == user_id)).one()
    found = _accounts(connection, [row])[0]
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


def _group_told(connection: sa.Connection, group_id: int) -> dict[str, Any]:
    """Return a group as the audit tells it; empty when there is none."""
    group = _tables()["ab_group"]
    row = connection.execute(sa.select(group).where(group.c.id == group_id)).first()
    if row is None:
        return {}
    roles = _roles_of(connection, "ab_group_role", "group_id", [group_id])
    return {
        "name": row.name,
        "label": row.label or "",
        "description": row.description or "",
        "roles": roles.get(group_id, []),
    }


def _changed(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what differs, before and after."""
    names = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in names}, {name: after[name] for name in names}


def _tables() -> Mapping[str, sa.Table]:
    tables: Mapping[str, sa.Table] = User.metadata.tables
    return tables


def _held() -> sa.Subquery:
    """Return (user_id, role_id) of everybody, through groups too."""
    tables = _tables()
    user_role, user_group, group_role = (
        tables[name] for name in ("ab_user_role", "ab_user_group", "ab_group_role")
    )
    return sa.union(
        sa.select(user_role.c.user_id, user_role.c.role_id),
        sa.select(user_group.c.user_id, group_role.c.role_id).join(
            group_role, group_role.c.group_id == user_group.c.group_id
        ),
    ).subquery()


def _holders(roles: Iterable[str]) -> sa.Select[Any]:
    held, role = _held(), _tables()["ab_role"]
    return (
        sa.select(held.c.user_id)
        .join(role, role.c.id == held.c.role_id)
        .where(role.c.name.in_(sorted(roles)))
    )


def _accounts(connection: sa.Connection, rows: Sequence[Any]) -> tuple[Account, ...]:
    ids = [row.id for row in rows]
    roles = _roles_of(connection, "ab_user_role", "user_id", ids)
    member = _tables()["ab_user_group"]
    groups: dict[int, list[int]] = {}
    pairs = sa.select(member.c.user_id, member.c.group_id).where(member.c.user_id.in_(ids))
    for user_id, group_id in connection.execute(pairs):
        groups.setdefault(user_id, []).append(group_id)
    return tuple(
        Account(
            row.id,
            row.username,
            row.first_name or "",
            row.last_name or "",
            row.email,
            bool(row.active),
            row.last_login.astimezone(UTC) if row.last_login else None,
            tuple(roles.get(row.id, ())),
            tuple(groups.get(row.id, ())),
            invited=not row.login_count and row.password != SERVICE,
            service=row.password == SERVICE,
        )
        for row in rows
    )


def _roles_of(
    connection: sa.Connection, link: str, column: str, ids: Sequence[int]
) -> dict[int, list[str]]:
    table, role = _tables()[link], _tables()["ab_role"]
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


def _seen(connection: sa.Connection, setting: sa.Table, ids: Sequence[int]) -> dict[int, datetime]:
    last = sa.func.max(setting.c.updated_at, type_=setting.c.updated_at.type)
    statement = (
        sa.select(setting.c.user_id, last)
        .where(setting.c.user_id.in_(ids), setting.c.key.startswith(OPEN))
        .group_by(setting.c.user_id)
    )
    return {row[0]: row[1] for row in connection.execute(statement)}


def _hold(connection: sa.Connection, user_id: int, values: Values) -> None:
    """Let somebody hold these roles and be in these groups, and no others."""
    tables = _tables()
    for name, column, ids in (
        ("ab_user_role", "role_id", _role_ids(connection, values.roles)),
        ("ab_user_group", "group_id", values.groups),
    ):
        link = tables[name]
        connection.execute(link.delete().where(link.c.user_id == user_id))
        _insert(connection, link, "user_id", user_id, column, ids)


def _insert(
    connection: sa.Connection,
    link: sa.Table,
    owner: str,
    owner_id: int,
    column: str,
    ids: Sequence[int],
) -> None:
    if ids:
        connection.execute(link.insert(), [{owner: owner_id, column: one} for one in ids])


def _role_ids(connection: sa.Connection, roles: Sequence[str]) -> tuple[int, ...]:
    role = _tables()["ab_role"]
    statement = sa.select(role.c.id).where(role.c.name.in_(sorted(roles))).order_by(role.c.id)
    return tuple(connection.execute(statement).scalars())


def _refuse_taken(connection: sa.Connection, values: Values, user_id: int) -> None:
    user = _tables()["ab_user"]
    for field in ("username", "email"):
        same = sa.func.lower(user.c[field]) == getattr(values, field).lower()
        other = sa.select(user.c.id).where(same, user.c.id != user_id)
        if connection.execute(other).first() is not None:
            raise Taken(field)


def _refuse_nobody_left(connection: sa.Connection, administrators: Collection[str]) -> None:
    user = _tables()["ab_user"]
    left = sa.select(user.c.id).where(
        user.c.active.is_(True), user.c.id.in_(_holders(administrators))
    )
    if connection.execute(left.limit(1)).first() is None:
        raise LastAdministrator
