"""What of the rights looks wrong on this day, and only a running shop can tell: who holds them.

Comes in: the definitions, and who is active. Goes out: roles that nobody holds, changes that wait
for another person where nobody may be that person, and who may do everything although three roles
administer. Two statements, however many people there are.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from generator.model.access import DUTIES
from rules.administering import does_everything
from rules.role_names import closure
from runtime.runtime import Runtime
from runtime.store.engine import read
from runtime.store.role_requests import GRANTED
from runtime.web.people.holding import held_roles, tables


@dataclass(frozen=True, slots=True)
class Findings:
    """What somebody who administers people looks into."""

    unheld: tuple[str, ...] = ()
    """Roles that no active account holds, themselves, through a group, for a time or through one
    that includes them."""
    unapproved: tuple[str, ...] = ()
    """Kinds of records of which something waits for another person that nobody may be."""
    everything: tuple[str, ...] = ()
    """Accounts that may do everything, where each of three roles that administer has a holder."""


def findings(runtime: Runtime) -> Findings:
    """Return what is found now."""
    holders = _holders(runtime)
    matrix, roles = runtime.matrix, runtime.app.roles
    held = {name for role in holders for name in closure(role, roles)}
    every = frozenset(held)
    waits = dict.fromkeys(one.entity for one in runtime.app.sensitive if one.ask == "approve")
    unapproved = tuple(one for one in waits if matrix.grant(every, one, "approve") is None)
    apart = {roles[name].administers for name in held} >= set(DUTIES)
    all_of_it = [name for name in holders if does_everything(matrix, frozenset({name}))]
    everything = {login for name in all_of_it for login in holders[name]} if apart else set[str]()
    return Findings(
        tuple(name for name in roles if name not in held), unapproved, tuple(sorted(everything))
    )


def _holders(runtime: Runtime) -> dict[str, set[str]]:
    """Return the logins of the active accounts that hold each role."""
    named, asked, held = tables(), runtime.system.role_request, held_roles()
    user, role = named["ab_user"], named["ab_role"]
    lasting = (
        sa.select(role.c.name, user.c.username)
        .select_from(held.join(role, role.c.id == held.c.role_id))
        .join(user, user.c.id == held.c.user_id)
        .where(user.c.active.is_(True))
    )
    for_a_time = (
        sa.select(asked.c.role, user.c.username)
        .join_from(asked, user, user.c.id == asked.c.user_id)
        .where(user.c.active.is_(True), asked.c.part == "", asked.c.state == GRANTED)
        .where(asked.c.until > runtime.clock())
    )
    found: dict[str, set[str]] = {}
    with read(runtime.engine) as connection:
        for statement in (lasting, for_a_time):
            for name, login in connection.execute(statement):
                if name in runtime.app.roles:
                    found.setdefault(str(name), set()).add(str(login))
    return found
