"""A review of rights: who holds what today, what of it looks odd, and taking it back.

Comes in: accounts, groups, roles held for a time, the matrix and the audit. Goes out: a line for
each person and role, with the cells it gives and what is found: that nobody used it, that its
holder was not seen for long, that it does not go together with another. A reviewer keeps or revokes
each line; nobody decides about themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from generator.model.text import Label
from generator.shapes.access import ACTIONS
from runtime.errors import Blocked, Forbidden, NotFound
from runtime.messages import Actor
from runtime.notifications import Notice, notify
from runtime.role_requests import ABOUT, conflicts_of
from runtime.runtime import Runtime
from runtime.store import emergencies, role_requests
from runtime.store import reviews as store
from runtime.store.engine import read, write
from runtime.store.reviews import KEEP, REVOKE, SUSPEND, Review, ReviewLine
from runtime.store.role_requests import GRANTED
from runtime.store.trail import Note, Trail
from runtime.web.people import accounts
from runtime.web.people.account_changes import give_role, take_role
from runtime.web.people.accounts import Account
from runtime.web.people.groups import list_groups

DORMANT = timedelta(days=60)
"""Whoever was not seen so long is told apart."""
OLD = timedelta(days=90)
"""A token that works so long already is a line of its own."""
UNUSED = timedelta(days=90)
"""A right to change something that nobody used so long is told."""
CHANGES = frozenset({"create", "update", "delete", "restore", "import", "bulk", "approve"})
"""What the audit knows of: a look leaves no row, so a right only to look is never called unused."""
REVIEW = "@review"

OVER = Label({"en": "This line was decided already.", "zh": "此项已处理。"})
GONE = Label({"en": "What it was held by is over.", "zh": "原持有依据已失效，无法恢复。"})
CLOSED = Label({"en": "This review is closed.", "zh": "此次复核已结束。"})
OWN = Label({"en": "Nobody reviews their own rights.", "zh": "任何人不能复核自己的权限。"})


def tables(runtime: Runtime) -> tuple[sa.Table, sa.Table]:
    """Return the tables of reviews and their lines."""
    return runtime.system.review, runtime.system.review_line


def begin(trail: Trail) -> str:
    """Take a snapshot of who holds what and return the new review's id."""
    with write(trail.runtime.engine) as connection:
        return begin_within(connection, trail)


def begin_within(connection: sa.Connection, trail: Trail) -> str:
    """Begin a review in the caller's transaction."""
    runtime, actor = trail.runtime, trail.actor
    assert actor is not None
    one = Review(runtime.make_id(), runtime.clock(), actor.id, actor.name)
    lines = list(_snapshot(runtime, one.id))
    store.begin(connection, tables(runtime), one, lines)
    told = {"lines": len(lines)}
    trail.write(connection, Note("review_began", REVIEW, one.id, after=told))
    return one.id


def decide(
    trail: Trail, line_id: str, decision: str, said: str, administrators: Collection[str]
) -> ReviewLine:
    """Keep a role or take it back.

    Raises:
        NotFound: there is no such line.
        Forbidden: it is about the reviewer.
        Blocked: it was decided, or the review is closed.
        LastAdministrator: nobody who administers would be left.

    """
    runtime, actor = trail.runtime, trail.actor
    assert actor is not None
    one = store.find_line(runtime.engine, runtime.system.review_line, line_id)
    if one is None:
        raise NotFound
    if actor.id == one.user_id or actor.real_id:
        raise Forbidden(OWN)
    review = store.find(runtime.engine, tables(runtime), one.review_id)
    if review is None or review.closed_at is not None:
        raise Blocked(CLOSED)
    now, by = runtime.clock(), (actor.id, actor.name)
    with write(runtime.engine) as connection:
        mine = runtime.system.review_line
        if not store.decide(connection, mine, one.id, decision, by, now, said[:2000]):
            raise Blocked(OVER)
        operation = "review_kept" if decision == KEEP else "review_revoked"
        trail.write(connection, _note(operation, one, said))
        if decision == REVOKE:
            _take(trail, connection, one, administrators)
    return one


def suspend(trail: Trail, one: ReviewLine, administrators: Collection[str]) -> bool:
    """Take what nobody answered for until somebody gives it back; False when it was answered.

    Raises:
        LastAdministrator: nobody who administers would be left.

    """
    runtime, table = trail.runtime, trail.runtime.system.review_line
    by = (0, trail.actor.name if trail.actor else "")
    with write(runtime.engine) as connection:
        if not store.decide(connection, table, one.id, SUSPEND, by, runtime.clock(), ""):
            return False
        trail.write(connection, _note("review_suspended", one))
        _take(trail, connection, one, administrators, "role_suspended")
    return True


def restore(trail: Trail, line_id: str) -> ReviewLine:
    """Give back what was suspended, also when its review is closed.

    Raises:
        NotFound: there is no such line.
        Forbidden: it is about the one who asks.
        Blocked: it is not suspended, or what it was held by is over.

    """
    runtime, actor = trail.runtime, trail.actor
    assert actor is not None
    one = store.find_line(runtime.engine, runtime.system.review_line, line_id)
    if one is None:
        raise NotFound
    if actor.id == one.user_id or actor.real_id:
        raise Forbidden(OWN)
    now, by = runtime.clock(), (actor.id, actor.name)
    with write(runtime.engine) as connection:
        if not store.restore(connection, runtime.system.review_line, one.id, by, now):
            raise Blocked(OVER)
        if not _give(trail, connection, one):
            raise Blocked(GONE)
        trail.write(connection, _note("review_restored", one))
        _tell(trail, connection, one, "role_restored")
    return one


def close(trail: Trail, review_id: str) -> None:
    """Close a review: what nobody decided stays as it is, and the report says so.

    Raises:
        NotFound: there is none of this id.

    """
    runtime, actor = trail.runtime, trail.actor
    assert actor is not None
    found = store.find(runtime.engine, tables(runtime), review_id)
    if found is None:
        raise NotFound
    with write(runtime.engine) as connection:
        if store.close(connection, tables(runtime)[0], review_id, actor.name, runtime.clock()):
            told = {"lines": found.lines, "revoked": found.revoked, "open": found.open}
            trail.write(connection, Note("review_closed", REVIEW, review_id, after=told))


def _note(operation: str, one: ReviewLine, said: str = "") -> Note:
    told = {"role": one.role, "via": one.via, "person": one.user_name}
    return Note(operation, REVIEW, one.review_id, one.user_name, after=told, reason=said)


def _take(
    trail: Trail,
    connection: sa.Connection,
    one: ReviewLine,
    administrators: Collection[str],
    kind: str = "role_revoked",
) -> None:
    runtime = trail.runtime
    held, _, place = one.via.partition(":")
    if held == "request":
        _move(trail, connection, place, GRANTED, "revoked")
        told = {"request": place, "role": one.role, "person": one.user_name}
        trail.write(connection, Note("role_revoked", ABOUT, one.role, one.user_name, after=told))
    elif held == "token":
        _set_revoked(connection, runtime, place, runtime.clock())
    else:
        take_role(trail, connection, one.user_id, one.role, one.via, administrators)
    _tell(trail, connection, one, kind)


def _give(trail: Trail, connection: sa.Connection, one: ReviewLine) -> bool:
    """Give back what was taken; False where its time is over or it is not there any more."""
    runtime = trail.runtime
    held, _, place = one.via.partition(":")
    if held == "request":
        return _move(trail, connection, place, "revoked", GRANTED)
    if held == "token":
        return _set_revoked(connection, runtime, place, None)
    return give_role(trail, connection, one.user_id, one.role, one.via)


def _move(trail: Trail, connection: sa.Connection, place: str, was: str, then: str) -> bool:
    """Move a role held for a time from one state to the other while its time lasts."""
    runtime, actor = trail.runtime, trail.actor
    assert actor is not None
    table, now = runtime.system.role_request, runtime.clock()
    who = {"decided_by": actor.id, "decided_name": actor.name, "decided_at": now}
    mine = table.c.id == place, table.c.state == was, table.c.until > now
    change = table.update().where(*mine).values(state=then, **who).returning(table.c.id)
    return connection.execute(change).first() is not None


def _set_revoked(
    connection: sa.Connection, runtime: Runtime, token: str, at: datetime | None
) -> bool:
    table = runtime.system.token
    change = table.update().where(table.c.id == token).values(revoked_at=at)
    return connection.execute(change.returning(table.c.id)).first() is not None


def _tell(trail: Trail, connection: sa.Connection, one: ReviewLine, kind: str) -> None:
    runtime, actor = trail.runtime, trail.actor
    assert actor is not None
    title = one.role or str(one.facts.get("token", {}).get("name", ""))
    notice = Notice(one.user_id, kind, title=title, actor_id=actor.id, actor_name=actor.name)
    notify(connection, runtime, [notice], runtime.clock())


def _snapshot(runtime: Runtime, review_id: str) -> Iterator[ReviewLine]:
    found = accounts.everybody(runtime.engine, runtime.system.setting)
    groups = {one.id: one for one in list_groups(runtime.engine)}
    given = role_requests.in_state(runtime.engine, runtime.system.role_request, GRANTED)
    now = runtime.clock()
    used = _used(runtime, now - UNUSED)
    taken = [
        each.user_id
        for each in emergencies.latest(
            runtime.engine, runtime.system.emergency, None, (), now - UNUSED
        )
    ]
    yield from _old_tokens(runtime, review_id, found.accounts, now)
    for one in found.accounts:
        ends = {f"request:{each.id}": each for each in given if each.user_id == one.id}
        held = [("own", role) for role in one.roles]
        held += [
            (f"group:{groups[number].name}", role)
            for number in one.groups
            for role in groups[number].roles
        ]
        held += [(via, each.held) for via, each in ends.items() if each.until > now]
        every = {role for _, role in held}
        seen = max((at for at in (found.seen.get(one.id), one.last_login) if at), default=None)
        for via, role in held:
            if role.partition("@")[0] not in runtime.app.roles:
                continue
            facts: dict[str, Any] = {
                **_given(runtime, role, used.get(one.id, frozenset())),
                "conflicts": _conflicts(runtime, role, every),
                "seen": seen.isoformat() if seen else None,
                "dormant": _is_dormant(one, seen, now),
                "program": one.service,
                "emergencies": taken.count(one.id),
                "until": ends[via].until.isoformat() if via in ends else None,
            }
            yield ReviewLine(runtime.make_id(), review_id, one.id, one.username, role, via, facts)


def _old_tokens(
    runtime: Runtime, review_id: str, people: Sequence[Account], now: datetime
) -> Iterator[ReviewLine]:
    """Yield a line for each token that works for long already: one statement."""
    token = runtime.system.token
    asked = (
        sa.select(token)
        .where(token.c.revoked_at.is_(None), token.c.created_at <= now - OLD)
        .where(sa.or_(token.c.expires_at.is_(None), token.c.expires_at > now))
        .order_by(token.c.user_id, token.c.id)
    )
    names = {one.id: one.username for one in people}
    with read(runtime.engine) as connection:
        rows = connection.execute(asked).all()
    for row in rows:
        if row.user_id in names:
            told = {
                "name": row.name,
                "prefix": row.prefix,
                "created": row.created_at.isoformat(),
                "used": row.last_used_at.isoformat() if row.last_used_at else None,
            }
            who = (row.user_id, names[row.user_id])
            facts = {"token": told}
            yield ReviewLine(runtime.make_id(), review_id, *who, "", f"token:{row.id}", facts)


def _is_dormant(one: Account, seen: datetime | None, now: datetime) -> bool:
    return not one.service and (seen is None or now - seen > DORMANT)


def _conflicts(runtime: Runtime, role: str, every: Collection[str]) -> list[str]:
    """Return the conflicts of duty that this very role is part of."""
    without = conflicts_of(runtime, set(every) - {role})
    return sorted(set(conflicts_of(runtime, every)) - set(without))


def _given(runtime: Runtime, role: str, used: Collection[str]) -> dict[str, Any]:
    """Return the cells a role gives, and which of its rights to change were not used."""
    matrix, roles = runtime.matrix, frozenset({role})
    cells, unused, sensitive = [], [], False
    for entity in runtime.app.entities.values():
        if entity.child_of:
            continue
        grants = {action: matrix.grant(roles, entity.name, action) for action in ACTIONS}
        actions = [action for action, grant in grants.items() if grant is not None]
        if not actions:
            continue
        look = grants["read"] or grants["list"] or grants[actions[0]]
        change = grants["update"] or grants["create"]
        assert look is not None
        clear = look.read - look.masked.keys()
        sensitive = sensitive or any(
            name in clear and field.sensitivity == "sensitive"
            for name, field in entity.fields.items()
        )
        cells.append(
            {
                "entity": entity.name,
                "actions": actions,
                "some": any(grant is not None and not grant.is_wide for grant in grants.values()),
                "clear": sum(name in clear for name in entity.fields),
                "masked": len(look.masked),
                "write": len(change.write) if change is not None else 0,
            }
        )
        if CHANGES & set(actions) and entity.name not in used:
            unused.append(entity.name)
    return {"cells": cells, "unused": unused, "sensitive": sensitive}


def _used(runtime: Runtime, since: datetime) -> Mapping[int, frozenset[str]]:
    """Return of what kinds each person changed records lately: one statement."""
    audit = runtime.system.audit
    asked = (
        sa.select(audit.c.actor_id, audit.c.entity)
        .where(audit.c.at > since, audit.c.record_version.is_not(None))
        .group_by(audit.c.actor_id, audit.c.entity)
    )
    found: dict[int, set[str]] = {}
    with read(runtime.engine) as connection:
        for number, entity in connection.execute(asked):
            found.setdefault(int(number or 0), set()).add(entity)
    return {number: frozenset(names) for number, names in found.items()}


def deadline(runtime: Runtime, one: Review) -> datetime | None:
    """Return until when a review waits for answers; None where the definitions do not say."""
    how = runtime.app.reviews
    return None if how is None else one.created_at + timedelta(days=how.days)


def open_lines(lines: Sequence[ReviewLine]) -> list[ReviewLine]:
    """Return the lines that nobody decided."""
    return [one for one in lines if one.decision is None]


def may_decide(actor: Actor, one: ReviewLine) -> bool:
    """Return whether somebody who reviews may decide about a line."""
    return actor.id != one.user_id and not actor.real_id and one.decision is None
