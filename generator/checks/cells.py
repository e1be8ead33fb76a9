"""Cells that a role needs and has not: labels of what it points at, fields nobody fills, reasons.

Comes in: the resolved model. Goes out: warnings (D475 to D478) about what lines of the matrix and
the rest of the definitions do together, role by role.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.checks.reach import LOOKS, lines_of, sight
from generator.checks.rights import WRITES, fills
from generator.kinds import Catalog
from generator.model.access import GrantRule
from generator.model.app import App
from generator.model.entity import Entity, Field
from generator.model.workflow import PEOPLE
from generator.places import Places
from generator.problems import Problem, listed
from generator.saying import say

MOST_CONDITIONS = 8
"""So many different conditions of one role on one entity; every list asks each of them."""


def check(app: App, catalogs: Mapping[str, Catalog[Any]], places: Places) -> Iterator[Problem]:
    """Yield what a role needs to see or fill and cannot."""
    given = _given(app)
    for entity in app.entities.values():
        yield from _unwritten(entity, app, catalogs["field_types"], given)
        for role in app.roles:
            lines = lines_of(role, entity, app)
            yield from _nameless(role, entity, lines, app)
            yield from _many(role, entity, lines)
    yield from _told(app)


def _nameless(role: str, entity: Entity, lines: list[GrantRule], app: App) -> Iterator[Problem]:
    """A reference that a role sees, to records that the role reads and not by their name."""
    looking = [one for one in lines if LOOKS & set(one.actions)]
    own = [one for one in looking if one.role == role and one.entity == entity.name]
    for field in entity.fields.values():
        target = app.entities.get(field.target)
        if not own or target is None or field.type == "children":
            continue
        if not any(sight(one, field, app) == "clear" for one in looking):
            continue
        there = [one for one in lines_of(role, target, app) if LOOKS & set(one.actions)]
        # a number or code tells one from another without saying who they are
        codes = [name for name, one in target.fields.items() if one.unique or name in target.key]
        names = [path for path in (*target.title_paths, *codes) if path in target.fields]
        hidden = [
            name
            for name in names
            if all(sight(one, target.fields[name], app) == "hidden" for one in there)
        ]
        if there and names and len(hidden) == len(names):
            yield Problem(
                "D475",
                own[0].span,
                say(
                    "'{role}' sees '{field}' and not how a '{target}' is called: {names}.",
                    role=role,
                    field=field.name,
                    target=target.name,
                    names=listed(dict.fromkeys(hidden)),
                ),
                say("Show it in the line for '{target}', or hide '{field}' here.",
                    target=target.name, field=field.name),
                "warning",
            )  # fmt: skip


def _given(app: App) -> str:
    """Return all that the effects of transitions give, as one text to look names up in."""
    return "\n".join(
        repr(effect.given)
        for workflows in app.workflows.values()
        for workflow in workflows.values()
        for edge in workflow.transitions
        for effect in edge.effects
    )


def _unwritten(entity: Entity, app: App, catalog: Catalog[Any], given: str) -> Iterator[Problem]:
    """A field that no line of people who change such records lets them fill in."""
    changing = [
        one
        for one in app.grants
        if one.entity in (entity.name, "*") and WRITES & set(one.actions)
    ]  # fmt: skip
    if entity.child_of or entity.ledger or not changing:
        return
    for field in entity.fields.values():
        if not field.span.line or _is_filled(field, catalog, given):
            continue
        if not any(fills(one, field, app) for one in changing):
            yield Problem(
                "D476",
                field.span,
                say("Nobody may set '{field}'.", field=field.name),
                "Name it in 'write' of a line, give it a default, or remove the field.",
                "warning",
            )


def _is_filled(field: Field, catalog: Catalog[Any], given: str) -> bool:
    """Return whether the engine, a default or a transition fills a field."""
    return (
        field.readonly
        or field.computed is not None
        or field.default is not None
        or field.default_expression is not None
        or catalog[field.type].generated
        or field.name in given
    )


def _many(role: str, entity: Entity, lines: list[GrantRule]) -> Iterator[Problem]:
    """So many conditions that every list of the role pays for them."""
    own = [one for one in lines if one.role == role and one.entity == entity.name]
    found = {one.rows.text for one in lines if one.rows is not None and "list" in one.actions}
    if own and len(found) > MOST_CONDITIONS:
        yield Problem(
            "D477",
            own[-1].span,
            say(
                "'{role}' reaches '{entity}' by {count} different conditions; every list asks all.",
                role=role,
                entity=entity.name,
                count=len(found),
            ),
            say(
                "Bring them together to {most} at most, or give them to roles of their own.",
                most=MOST_CONDITIONS,
            ),
            "warning",
        )


def _told(app: App) -> Iterator[Problem]:
    """A reason that names what somebody who is refused by it may not see."""
    for name, workflows in app.workflows.items():
        entity = app.entities[name]
        for workflow in workflows.values():
            for edge in workflow.transitions:
                if not PEOPLE & set(edge.triggers):
                    continue
                for clause in (*edge.guards, *edge.before):
                    paths = [path for one in clause.params.values() for path in one.paths]
                    fields = dict.fromkeys(path[0] for path in paths if path[0] in entity.fields)
                    for role in edge.roles:
                        hidden = _unseen(role, entity, fields, app)
                        if hidden:
                            yield Problem(
                                "D478",
                                clause.span,
                                say(
                                    "'{role}' fires '{edge}' and does not see {names}, which "
                                    "this reason tells.",
                                    role=role,
                                    edge=edge.name,
                                    names=listed(hidden),
                                ),
                                "They are told it without; say the reason so that it needs none.",
                                "warning",
                            )


def _unseen(role: str, entity: Entity, names: Mapping[str, Any], app: App) -> list[str]:
    if role not in app.roles:
        return []
    looking = [one for one in lines_of(role, entity, app) if LOOKS & set(one.actions)]
    return [
        name
        for name in names
        if looking and not any(sight(one, entity.fields[name], app) == "clear" for one in looking)
    ]
