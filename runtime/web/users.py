"""People and roles in Flask-AppBuilder's tables, made without a running app.

`roles.yaml` says which roles there are and what they may do; `ab_role` only lets people hold them.
Roles that left the definitions stay there and mean nothing. Flask-AppBuilder's own `Admin` role
does not exist here: who may do everything is somebody with a role that is granted `"*": all`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import Model  # with the tables of people
from sqlalchemy.dialects import postgresql, sqlite
from werkzeug.security import generate_password_hash

from generator.model.app import App
from generator.model.text import Label
from rules.administering import does_everything, duties
from runtime.runtime import Runtime
from runtime.store.engine import read, write
from runtime.store.prepared import prepared
from runtime.web.names import full_name

HASHING = "scrypt:32768:8:1"
"""How a password becomes what is kept of it: a tenth of a second and 32 MB for each guess."""
SALT_LENGTH = 16
SERVICE = "!service"
"""Stands in place of a password's hash: the account of a program, to which no password belongs."""
SHORTEST, LONGEST = 12, 128
"""Characters of a password."""
DIFFERENT = 4
"""So many different ones."""


@dataclass(frozen=True)
class PersonLine:
    """A person in a list."""

    id: int
    username: str
    email: str
    active: bool
    roles: tuple[str, ...]


class UnknownPerson(Exception):
    """Nobody has this user name."""


class UnknownRole(Exception):
    """A role that the database does not have; `sync_roles` makes those of the definitions."""


class WeakPassword(Exception):
    """A password that may not be used; the message says why."""

    def __init__(self, message: Label) -> None:
        super().__init__(str(message))
        self.message = message


def hash_password(password: str) -> str:
    """Return a salted scrypt hash as Flask-AppBuilder reads it."""
    return generate_password_hash(password, HASHING, SALT_LENGTH)


def check_password(password: str, username: str = "") -> Label | None:
    """Return why a password may not be used; None when it may."""
    if len(password) < SHORTEST:
        return Label(
            {
                "en": f"A password has at least {SHORTEST} characters.",
                "zh": f"密码至少 {SHORTEST} 个字符。",
            }
        )
    if len(password) > LONGEST:
        return Label(
            {
                "en": f"A password has at most {LONGEST} characters.",
                "zh": f"密码最多 {LONGEST} 个字符。",
            }
        )
    if "\x00" in password or len(set(password)) < DIFFERENT:
        return Label({"en": "This password is too simple.", "zh": "密码过于简单。"})
    if username and username.casefold() in password.casefold():
        return Label(
            {"en": "A password does not contain the user name.", "zh": "密码不能包含用户名。"}
        )
    return None


def sync_roles(engine: sa.Engine, app: App) -> tuple[str, ...]:
    """Let people hold every role of the definitions; return the names that are new."""
    role = Model.metadata.tables["ab_role"]
    insert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
    with write(engine) as connection:
        known = set(connection.execute(sa.select(role.c.name)).scalars())
        missing = tuple(name for name in app.roles if name not in known)
        if missing:
            connection.execute(
                insert(role).on_conflict_do_nothing(), [{"name": name} for name in missing]
            )
    return missing


def user_names(engine: sa.Engine, ids: Iterable[int]) -> dict[int, str]:
    """Return what accounts are called, by number: their name, or what they sign in with."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    user = Model.metadata.tables["ab_user"]
    # as many places as the next power of two, so that few statements serve every page
    places = 1 << (len(wanted) - 1).bit_length()
    wanted += wanted[-1:] * (places - len(wanted))
    names = [f"id_{place}" for place in range(places)]

    def make() -> sa.Select[Any]:
        columns = (user.c.id, user.c.first_name, user.c.last_name, user.c.username)
        return sa.select(*columns).where(sa.or_(*(user.c.id == sa.bindparam(n) for n in names)))

    with read(engine) as connection:
        statement = prepared(user, ("names", places), connection.dialect, make)
        rows = statement.rows(connection, dict(zip(names, wanted, strict=True)))
    return {row[0]: full_name(row[1] or "", row[2] or "", row[3]) for row in rows}


def find_people(engine: sa.Engine, text: str, limit: int = 20) -> list[tuple[int, str, str]]:
    """Return accounts that may sign in and whose name holds every word of a text, by name.

    Returns:
        Number, name and user name of each.

    """
    user = Model.metadata.tables["ab_user"]
    full = sa.func.coalesce(user.c.first_name, "") + " " + sa.func.coalesce(user.c.last_name, "")
    statement = (
        sa.select(user.c.id, full, user.c.username)
        .where(user.c.active.is_(True))
        .order_by(full, user.c.username)
        .limit(limit)
    )
    for word in text.split()[:5]:
        statement = statement.where(
            sa.or_(
                full.icontains(word, autoescape=True),
                user.c.username.icontains(word, autoescape=True),
            )
        )
    with read(engine) as connection:
        rows = connection.execute(statement)
        return [(number, name.strip() or login, login) for number, name, login in rows]


def create_user(
    engine: sa.Engine,
    username: str,
    password: str,
    roles: Iterable[str],
    *,
    first_name: str = "",
    last_name: str = "",
    email: str = "",
    active: bool = True,
) -> int:
    """Create a person who can sign in and return their id.

    Raises:
        UnknownRole: a role is not in the database.
        WeakPassword: the password may not be used.
        sqlalchemy.exc.IntegrityError: the user name or e-mail is taken.

    """
    reason = check_password(password, username)
    if reason is not None:
        raise WeakPassword(reason)
    tables = Model.metadata.tables
    user, role, held = tables["ab_user"], tables["ab_role"], tables["ab_user_role"]
    wanted = set(roles)
    with write(engine) as connection:
        found = {
            row.name: row.id
            for row in connection.execute(
                sa.select(role.c.id, role.c.name).where(role.c.name.in_(wanted))
            )
        }
        if wanted - found.keys():
            raise UnknownRole(", ".join(sorted(wanted - found.keys())))
        made = connection.execute(
            user.insert()
            .values(
                username=username,
                password=hash_password(password),
                first_name=first_name or username,
                last_name=last_name,
                email=email or f"{username}@localhost",
                active=active,
            )
            .returning(user.c.id)
        ).scalar_one()
        if found:
            connection.execute(
                held.insert(), [{"user_id": made, "role_id": each} for each in found.values()]
            )
    return int(made)


def set_password(engine: sa.Engine, username: str, password: str) -> None:
    """Give a person another password; every session and token of theirs ends with the old one.

    Raises:
        UnknownPerson: nobody is called so.
        WeakPassword: the password may not be used.

    """
    reason = check_password(password, username)
    if reason:
        raise WeakPassword(reason)
    user = Model.metadata.tables["ab_user"]
    change = user.update().where(user.c.username == username).returning(user.c.id)
    with write(engine) as connection:
        found = connection.execute(change.values(password=hash_password(password))).first()
    if found is None:
        raise UnknownPerson(username)


def list_users(engine: sa.Engine) -> tuple[PersonLine, ...]:
    """Return everybody by user name, with the roles they hold themselves."""
    tables = Model.metadata.tables
    user, role, held = tables["ab_user"], tables["ab_role"], tables["ab_user_role"]
    people = sa.select(user.c.id, user.c.username, user.c.email, user.c.active)
    holds = sa.select(held.c.user_id, role.c.name).join(role, role.c.id == held.c.role_id)
    with read(engine) as connection:
        names: dict[int, list[str]] = {}
        for user_id, name in connection.execute(holds.order_by(role.c.name)):
            names.setdefault(user_id, []).append(name)
        return tuple(
            PersonLine(
                row.id, row.username, row.email, bool(row.active), tuple(names.get(row.id, ()))
            )
            for row in connection.execute(people.order_by(user.c.username))
        )


def is_administrator(runtime: Runtime, roles: frozenset[str]) -> bool:
    """Return whether some of these roles may do everything with everything."""
    return does_everything(runtime.matrix, roles)


def administers(runtime: Runtime, roles: frozenset[str], duty: str) -> bool:
    """Return whether somebody with these roles administers the system, people or the log."""
    return duty in duties(runtime.matrix, roles)
