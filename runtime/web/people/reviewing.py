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
from runtime.store import reviews as store
from runtime.store import role_requests
from runtime.store.engine import read, write
from runtime.store.reviews import KEEP, REVOKE, Review, ReviewLine
from runtime.store.role_requests import GRANTED
from runtime.store.trail import Note, Trail
from runtime.web.people import accounts
from runtime.web.people.account_changes import take_role
from runtime.web.people.accounts import Account
from runtime.web.people.groups import list_groups

DORMANT = timedelta(days=60)
"""Whoever was not seen so long is told apart."""
UNUSED = timedelta(days=90)
"""A right to change something that nobody used so long is told."""
CHANGES = frozenset({"create", "update", "delete", "restore", "import", "bulk", "approve"})
"""What the audit knows of: a look leaves no row, so a right only to look is never called unused."""
REVIEW = "@review"

OVER = Label({"en": "This line was decided already.", "zh": "此项已处理。"})
CLOSED = Label({"en": "This review is closed.", "zh": "此次复核已结束。"})
OWN = Label({"en": "Nobody reviews their own rights.", "zh": "任何人不能复核自己的权限。"})


def tables(runtime: Runtime) -> tuple[sa.Table, sa.Table]:
    """Return the tables of reviews and their lines."""
    return runtime.system.review, runtime.system.review_line


def begin(trail: Trail) -> str:
    """Take a snapshot of who holds what and return the new review's id."""
    runtime, actor = trail.runtime, trail.actor
    assert actor is not None
    one = Review(runtime.make_id(), runtime.clock(), actor.id, actor.name)
    lines = list(_snapshot(runtime, one.id))
    with write(runtime.engine) as connection:
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
        told = {"role": one.role, "via": one.via, "person": one.user_name}
        operation = "review_kept" if decision == KEEP else "review_revoked"
        trail.write(
            connection,
            Note(operation, REVIEW, one.review_id, one.user_name, after=told, reason=said),
        )
        if decision == REVOKE:
            _take(trail, connection, one, administrators)
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


def _take(
    trail: Trail, connection: sa.Connection, one: ReviewLine, administrators: Collection[str]
) -> None:
    runtime, actor = trail.runtime, trail.actor
    assert actor is not None
    kind, _, place = one.via.partition(":")
    if kind == "request":
        table = runtime.system.role_request
        mine = table.update().where(table.c.id == place, table.c.state == GRANTED)
        now = runtime.clock()
        who = {"decided_by": actor.id, "decided_name": actor.name, "decided_at": now}
        connection.execute(mine.values(state="revoked", **who))
        told = {"request": place, "role": one.role, "person": one.user_name}
        trail.write(connection, Note("role_revoked", ABOUT, one.role, one.user_name, after=told))
    else:
        take_role(trail, connection, one.user_id, one.role, one.via, administrators)
    notice = Notice(
        one.user_id, "role_revoked", title=one.role, actor_id=actor.id, actor_name=actor.name
    )
    notify(connection, runtime, [notice], runtime.clock())


def _snapshot(runtime: Runtime, review_id: str) -> Iterator[ReviewLine]:
    found = accounts.everybody(runtime.engine, runtime.system.setting)
    groups = {one.id: one for one in list_groups(runtime.engine)}
    given = role_requests.in_state(runtime.engine, runtime.system.role_request, GRANTED)
    now = runtime.clock()
    used = _used(runtime, now - UNUSED)
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
                "until": ends[via].until.isoformat() if via in ends else None,
            }
            yield ReviewLine(runtime.make_id(), review_id, one.id, one.username, role, via, facts)


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


def open_lines(lines: Sequence[ReviewLine]) -> list[ReviewLine]:
    """Return the lines that nobody decided."""
    return [one for one in lines if one.decision is None]


def may_decide(actor: Actor, one: ReviewLine) -> bool:
    """Return whether somebody who reviews may decide about a line."""
    return actor.id != one.user_id and not actor.real_id and one.decision is None
