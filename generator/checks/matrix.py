"""The permission matrix: entities nobody can reach, roles that can do nothing.

Comes in: the resolved model. Goes out: D418 and D419, warnings: default is deny, so a forgotten
line shows itself only when somebody misses a menu entry; D493, roles that
do not go together; D496, a role that only its holders give away; D497, one that is taken in an
emergency by who holds it anyway, or of which nobody else hears; D485, roles that administer
different things and that nothing keeps apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from generator.kinds import Catalog
from generator.model.access import DUTIES, Role
from generator.model.app import App
from generator.places import Places
from generator.problems import Problem, listed
from generator.saying import say


def check(app: App, catalogs: Mapping[str, Catalog[Any]], places: Places) -> Iterator[Problem]:
    """Yield a warning for every entity without grants and every role without any."""
    reached = {rule.entity for rule in app.grants}
    for entity in app.entities.values():
        whole = entity.child_of or entity.name
        if not reached & {entity.name, whole, "*"}:
            yield Problem(
                "D418",
                places.at(entity.span.file, "entity"),
                say("No role may do anything with '{entity}'.", entity=entity.name),
                say(
                    "Give it a line in an access file, such as 'clerk: {{{entity}: view}}'.",
                    entity=entity.name,
                ),
                "warning",
            )
    active = {rule.role for rule in app.grants}
    for role in app.roles.values():
        if role.name not in active and not role.includes and not role.administers:
            yield Problem(
                "D419",
                places.key(role.span.file, "roles", role.name),
                say("The role '{role}' may do nothing.", role=role.name),
                "Give it grants in an access file, or let it include another role.",
                "warning",
            )
        if role.owner and set(role.owner) <= {role.name}:
            yield Problem(
                "D496",
                places.key(role.span.file, "roles", role.name),
                say("Only its own holders decide who else gets '{role}'.", role=role.name),
                "Name another role in 'owner' as well: one that does not gain by it.",
                "warning",
            )
        yield from _break_glass(role, app, places)
    yield from conflicts(app)
    yield from _together(app, places)


def _break_glass(role: Role, app: App, places: Places) -> Iterator[Problem]:
    """A role for emergencies gives its taker something, and others hear of it."""
    how = role.break_glass
    if how is None:
        return
    at = places.key(role.span.file, "roles", role.name)
    for name in how.by:
        if role.name in closure(name, app):
            said = say(
                "'{name}' has what '{role}' gives, and needs no emergency.",
                name=name,
                role=role.name,
            )
            yield Problem("D497", at, said, "Take it out of 'by'.")
    if how.tells and set(how.tells) <= set(how.by):
        yield Problem(
            "D497",
            at,
            say("Of '{role}' hears nobody but who may take it.", role=role.name),
            "Name another role in 'tells' as well: one that looks into it afterwards.",
            "warning",
        )


def _together(app: App, places: Places) -> Iterator[Problem]:
    """Roles that administer different things are kept apart by a conflict that names both."""
    administering = [role for role in app.roles.values() if role.administers in DUTIES]
    for one, other in combinations(administering, 2):
        apart = any({one.name, other.name} <= set(each.roles) for each in app.conflicts.values())
        if one.administers != other.administers and not apart:
            said = say(
                "Somebody can be given '{one}', which administers {first}, and '{other}', which "
                "administers {second}.",
                one=one.name,
                other=other.name,
                first=one.administers,
                second=other.administers,
            )
            at = places.key(other.span.file, "roles", other.name)
            yield Problem("D485", at, said, "Name both in one of 'conflicts'.", "warning")


def conflicts(app: App) -> Iterator[Problem]:
    """A role that includes two which do not go together gives both to whoever holds it."""
    for role in app.roles.values():
        held = closure(role.name, app)
        for one in app.conflicts.values():
            both = [name for name in one.roles if name in held]
            if len(both) > 1:
                yield Problem(
                    "D493",
                    role.span,
                    say(
                        "'{role}' brings together {names}, against '{conflict}'.",
                        role=role.name,
                        names=listed(both),
                        conflict=one.name,
                    ),
                    "Take one out of 'includes', or take the conflict away.",
                )


def closure(name: str, app: App) -> set[str]:
    """Return a role with every role that it includes."""
    found: set[str] = set()
    ends = [name]
    while ends:
        here = ends.pop()
        if here not in found and here in app.roles:
            found.add(here)
            ends += app.roles[here].includes
    return found
