"""Who somebody is right now: one small SELECT a request, so that every change counts at once.

A password change, a deactivation, a role taken away or a sign-out is seen by the next request of
every session and token, because nothing about a person is kept between requests. What a session or
a JWT carries is only the person's id and a fingerprint of their password's hash.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User

from generator.model.access import PersonFact
from rules.permissions import narrowed
from runtime.messages import Actor
from runtime.store.engine import read
from runtime.store.prepared import Prepared
from runtime.store.schema import Schema
from runtime.store.sessions import ENDED, EVERYTHING, OPEN
from runtime.store.system_tables import SystemTables
from runtime.store.tokens import hash_token
from runtime.web.users import SERVICE


@dataclass(frozen=True, slots=True)
class Principal:
    """An active person and what let them in."""

    actor: Actor
    fingerprint: str
    token_id: str = ""
    token_used: datetime | None = None
    seen: datetime | None = None
    """When the session was last noted to be in use; None when it is not listed."""
    service: bool = False
    """The account of a program: only its tokens let it in."""


AFTER_ROLE = 8
"""Behind so many columns stand the lists of the person, then what a token says."""


class Row(NamedTuple):
    """What the statements select."""

    id: int
    username: str
    email: str
    active: bool | None
    password: str | None
    first_name: str
    last_name: str
    role: str | None
    seen: datetime | None = None
    token_id: str | None = None
    scopes: list[str] | None = None
    expires_at: datetime | None = None
    last_used_at: datetime | None = None


class Principals:
    """Finds principals; the three statements are built once."""

    def __init__(
        self,
        engine: sa.Engine,
        system: SystemTables,
        schema: Schema,
        *,
        password_key: str,
        token_key: str,
    ) -> None:
        self.engine, self.system = engine, system
        self.person = dict(schema.app.person)
        self._lists = [_list(fact, schema) for fact in schema.app.person.values()]
        self.password_key, self.token_key = password_key, token_key

    def by_session(
        self, user_id: int, session_id: str, fingerprint: str, started: datetime
    ) -> Principal | None:
        """Return who a cookie or a JWT was given to; None when it has ended in whatever way."""
        values = {
            "user": user_id,
            "ended": ENDED + session_id,
            "open": OPEN + session_id,
            "started": started,
        }
        found = self._find(self._by_session, values, "user", None)
        return self._same(found, fingerprint)

    def by_token(self, token: str, now: datetime) -> Principal | None:
        """Return who a personal access token belongs to; None when it does not work."""
        values = {"hash": hash_token(token, self.token_key)}
        return self._find(self._by_token, values, "token", now)

    def current(self, user_id: int) -> Principal | None:
        """Return a person who has just proved who they are."""
        return self._find(self._by_id, {"user": user_id}, "user", None)

    def _same(self, found: Principal | None, fingerprint: str) -> Principal | None:
        if (
            found is None
            or found.service
            or not hmac.compare_digest(found.fingerprint, fingerprint)
        ):
            return None
        return found

    def _find(
        self, statement: Prepared, values: dict[str, Any], kind: str, now: datetime | None
    ) -> Principal | None:
        with read(self.engine) as connection:
            found = statement.rows(connection, values)
        after = AFTER_ROLE + len(self.person)
        rows = [Row(*row[:AFTER_ROLE], *row[after:]) for row in found]
        if not rows or not rows[0].active:
            return None
        first = rows[0]
        scopes, token_id, used = None, "", None
        if now is not None:
            if first.expires_at is not None and first.expires_at <= now:
                return None
            scopes = None if first.scopes is None else frozenset(first.scopes)
            token_id, used = str(first.token_id), first.last_used_at
        roles = frozenset(row.role for row in rows if row.role is not None)
        actor = Actor(
            id=first.id,
            name=first.username,
            roles=roles if scopes is None else narrowed(roles, scopes),
            email=first.email,
            kind=kind,
            scopes=scopes,
            person=dict(zip(self.person, found[0][AFTER_ROLE:after], strict=True)),
            first_name=first.first_name or "",
            last_name=first.last_name or "",
        )
        return Principal(
            actor,
            fingerprint(first.password or "", self.password_key),
            token_id,
            used,
            first.seen,
            first.password == SERVICE,
        )

    @cached_property
    def _by_id(self) -> Prepared:
        return Prepared(_person(self._lists), self.engine.dialect)

    @cached_property
    def _by_session(self) -> Prepared:
        setting = self.system.setting
        mine = setting.c.user_id == sa.bindparam("user")
        everything = sa.and_(
            setting.c.key == sa.literal_column(f"'{EVERYTHING}'"),
            setting.c.updated_at > sa.bindparam("started", type_=setting.c.updated_at.type),
        )
        ended = sa.exists().where(mine, sa.or_(setting.c.key == sa.bindparam("ended"), everything))
        listed = setting.alias("listed")
        seen = (
            sa.select(listed.c.updated_at)
            .where(listed.c.user_id == sa.bindparam("user"), listed.c.key == sa.bindparam("open"))
            .scalar_subquery()
        )
        return Prepared(_person(self._lists, seen).where(~ended), self.engine.dialect)

    @cached_property
    def _by_token(self) -> Prepared:
        setting, token = self.system.setting, self.system.token
        ended = sa.exists().where(
            setting.c.user_id == token.c.user_id,
            setting.c.key == sa.literal_column(f"'{EVERYTHING}'"),
            setting.c.updated_at > token.c.created_at,
        )
        return Prepared(_owner(token, self._lists).where(~ended), self.engine.dialect)


@lru_cache(maxsize=4096)
def fingerprint(password_hash: str, secret: str) -> str:
    """Return what a session remembers of a password: it changes with it and tells nothing."""
    keyed = hmac.new(secret.encode(), password_hash.encode(), hashlib.sha256)
    return keyed.hexdigest()[:24]


def _list(fact: PersonFact, schema: Schema) -> Any:
    """Return the values that records say of the user of the statement, as one list."""
    table = schema.tables[fact.entity].alias()
    user = _tables()[0]
    held = table.c[fact.person]
    who = user.c.id if isinstance(held.type, sa.Integer) else user.c.username
    value = table.c[fact.value]
    found = sa.select(value).where(held == who, value.is_not(None))
    if schema.app.entities[fact.entity].archive:
        found = found.where(table.c.archived_at.is_(None))
    each = found.correlate(user).subquery()
    column = each.c[0]
    if schema.dialect == "postgresql":
        gathered: Any = sa.func.coalesce(sa.func.json_agg(column), sa.text("'[]'::json"))
    else:
        gathered = sa.func.json_group_array(column)
    return sa.select(sa.type_coerce(gathered, sa.JSON())).select_from(each).scalar_subquery()


def _person(lists: Sequence[Any], *more: Any) -> sa.Select[Any]:
    """Return who has an id: a row for each role, in the order of `Row`."""
    user, role, _, _, _ = _tables()
    return (
        sa.select(*_columns(user), role.c.name, *lists, *more)
        .select_from(user.outerjoin(role, _holds(sa.bindparam("user"), role)))
        .where(user.c.id == sa.bindparam("user"))
    )


def _owner(token: sa.Table, lists: Sequence[Any]) -> sa.Select[Any]:
    """Return who owns the token of a hash: a row for each role, in the order of `Row`."""
    user, role, user_role, user_group, group_role = _tables()
    groups = (
        sa.select(group_role.c.role_id)
        .join(user_group, user_group.c.group_id == group_role.c.group_id)
        .where(user_group.c.user_id == user.c.id)
    )
    own = sa.select(user_role.c.role_id).where(user_role.c.user_id == user.c.id)
    return (
        sa.select(
            *_columns(user),
            role.c.name,
            *lists,
            sa.null(),
            token.c.id,
            token.c.scopes,
            token.c.expires_at,
            token.c.last_used_at,
        )
        .select_from(
            token.join(user, user.c.id == token.c.user_id).outerjoin(
                role, sa.or_(role.c.id.in_(own), role.c.id.in_(groups))
            )
        )
        .where(token.c.hash == sa.bindparam("hash"), token.c.revoked_at.is_(None))
    )


def _columns(user: sa.Table) -> tuple[sa.Column[Any], ...]:
    names = (user.c.first_name, user.c.last_name)
    return (user.c.id, user.c.username, user.c.email, user.c.active, user.c.password, *names)


def _tables() -> tuple[sa.Table, sa.Table, sa.Table, sa.Table, sa.Table]:
    tables = User.metadata.tables
    return (
        tables["ab_user"],
        tables["ab_role"],
        tables["ab_user_role"],
        tables["ab_user_group"],
        tables["ab_group_role"],
    )


def _holds(user_id: sa.BindParameter[Any], role: sa.Table) -> sa.ColumnElement[bool]:
    """Return "somebody holds the role", directly or through a group."""
    _, _, user_role, user_group, group_role = _tables()
    own = sa.exists().where(user_role.c.user_id == user_id, user_role.c.role_id == role.c.id)
    through = sa.exists().where(
        user_group.c.user_id == user_id,
        group_role.c.group_id == user_group.c.group_id,
        group_role.c.role_id == role.c.id,
    )
    return sa.or_(own, through)
