"""Accounts as they are read from Flask-AppBuilder's tables.

Comes in: an engine and what is looked for. Goes out: frozen accounts, with the roles and groups of
each, in a number of statements that does not grow with them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from runtime.store.conditions import LIKE_ESCAPE, contains_pattern
from runtime.store.engine import read
from runtime.store.sessions import OPEN
from runtime.web.people.holding import holders, roles_of, tables
from runtime.web.users import SERVICE

PAGE = 50


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
class AccountPage:
    """A page of accounts."""

    accounts: tuple[Account, ...]
    seen: Mapping[int, datetime]
    """When each was last noted to use a session."""
    more: bool


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
    user = tables()["ab_user"]
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
        statement = statement.where(user.c.id.in_(holders((role,))))
    with read(engine) as connection:
        rows = connection.execute(statement).all()
        found = accounts_of(connection, rows[:PAGE])
        seen = _seen(connection, setting, [one.id for one in found])
    return AccountPage(found, seen, len(rows) > PAGE)


def everybody(engine: sa.Engine, setting: sa.Table) -> AccountPage:
    """Return every account that may sign in, by user name: four statements."""
    user = tables()["ab_user"]
    active = sa.select(user).where(user.c.active.is_(True)).order_by(user.c.username)
    with read(engine) as connection:
        found = accounts_of(connection, connection.execute(active).all())
        seen = _seen(connection, setting, [one.id for one in found])
    return AccountPage(found, seen, more=False)


def load_account(engine: sa.Engine, user_id: int) -> Account | None:
    """Return one account; None when there is none of this id."""
    user = tables()["ab_user"]
    with read(engine) as connection:
        row = connection.execute(sa.select(user).where(user.c.id == user_id)).first()
        return accounts_of(connection, [row])[0] if row is not None else None


def count_people(engine: sa.Engine) -> int:
    """Return how many active accounts there are."""
    user = tables()["ab_user"]
    active = sa.select(sa.func.count()).where(user.c.active.is_(True))
    with read(engine) as connection:
        return int(connection.execute(active).scalar_one())


def accounts_of(connection: sa.Connection, rows: Sequence[Any]) -> tuple[Account, ...]:
    ids = [row.id for row in rows]
    roles = roles_of(connection, "ab_user_role", "user_id", ids)
    member = tables()["ab_user_group"]
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


def _seen(connection: sa.Connection, setting: sa.Table, ids: Sequence[int]) -> dict[int, datetime]:
    last = sa.func.max(setting.c.updated_at, type_=setting.c.updated_at.type)
    statement = (
        sa.select(setting.c.user_id, last)
        .where(setting.c.user_id.in_(ids), setting.c.key.startswith(OPEN))
        .group_by(setting.c.user_id)
    )
    return {row[0]: row[1] for row in connection.execute(statement)}
