"""Names of roles: what a name means beyond the role itself.

Among somebody's roles may stand a part of one (`clerk@export:order`) and marks that narrow them
all (`scope:read:order`); both are read here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from generator.model.access import Role

ANY = "*"
SCOPE = "scope:"
"""Begins a mark that stands among somebody's roles and narrows them; no role is called so."""
PART = "@"
"""Stands between a role and the part of it that somebody holds: `clerk@export:order`."""


def whole(role: str) -> str:
    """Return the role of which somebody may hold only a part."""
    return role.partition(PART)[0]


def narrowed(roles: frozenset[str], scopes: Iterable[str]) -> frozenset[str]:
    """Return roles that reach no further than scopes such as `read:order`, wherever they are asked.

    A part of a record goes with its parent: `read:order` includes its lines.
    """
    return roles | {SCOPE, *(SCOPE + scope for scope in scopes)}


def in_scopes(roles: frozenset[str], entity: str, action: str) -> bool:
    """Return whether the marks among the roles, if there are any, reach an action."""
    if SCOPE not in roles:
        return True
    scopes = {role.removeprefix(SCOPE) for role in roles if role.startswith(SCOPE)}
    # a scope names no single transition: `transition:order` is every one of an order
    head = action.partition(":")[0]
    wanted = {f"{head}:{entity}", f"{head}:{ANY}", f"{ANY}:{entity}", f"{ANY}:{ANY}"}
    return bool(scopes & wanted)


def closure(name: str, roles: Mapping[str, Role]) -> frozenset[str]:
    """Return a role and every role it includes, directly or through others."""
    found: set[str] = set()
    open_ends = [name]
    while open_ends:
        here = open_ends.pop()
        if here not in found and here in roles:
            found.add(here)
            open_ends += roles[here].includes
    return frozenset(found)
