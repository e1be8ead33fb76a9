"""Roles and grants: the matrix, with the groups of actions spelled out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from generator.model.access import GrantRule, Role
from generator.problems import Problem, defined_twice, unknown_name
from generator.shape import Given
from generator.shapes.access import GROUPS

ANY = "*"
"""In a grant: every entity of the back office."""


def resolve_roles(given: Given) -> tuple[dict[str, Role], list[Problem]]:
    """Return the roles by name; what they include must exist and must not turn in a circle."""
    problems: list[Problem] = []
    written: Mapping[object, Given] = given.get("roles", {})
    names = {str(name) for name in written}
    roles: dict[str, Role] = {}
    for name, body in written.items():
        includes = []
        for include in body.get("includes", ()):
            if include.text in names:
                includes.append(include.text)
            else:
                problems.append(
                    unknown_name("role", include.text, include.span, names, defined_in="roles.yaml")
                )
        if "label" in body:
            roles[str(name)] = Role(
                str(name), body.get("label"), tuple(includes), body.get("help"), body.span
            )
    for role in roles.values():
        problems += _circle(role, roles, written)
    return roles, problems


def _reach(role: Role, roles: Mapping[str, Role]) -> set[str]:
    """Return every role that a role includes, directly or through others."""
    found: set[str] = set()
    open_ends = list(role.includes)
    while open_ends:
        name = open_ends.pop()
        if name not in found and name in roles:
            found.add(name)
            open_ends += roles[name].includes
    return found


def _circle(
    role: Role, roles: Mapping[str, Role], written: Mapping[object, Given]
) -> Iterator[Problem]:
    """Yield the includes of a role that lead back to it."""
    body = next(body for name, body in written.items() if str(name) == role.name)
    for include in body.get("includes", ()):
        other = roles.get(include.text)
        if other is not None and role.name in {other.name, *_reach(other, roles)}:
            yield Problem(
                "D401",
                include.span,
                f"The role '{role.name}' includes itself, directly or through others.",
                "Remove one 'includes' of the circle.",
            )


def resolve_grants(
    files: Iterable[Given], roles: Mapping[str, Role], entities: Iterable[str]
) -> tuple[tuple[GrantRule, ...], list[Problem]]:
    """Return the grants, a rule a cell of the matrix."""
    problems: list[Problem] = []
    rules: dict[tuple[str, str], GrantRule] = {}
    known = set(entities)
    for given in files:
        for role, cells in given.get("grants", {}).items():
            if role.text not in roles:
                problems.append(
                    unknown_name("role", role.text, role.span, roles, defined_in="roles.yaml")
                )
                continue
            for entity, actions in cells.items():
                if entity.text != ANY and entity.text not in known:
                    problems.append(
                        unknown_name(
                            "entity", entity.text, entity.span, known, defined_in="the definitions"
                        )
                    )
                    continue
                place = (role.text, entity.text)
                if place in rules:
                    problems.append(
                        defined_twice("grant", f"{role} × {entity}", entity.span, rules[place].span)
                    )
                    continue
                rules[place] = GrantRule(role.text, entity.text, _spell(actions), entity.span)
    return tuple(rules.values()), problems


def _spell(actions: Iterable[str]) -> tuple[str, ...]:
    spelled: dict[str, None] = {}
    for action in actions:
        for name in GROUPS.get(action, (action,)):
            spelled[name] = None
    return tuple(spelled)
