"""Accounts as the engine needs them: what they are called and which roles they hold, today.

Who may sign in is the login's affair; here people are those whom a comment can name and a notice
can reach. Only active accounts are found.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from runtime.messages import Actor
from runtime.store.conditions import LIKE_ESCAPE, like_text
from runtime.store.role_requests import GRANTED

USER = sa.table(
    "ab_user",
    sa.column("id", sa.Integer),
    sa.column("username", sa.String),
    sa.column("first_name", sa.String),
    sa.column("last_name", sa.String),
    sa.column("email", sa.String),
    sa.column("active", sa.Boolean),
)
ROLE = sa.table("ab_role", sa.column("id", sa.Integer), sa.column("name", sa.String))
HELD = sa.table("ab_user_role", sa.column("user_id", sa.Integer), sa.column("role_id", sa.Integer))

MEMBER = sa.table(
    "ab_user_group", sa.column("user_id", sa.Integer), sa.column("group_id", sa.Integer)
)
OF_GROUP = sa.table(
    "ab_group_role", sa.column("group_id", sa.Integer), sa.column("role_id", sa.Integer)
)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can be named."""

    id: int
    username: str
    name: str
    """First and last name, or the user name."""
    roles: frozenset[str]
    email: str = ""

    @property
    def actor(self) -> Actor:
        """The account as one who asks."""
        return Actor(self.id, self.username, self.roles, self.email)


def by_ids(connection: sa.Connection, ids: Collection[int]) -> tuple[Account, ...]:
    """Return accounts by id: one statement."""
    return _accounts(connection, USER.c.id.in_(sorted(ids))) if ids else ()


def holding(connection: sa.Connection, roles: Collection[str]) -> tuple[Account, ...]:
    """Return the accounts that hold one of these roles, or are of a group that does."""
    if not roles:
        return ()
    held = _held()
    theirs = (
        sa.select(held.c.user_id)
        .join_from(held, ROLE, ROLE.c.id == held.c.role_id)
        .where(ROLE.c.name.in_(sorted(roles)))
    )
    return _accounts(connection, USER.c.id.in_(theirs))


def by_usernames(connection: sa.Connection, names: Collection[str]) -> tuple[Account, ...]:
    """Return accounts by what they sign in with, in whatever case: one statement."""
    wanted = sorted({name.casefold() for name in names})
    return _accounts(connection, sa.func.lower(USER.c.username).in_(wanted)) if wanted else ()


def matching(connection: sa.Connection, text: str, limit: int) -> tuple[Account, ...]:
    """Return accounts whose user name or name contains a text, by user name: one statement."""
    whole = USER.c.first_name + " " + USER.c.last_name
    close = USER.c.last_name + USER.c.first_name
    pattern = f"%{like_text(text.strip().casefold())}%"
    found = sa.or_(
        *(
            sa.func.lower(place).like(pattern, escape=LIKE_ESCAPE)
            for place in (USER.c.username, whole, close)
        )
    )
    first = (
        sa.select(USER.c.id).where(found, USER.c.active.is_(True)).order_by(USER.c.username)
    ).limit(limit)
    return _accounts(connection, USER.c.id.in_(first.scalar_subquery()))


def numbers_holding(
    connection: sa.Connection, roles: Collection[str], requests: sa.Table, now: datetime
) -> tuple[int, ...]:
    """Return the active accounts that hold one of some roles, by number: one statement.

    A role is held by the account itself, through a group, or for a time (`requests` is
    `sw_role_request`).
    """
    names = sorted(roles)
    wanted = sa.select(ROLE.c.id).where(ROLE.c.name.in_(names))
    through = MEMBER.join(OF_GROUP, OF_GROUP.c.group_id == MEMBER.c.group_id)
    held = sa.union(
        sa.select(HELD.c.user_id).where(HELD.c.role_id.in_(wanted)),
        sa.select(MEMBER.c.user_id).select_from(through).where(OF_GROUP.c.role_id.in_(wanted)),
        sa.select(requests.c.user_id).where(
            requests.c.role.in_(names),
            requests.c.part == "",
            requests.c.state == GRANTED,
            requests.c.until > now,
        ),
    ).subquery()
    active = sa.select(USER.c.id).where(
        USER.c.active.is_(True), USER.c.id.in_(sa.select(held.c.user_id))
    )
    return tuple(connection.execute(active.order_by(USER.c.id)).scalars())


def _held() -> sa.Subquery:
    """Return who holds which role: themselves, or through a group."""
    through = MEMBER.join(OF_GROUP, OF_GROUP.c.group_id == MEMBER.c.group_id)
    return sa.union(
        sa.select(HELD.c.user_id, HELD.c.role_id),
        sa.select(MEMBER.c.user_id, OF_GROUP.c.role_id).select_from(through),
    ).subquery()


def _accounts(connection: sa.Connection, condition: Any) -> tuple[Account, ...]:
    own = _held()
    held = own.join(ROLE, ROLE.c.id == own.c.role_id)
    statement = (
        sa.select(
            USER.c.id,
            USER.c.username,
            USER.c.first_name,
            USER.c.last_name,
            USER.c.email,
            ROLE.c.name.label("role"),
        )
        .select_from(USER.outerjoin(held, own.c.user_id == USER.c.id))
        .where(condition, USER.c.active.is_(True))
        .order_by(USER.c.username)
    )
    rows: dict[int, list[Any]] = {}
    for row in connection.execute(statement):
        rows.setdefault(row.id, []).append(row)
    return tuple(
        Account(
            id=number,
            username=same[0].username,
            name=f"{same[0].first_name or ''} {same[0].last_name or ''}".strip()
            or same[0].username,
            roles=frozenset(row.role for row in same if row.role),
            email=same[0].email or "",
        )
        for number, same in rows.items()
    )
