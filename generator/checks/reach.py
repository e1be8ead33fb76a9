"""Lines of the matrix beside each other: what nobody sees, changes unseen, or takes out in clear.

Comes in: the resolved model. Goes out: warnings (D471 to D473, D486). Each looks at all
lines that speak to a role about an entity, those of the roles it includes among them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.checks.rights import USUALLY
from generator.kinds import Catalog
from generator.model.access import GrantRule
from generator.model.app import App
from generator.model.entity import Entity, Field
from generator.places import Places
from generator.problems import Problem, listed
from generator.saying import say

CHANGES = frozenset({"update", "delete"})
LOOKS = frozenset({"list", "read"})
UNMASKS = {
    "reveal": ("read", "list"),
    "match": ("list",),
    "export_plain": ("export",),
}
"""Actions that reach behind a mask, and those of which one has to show it to the role."""


def check(app: App, catalogs: Mapping[str, Catalog[Any]], places: Places) -> Iterator[Problem]:
    """Yield what lines do together that their author will hardly have meant."""
    for entity in app.entities.values():
        yield from _unseen(entity, app)
        if not entity.child_of:
            for role in app.roles:
                lines = lines_of(role, entity, app)
                yield from _elsewhere(role, entity, lines)
                yield from _taken_out(role, entity, lines, app)
                yield from _in_vain(role, entity, lines, app)


def lines_of(role: str, entity: Entity, app: App) -> list[GrantRule]:
    """Return every line that speaks to a role about an entity, of roles it includes too."""
    held, open_ends = {role}, [role]
    while open_ends:
        more = set(app.roles[open_ends.pop()].includes) - held
        held |= more
        open_ends += more
    return [one for one in app.grants if one.role in held and one.entity in (entity.name, "*")]


def _unseen(entity: Entity, app: App) -> Iterator[Problem]:
    """A field that no line shows is kept for nobody."""
    lines = [one for one in app.grants if one.entity in (entity.name, "*")]
    looking = [one for one in lines if LOOKS & set(one.actions)]
    if entity.child_of or not looking:
        return
    for field in entity.fields.values():
        if not field.span.line or field.sensitivity == "secret":
            continue
        if all(sight(one, field, app) == "hidden" for one in looking):
            yield Problem(
                "D471",
                field.span,
                say("Nobody may see '{field}'.", field=field.name),
                "Give it in a line of the access file, or remove the field.",
                "warning",
            )


def _elsewhere(role: str, entity: Entity, lines: list[GrantRule]) -> Iterator[Problem]:
    """Records that somebody may change and not find in a list."""
    listed_rows = {_rows(one) for one in lines if "list" in one.actions}
    if not listed_rows or "" in listed_rows:
        return
    for one in lines:
        if one.role == role and CHANGES & set(one.actions) and _rows(one) not in listed_rows:
            yield Problem(
                "D472",
                one.span,
                say(
                    "'{role}' may change records of '{entity}' that no list shows them.",
                    role=role,
                    entity=entity.name,
                ),
                "Give 'list' for the same rows.",
                "warning",
            )


def _taken_out(role: str, entity: Entity, lines: list[GrantRule], app: App) -> Iterator[Problem]:
    """What is masked or hidden on screen and leaves in a file in clear."""
    looking = [one for one in lines if LOOKS & set(one.actions)]
    for one in lines:
        if one.role != role or "export" not in one.actions or not looking:
            continue
        names = [
            field.name
            for field in entity.fields.values()
            if sight(one, field, app) == "clear"
            and not any(sight(other, field, app) == "clear" for other in looking)
        ]
        if names:
            yield Problem(
                "D473",
                one.span,
                say(
                    "'{role}' exports in clear what they see masked or not at all: {names}.",
                    role=role,
                    names=listed(names),
                ),
                "Mask or hide it in the line for 'export' too.",
                "warning",
            )


def _in_vain(role: str, entity: Entity, lines: list[GrantRule], app: App) -> Iterator[Problem]:
    """A line that reaches behind a mask where its role sees none."""
    for one in lines:
        for action in UNMASKS.keys() & set(one.actions) if one.role == role else ():
            beside = [other for other in lines if set(UNMASKS[action]) & set(other.actions)]
            if any(
                sight(one, field, app) == "clear" and sight(other, field, app) == "masked"
                for field in entity.fields.values()
                for other in beside
            ):
                continue
            yield Problem(
                "D486",
                one.span,
                say(
                    "'{action}' gives '{role}' nothing: no line shows them a field of '{entity}'"
                    " masked that this one reads.",
                    action=action,
                    role=role,
                    entity=entity.name,
                ),
                say(
                    "Give '{needed}' with the field under `masked:`, and read it here.",
                    needed=UNMASKS[action][0],
                ),
                "warning",
            )


def _rows(rule: GrantRule) -> str:
    return "" if rule.rows is None else rule.rows.text


def sight(rule: GrantRule, field: Field, app: App) -> str:
    """Return how a line shows a field: clear, masked or hidden."""
    if field.sensitivity == "secret" or field.name in rule.hidden:
        return "hidden"
    if field.name in rule.masked:
        return "masked"
    if rule.read is not None:
        return "clear" if field.name in rule.read else "hidden"
    sees = {**USUALLY, **app.roles[rule.role].sees}
    return sees.get(field.sensitivity, "clear")
