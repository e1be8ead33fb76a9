"""Who administers what: the system, people and their rights, or the log.

Comes in: roles and the matrix. Goes out: what they administer. Whoever may do everything with
everything administers all three: that is how an installation is set up. Beyond that nobody holds
two: roles that come together by whatever way, a group or a directory, administer nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from generator.model.access import DUTIES, Conflict, Role
from rules.matrix import Matrix
from rules.role_names import ANY, closure, whole

SYSTEM, PEOPLE, LOG = DUTIES
ALL = "all"
"""What only they administer who may do everything: what hands records on in another's name."""


def does_everything(matrix: Matrix, roles: frozenset[str]) -> bool:
    """Return whether some of these roles may do everything with everything."""
    return "delete" in matrix.actions(roles, ANY)


def duties(matrix: Matrix, roles: frozenset[str]) -> frozenset[str]:
    """Return what roles administer; asks no database."""
    if does_everything(matrix, roles):
        return frozenset({*DUTIES, ALL})
    known = matrix.app.roles
    held = {name for role in roles for name in closure(role, known)}
    found = frozenset(known[name].administers for name in held) - {""}
    return found if len(found) == 1 else frozenset()


def roles_with(matrix: Matrix, duty: str) -> tuple[str, ...]:
    """Return the roles each of which administers something."""
    return tuple(name for name in matrix.app.roles if duty in duties(matrix, frozenset({name})))


def in_conflict(
    held: Collection[str], roles: Mapping[str, Role], conflicts: Mapping[str, Conflict]
) -> tuple[str, ...]:
    """Return the names of the conflicts of duty among roles, with all they include."""
    every = {name for role in held for name in closure(whole(role), roles)}
    return tuple(
        one.name for one in conflicts.values() if sum(role in every for role in one.roles) > 1
    )
