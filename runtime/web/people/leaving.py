"""Somebody leaves: what they asked for is void, and what waited for them waits for others.

Comes in: the transaction that deactivates an account. Goes out, in the same one: their own requests
are over, their yes to what still waits counts no more, and whoever else may decide is told. Where
nobody is left who may, those are told who administer people. Sessions, tokens and keys end because
the account is not active; nothing here is about them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace

import sqlalchemy as sa

from rules.administering import PEOPLE, roles_with
from rules.role_names import closure
from runtime import approvals, role_requests
from runtime.notifications import LEFT, ORPHANED, Notice, notify
from runtime.operations._sensitive import note_about
from runtime.runtime import Runtime
from runtime.store import accounts
from runtime.store import approvals as kept
from runtime.store import role_requests as wishes
from runtime.store.approvals import Approval
from runtime.store.trail import Trail


def leave(
    connection: sa.Connection, trail: Trail, user_id: int, name: str, roles: frozenset[str]
) -> None:
    """Settle what hung on somebody who is not active any more; `roles` is what they held."""
    runtime = trail.runtime
    waiting = kept.all_pending(connection, runtime.system.approval)
    _void(connection, trail, [one for one in waiting if one.requester_id == user_id], name)
    _withdraw(connection, trail, user_id)
    others = [one for one in waiting if one.requester_id != user_id]
    _take_votes(connection, trail, others, user_id, name)
    to_approve = tuple(_who_decides(connection, runtime, others, roles))
    to_give = tuple(_who_gives(connection, runtime, roles))
    approving, told = Counter[int](), Counter[int]()
    for deciders in to_approve:
        approving.update(deciders)
    for deciders in (*to_approve, *to_give):
        told.update(deciders)
    orphans = sum(not deciders for deciders in (*to_approve, *to_give))
    notices = [
        Notice(one, LEFT, params={"left": name, "requests": many, "approvals": approving[one]})
        for one, many in sorted(told.items())
    ]
    if orphans:
        params = {"left": name, "requests": orphans}
        notices += [
            Notice(one, ORPHANED, params=params)
            for one in _holding(connection, runtime, roles_with(runtime.matrix, PEOPLE))
        ]
    notify(connection, runtime, notices, runtime.clock())


def _void(connection: sa.Connection, trail: Trail, mine: list[Approval], name: str) -> None:
    table, now = trail.runtime.system.approval, trail.runtime.clock()
    for one in mine:
        if kept.settle(connection, table, one.id, "void", now):
            note = note_about("approval_void", one, "")
            trail.write(connection, replace(note, after={**(note.after or {}), "left": name}))


def _withdraw(connection: sa.Connection, trail: Trail, user_id: int) -> None:
    table, now = trail.runtime.system.role_request, trail.runtime.clock()
    for one in wishes.pending_of(connection, table, user_id):
        if wishes.settle(connection, table, one, "withdrawn", now):
            trail.write(connection, role_requests.note_about("role_withdrawn", one))


def _take_votes(
    connection: sa.Connection, trail: Trail, others: Collection[Approval], user_id: int, name: str
) -> None:
    """Let a yes of theirs count no more, also if they come back: somebody else is asked."""
    table = trail.runtime.system.approval_vote
    for one in others:
        if kept.take_vote(connection, table, one.id, user_id):
            note = note_about("approval_vote_void", one, "")
            trail.write(connection, replace(note, after={**(note.after or {}), "left": name}))


def _who_decides(
    connection: sa.Connection, runtime: Runtime, waiting: Collection[Approval], held: frozenset[str]
) -> Iterator[tuple[int, ...]]:
    """Yield, for each request that somebody of these roles could decide, who else holds the right.

    Their page shows it to those of them who may: not to who wrote to the record.
    """
    found: dict[tuple[str, str], tuple[int, ...]] = {}
    for one in waiting:
        right = approvals.right_about(one)
        if runtime.matrix.grant(held, one.entity, right) is None:
            continue
        key = (one.entity, right)
        if key not in found:
            roles = [
                name
                for name in runtime.app.roles
                if runtime.matrix.grant(frozenset({name}), *key) is not None
            ]
            found[key] = _holding(connection, runtime, roles)
        yield tuple(each for each in found[key] if each != one.requester_id)


def _who_gives(
    connection: sa.Connection, runtime: Runtime, held: frozenset[str]
) -> Iterator[tuple[int, ...]]:
    """Yield, for each wish for a role that they could give, who else may."""
    roles = runtime.app.roles
    every = {name for role in held for name in closure(role, roles)}
    table = runtime.system.role_request
    for one in wishes.pending_of(connection, table, None):
        if one.role in roles and every & set(roles[one.role].owner):
            owners = role_requests.owners_of(connection, runtime, one.role)
            yield tuple(each for each in owners if each != one.user_id)


def _holding(
    connection: sa.Connection, runtime: Runtime, roles: Collection[str]
) -> tuple[int, ...]:
    requests, now = runtime.system.role_request, runtime.clock()
    return accounts.numbers_holding(connection, roles, requests, now)
