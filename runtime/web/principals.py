"""Who somebody is right now: asked by every request, so that every change counts at once.

A password change, a deactivation, a role taken away or a sign-out is seen by the next request of
every session and token. What a session or a JWT carries is only the person's id and a fingerprint
of their password's hash.

Everything about somebody is one row, and that one text. Whoever asked before is recognised by the
text of then and is not read again, until a role that they hold for a time ends. A request that only
reads may go on as if it were still the same (`assumes`): the question then travels along with its
first rows, and if the answer is another one, they are thrown away and the request begins anew.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User

from generator.model.access import PersonFact
from rules.role_names import PART, narrowed
from runtime.messages import Actor, Emergency
from runtime.store.engine import assume, read
from runtime.store.questions import Assumed, Question
from runtime.store.role_requests import GRANTED
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
    expires: datetime | None = None
    """When the token ends; None when it never does."""
    seen: datetime | None = None
    """When the session was last noted to be in use; None when it is not listed."""
    service: bool = False
    """The account of a program: only its tokens let it in."""
    known_by: tuple[Any, ...] = ()
    """Under what it is remembered."""


class Row(NamedTuple):
    """What the questions select; the lists of the person come behind."""

    id: int
    username: str
    email: str
    active: bool | None
    password: str | None
    first_name: str | None
    last_name: str | None
    roles: str
    seen: datetime | None
    token_id: str | None
    scopes: list[str] | None
    expires_at: datetime | None
    last_used_at: datetime | None


LISTS = len(Row._fields)
"""Behind so many columns stand the roles held for a time, what was taken in an emergency, then the
lists of the person."""
KEPT = 4096
"""Answers that one process remembers."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What was said of somebody, word for word, and whom it means."""

    answer: str
    principal: Principal
    ends: float
    """The first moment from which it means somebody else: a role they hold for a time ends."""


class Principals:
    """Finds principals; the three questions are made once."""

    def __init__(
        self,
        engine: sa.Engine,
        system: SystemTables,
        schema: Schema,
        *,
        password_key: str,
        token_key: str,
        clock: Callable[[], datetime],
    ) -> None:
        self.engine, self.system, self.clock = engine, system, clock
        self.person = tuple(schema.app.person)
        self._for_a_time = _for_a_time(system.role_request, schema.dialect)
        self._emergency = _in_an_emergency(system.emergency, schema.dialect)
        self._lists = [_list(fact, schema) for fact in schema.app.person.values()]
        self.password_key, self.token_key = password_key, token_key
        self._known: dict[tuple[Any, ...], _Known] = {}

    def by_session(
        self,
        user_id: int,
        session_id: str,
        fingerprint: str,
        started: datetime,
        *,
        assumes: bool = False,
    ) -> Principal | None:
        """Return who a cookie or a JWT was given to; None when it has ended in whatever way."""
        values = {
            "sw_user": user_id,
            "sw_ended": ENDED + session_id,
            "sw_open": OPEN + session_id,
            "sw_started": started,
        }
        found = self._find(self._by_session, values, "user", assumes=assumes)
        if (
            found is None
            or found.service
            or not hmac.compare_digest(found.fingerprint, fingerprint)
        ):
            return None
        return found

    def by_token(self, token: str, now: datetime, *, assumes: bool = False) -> Principal | None:
        """Return who a personal access token belongs to; None when it does not work."""
        values = {"sw_hash": hash_token(token, self.token_key)}
        found = self._find(self._by_token, values, "token", assumes=assumes)
        if found is None or (found.expires is not None and found.expires <= now):
            return None
        return found

    def current(self, user_id: int) -> Principal | None:
        """Return a person who has just proved who they are."""
        return self._find(self._by_id, {"sw_user": user_id}, "user")

    def forget(self, principal: Principal) -> None:
        """Assume nothing of somebody next time: something about them has just been written."""
        self._known.pop(principal.known_by, None)

    def _find(
        self, question: Question, values: Mapping[str, Any], kind: str, *, assumes: bool = False
    ) -> Principal | None:
        key = tuple(values.values())
        known = self._known.get(key)
        now = self.clock().timestamp()
        if known is not None and known.ends <= now:
            known = None
        if known is not None and assumes:
            assumed = Assumed(question, values, known.answer)
            if assume(self.engine, assumed):
                return known.principal
        with read(self.engine) as connection:
            answer = question.ask(connection, values)
        if answer is None:
            return None
        if known is not None and known.answer == answer:
            return known.principal
        cells = question.read(answer)
        held = {
            role.removesuffix(PART): float(end)
            for role, _, end in (one.rpartition("|") for one in orjson.loads(cells[LISTS]))
            if float(end) > now
        }
        taken = _taken(cells[LISTS + 1], now)
        found = self._read(cells, kind, key, frozenset(held), taken)
        if found is not None and "sw_open" in values:
            found = replace(found, actor=replace(found.actor, session=values["sw_open"]))
        if found is not None:
            if len(self._known) >= KEPT:
                self._known = {}
            ends = [*held.values(), *([taken.until.timestamp()] if taken else [])]
            self._known[key] = _Known(answer, found, min(ends, default=math.inf))
        return found

    def _read(
        self,
        cells: Sequence[Any],
        kind: str,
        key: tuple[Any, ...],
        held: frozenset[str],
        taken: Emergency | None,
    ) -> Principal | None:
        """Return who an answer speaks of; nobody when the account is not active.

        `held` are roles that they hold for a time, beside those of the account; `taken` is one
        that this session took in an emergency.
        """
        row = Row(*cells[:LISTS])
        if not row.active:
            return None
        scopes = None if row.scopes is None else frozenset(row.scopes)
        roles = held | frozenset(orjson.loads(row.roles))
        if taken is not None:
            # what they hold anyway, they did not take
            taken = None if taken.role in roles else taken
            roles |= {taken.role} if taken else set()
        lists = zip(self.person, cells[LISTS + 2 :], strict=True)
        actor = Actor(
            id=row.id,
            name=row.username,
            roles=roles if scopes is None else narrowed(roles, scopes),
            email=row.email,
            kind=kind,
            scopes=scopes,
            person={name: orjson.loads(values) for name, values in lists},
            first_name=row.first_name or "",
            last_name=row.last_name or "",
            emergency=taken,
        )
        return Principal(
            actor,
            fingerprint(row.password or "", self.password_key),
            token_id=str(row.token_id or ""),
            token_used=row.last_used_at,
            expires=row.expires_at,
            seen=row.seen,
            service=row.password == SERVICE,
            known_by=key,
        )

    @cached_property
    def _by_id(self) -> Question:
        user = _tables().user
        asked = self._person(sa.null()).where(user.c.id == sa.bindparam("sw_user"))
        return Question(asked, self.engine.dialect)

    @cached_property
    def _by_session(self) -> Question:
        user, setting = _tables().user, self.system.setting
        of, at = setting.c.key, setting.c.updated_at
        ended: Any = sa.bindparam("sw_ended")
        every: Any = sa.literal_column(f"'{EVERYTHING}'")
        listed: Any = sa.bindparam("sw_open")
        after = at > sa.bindparam("sw_started", type_=at.type)
        # what is kept of the session, read once: when it was in use, and whether it has ended
        session = (
            sa.select(
                sa.func.max(sa.case((of == listed, at))).label("seen"),
                sa.func.count(
                    sa.case((sa.or_(of == ended, sa.and_(of == every, after)), of))
                ).label("ends"),
            )
            .where(
                setting.c.user_id == sa.bindparam("sw_user"),
                sa.or_(of == listed, of == ended, of == every),
            )
            .subquery("session")
        )
        asked = (
            self._person(session.c.seen, taken=self._emergency)
            .select_from(sa.join(user, session, sa.true()))
            .where(user.c.id == sa.bindparam("sw_user"), session.c.ends == sa.literal_column("0"))
        )
        return Question(asked, self.engine.dialect)

    @cached_property
    def _by_token(self) -> Question:
        user, setting, token = _tables().user, self.system.setting, self.system.token
        ended = sa.exists().where(
            setting.c.user_id == token.c.user_id,
            setting.c.key == sa.literal_column(f"'{EVERYTHING}'"),
            setting.c.updated_at > token.c.created_at,
        )
        asked = (
            self._person(sa.null(), token)
            .select_from(token.join(user, user.c.id == token.c.user_id))
            .where(token.c.hash == sa.bindparam("sw_hash"), token.c.revoked_at.is_(None), ~ended)
        )
        return Question(asked, self.engine.dialect)

    def _person(
        self, seen: Any, token: sa.Table | None = None, taken: Any = None
    ) -> sa.Select[Any]:
        """Return what is asked of somebody, in the order of `Row` and the lists behind it."""
        user = _tables().user.c
        given: tuple[Any, ...] = (sa.null(),) * 4
        if token is not None:
            given = (token.c.id, token.c.scopes, token.c.expires_at, token.c.last_used_at)
        columns = (
            *(user.id, user.username, user.email, user.active, user.password),
            *(user.first_name, user.last_name, _roles(self.engine.dialect), seen),
            *given,
            self._for_a_time,
            sa.literal_column("'[]'") if taken is None else taken,
            *self._lists,
        )
        return sa.select(*(one.label(f"c{number}") for number, one in enumerate(columns)))


@lru_cache(maxsize=4096)
def fingerprint(password_hash: str, secret: str) -> str:
    """Return what a session remembers of a password: it changes with it and tells nothing."""
    keyed = hmac.new(secret.encode(), password_hash.encode(), hashlib.sha256)
    return keyed.hexdigest()[:24]


def _list(fact: PersonFact, schema: Schema) -> Any:
    """Return the values that records say of the user of the statement, as one list."""
    table = schema.tables[fact.entity].alias()
    user = _tables().user
    held = table.c[fact.person]
    who = user.c.id if isinstance(held.type, sa.Integer) else user.c.username
    value = table.c[fact.value]
    found = sa.select(value).where(held == who, value.is_not(None))
    if schema.app.entities[fact.entity].archive:
        found = found.where(table.c.archived_at.is_(None))
    return _gathered(found.correlate(user).subquery(), schema.dialect)


def _for_a_time(request: sa.Table, dialect: str) -> Any:
    """Return the roles, or parts of roles, given to the user for a time, each with its end.

    The end is a number of seconds, so that the answer is the same until something is written; who
    reads it compares it with the clock.
    """
    user = _tables().user
    end = _seconds(request.c.until, dialect)
    part: Any = sa.literal_column(f"'{PART}'")
    bar: Any = sa.literal_column("'|'")
    text = request.c.role.concat(part).concat(request.c.part).concat(bar).concat(end)
    found = sa.select(text.label("held")).where(
        request.c.user_id == user.c.id, request.c.state == sa.literal_column(f"'{GRANTED}'")
    )
    return _gathered(found.order_by(request.c.id).correlate(user).subquery(), dialect)


def _in_an_emergency(emergency: sa.Table, dialect: str) -> Any:
    """Return what this session took in an emergency and did not end, each with its end and id."""
    user, bar = _tables().user, sa.literal_column("'|'", sa.Text())
    end = _seconds(emergency.c.until, dialect)
    text = emergency.c.role.concat(bar).concat(end).concat(bar).concat(emergency.c.id)
    found = sa.select(text.label("taken")).where(
        emergency.c.user_id == user.c.id,
        emergency.c.session == sa.bindparam("sw_open"),
        emergency.c.ended_at.is_(None),
    )
    return _gathered(found.order_by(emergency.c.id).correlate(user).subquery(), dialect)


def _taken(text: str, now: float) -> Emergency | None:
    """Return what of this still holds: at most one, because none begins while another runs."""
    for one in orjson.loads(text):
        role, end, use_id = str(one).split("|")
        if float(end) > now:
            return Emergency(use_id, role, datetime.fromtimestamp(float(end), UTC))
    return None


def _seconds(moment: sa.ColumnElement[Any], dialect: str) -> Any:
    """Return a moment as the text of its seconds since 1970."""
    if dialect == "postgresql":
        return sa.cast(sa.extract("epoch", moment), sa.Text())
    return sa.func.strftime("%s", moment)


def _roles(dialect: sa.Dialect) -> Any:
    """Return the names of the roles of the user of the statement, also those of their groups."""
    tables = _tables()
    user, role, own, member, group = (
        *(tables.user, tables.role, tables.user_role.alias()),
        *(tables.user_group.alias(), tables.group_role.alias()),
    )
    held = (
        sa.select(own.c.role_id)
        .where(own.c.user_id == user.c.id)
        .correlate(user)
        .union_all(
            sa.select(group.c.role_id)
            .join(member, member.c.group_id == group.c.group_id)
            .where(member.c.user_id == user.c.id)
            .correlate(user)
        )
        .subquery()
    )
    named = sa.select(role.c.name).join(held, held.c.role_id == role.c.id)
    return _gathered(named.correlate(user).subquery(), dialect.name)


def _gathered(each: sa.Subquery, dialect: str) -> Any:
    """Return the one column of some rows as the text of a JSON list."""
    column = each.c[0]
    if dialect == "postgresql":
        some = sa.func.coalesce(sa.func.json_agg(column), sa.text("'[]'::json"))
        text: Any = sa.cast(some, sa.Text())
    else:
        # joined to nothing it is a text for SQLite too, which else remembers that it is JSON
        every = sa.func.json_group_array(column)
        text = sa.type_coerce(every, sa.Text()).concat(sa.literal_column("''"))
    return sa.select(text).select_from(each).scalar_subquery()


class _Tables(NamedTuple):
    """Flask-AppBuilder's tables of people and roles."""

    user: sa.Table
    role: sa.Table
    user_role: sa.Table
    user_group: sa.Table
    group_role: sa.Table


def _tables() -> _Tables:
    names = ("ab_user", "ab_role", "ab_user_role", "ab_user_group", "ab_group_role")
    return _Tables(*(User.metadata.tables[name] for name in names))
