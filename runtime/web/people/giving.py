"""What nobody gives, not even whoever administers people: refused where it would be written.

Comes in: the caller's transaction and whom it is about. Roles that do not go together are given to
nobody. Whoever does not do everything themselves gives and takes nothing that does everything, and
nothing of their own. What was so before the change is left: a review tells of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

import sqlalchemy as sa

from generator.model.text import Label
from rules.administering import does_everything
from runtime.messages import Actor
from runtime.role_requests import conflicts_of
from runtime.runtime import Runtime
from runtime.store.role_requests import GRANTED
from runtime.store.trail import Trail
from runtime.web.people.holding import held_roles, tables

TOGETHER = Label(
    {
        "en": "These roles do not go together: nobody holds two of them.",
        "zh": "所选角色互斥，不能由同一人担任。",
    }
)
OWN = Label(
    {
        "en": "Nobody changes their own roles. Ask somebody else.",
        "zh": "任何人不能更改自己的角色，请由他人操作。",
    }
)
BEYOND = Label(
    {
        "en": "Only whoever may do everything gives or takes a role that may.",
        "zh": "拥有全部权限的角色，只能由同样拥有全部权限的人授予或收回。",
    }
)


class NotGiven(Exception):
    """This change of roles is refused; `message` says why."""

    def __init__(self, message: Label) -> None:
        super().__init__(message.text("en"))
        self.message = message


@contextmanager
def giving(connection: sa.Connection, trail: Trail, people: Collection[int]) -> Iterator[None]:
    """Watch over a change of what some people hold, made within.

    Raises:
        NotGiven: somebody would hold what they may not, or the one who acts may not give it.

    """
    before = held_by(connection, trail.runtime, people)
    yield
    after = held_by(connection, trail.runtime, people)
    for number in people:
        refuse(
            trail.runtime,
            trail.actor,
            number,
            before.get(number, frozenset()),
            after.get(number, frozenset()),
        )


def refuse(
    runtime: Runtime,
    actor: Actor | None,
    number: int,
    before: frozenset[str],
    after: frozenset[str],
) -> None:
    """Refuse one person's change of roles, where it may not be.

    Raises:
        NotGiven: it says why.

    """
    if before == after:
        return
    new = sorted(set(conflicts_of(runtime, after)) - set(conflicts_of(runtime, before)))
    if new:
        raise NotGiven(runtime.app.conflicts[new[0]].message or TOGETHER)
    if actor is None or actor.kind != "user" or does_everything(runtime.matrix, actor.lasting):
        return
    if number == actor.id:
        raise NotGiven(OWN)
    if does_everything(runtime.matrix, before) or does_everything(runtime.matrix, after):
        raise NotGiven(BEYOND)


def above(runtime: Runtime, actor: Actor, roles: frozenset[str]) -> bool:
    """Return whether an account of these roles does everything while the one who acts does not."""
    return does_everything(runtime.matrix, roles) and not does_everything(
        runtime.matrix, actor.lasting
    )


def members(connection: sa.Connection, group_id: int) -> tuple[int, ...]:
    """Return who is in a group."""
    member = tables()["ab_user_group"]
    asked = sa.select(member.c.user_id).where(member.c.group_id == group_id)
    return tuple(connection.execute(asked.order_by(member.c.user_id)).scalars())


def held_by(
    connection: sa.Connection, runtime: Runtime, people: Collection[int]
) -> Mapping[int, frozenset[str]]:
    """Return the roles of some people: their own, those of their groups and those for a time."""
    if not people:
        return {}
    held, role, asked = held_roles(), tables()["ab_role"], runtime.system.role_request
    lasting = (
        sa.select(held.c.user_id, role.c.name)
        .join_from(held, role, role.c.id == held.c.role_id)
        .where(held.c.user_id.in_(sorted(people)))
    )
    for_a_time = sa.select(asked.c.user_id, asked.c.role).where(
        asked.c.user_id.in_(sorted(people)),
        asked.c.part == "",
        asked.c.state == GRANTED,
        asked.c.until > runtime.clock(),
    )
    found: dict[int, set[str]] = {}
    for statement in (lasting, for_a_time):
        for number, name in connection.execute(statement):
            found.setdefault(int(number), set()).add(str(name))
    return {number: frozenset(names) for number, names in found.items()}
