"""`View as`: an administrator looks at the back office with somebody else's eyes, and only looks.

Comes in: who is really signed in and whom their session names. Goes out: an actor with the rights
to read that both have, under both names. Where the administrator themselves may not see all that
the other sees, there is no such view: the intersection is then less than what the other sees, and a
page made of it would show neither's truth.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import replace
from typing import Any

from rules.administering import PEOPLE
from rules.matrix import Matrix
from rules.role_names import narrowed
from runtime.messages import Actor
from runtime.runtime import Runtime
from runtime.web.identity import Gate
from runtime.web.users import administers

AS = "as"
"""Whose eyes a session looks with."""
END = "/view-as/end"
LOOKS = ("list", "read", "history", "aggregate", "print", "file")
"""All that is left of anybody's rights meanwhile."""


def seen_as(runtime: Runtime, gate: Gate, real: Actor, session: MutableMapping[str, Any]) -> Actor:
    """Return who asks: the one whom the session names, or whoever is signed in."""
    wanted = session.get(AS)
    if wanted is None:
        return real
    found = gate.principals.current(int(wanted))
    if found is None or not may_look(runtime, real, found.actor):
        session.pop(AS)
        return real
    target = found.actor
    return replace(
        target,
        roles=narrowed(target.roles, [f"{action}:*" for action in LOOKS]),
        locale=real.locale,
        time_zone=real.time_zone,
        real_id=real.id,
        real_name=real.name,
    )


def may_look(runtime: Runtime, real: Actor, target: Actor) -> bool:
    """Return whether somebody administers and sees all that another person sees."""
    if real.id == target.id or not administers(runtime, real.lasting, PEOPLE):
        return False
    return all(
        _sees_all(runtime.matrix, real, target, entity, action)
        for entity in runtime.app.entities
        for action in LOOKS
    )


def _sees_all(matrix: Matrix, real: Actor, target: Actor, entity: str, action: str) -> bool:
    theirs = matrix.grant(target.roles, entity, action)
    if theirs is None:
        return True
    own = matrix.grant(real.roles, entity, action)
    if own is None or own.rows is not None:
        return False
    clear = frozenset().union(*(line.clear for line in theirs.lines))
    return clear <= own.open and theirs.read <= own.read
