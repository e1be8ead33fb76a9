"""The permission matrix: entities nobody can reach, roles that can do nothing.

Comes in: the resolved model. Goes out: D418 and D419, warnings: default is deny, so a forgotten
line shows itself only when somebody misses a menu entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.kinds import Catalog
from generator.model.app import App
from generator.places import Places
from generator.problems import Problem
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
        if role.name not in active and not set(role.includes):
            yield Problem(
                "D419",
                places.key(role.span.file, "roles", role.name),
                say("The role '{role}' may do nothing.", role=role.name),
                "Give it grants in an access file, or let it include another role.",
                "warning",
            )
