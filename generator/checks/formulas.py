"""Computed fields: no circle, nothing that a formula makes useless.

Comes in: the resolved model. Goes out: D405 for a formula that depends on itself, D408 for a
computed field that is also required, given a default or unique.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.kinds import Catalog
from generator.model.app import App
from generator.model.entity import Entity, Field
from generator.places import Places
from generator.problems import Problem
from generator.saying import say


def check(app: App, catalogs: Mapping[str, Catalog[Any]], places: Places) -> Iterator[Problem]:
    """Yield what is wrong with computed fields."""
    for entity in app.entities.values():
        for field in entity.fields.values():
            if field.computed is None:
                continue
            if _depends_on_itself(app, entity, field):
                yield Problem(
                    "D405",
                    field.computed.span,
                    say(
                        "'{field}' is computed from itself, directly or through other fields.",
                        field=field.name,
                    ),
                    "Take one field out of the circle.",
                )
            if field.required or field.default is not None or field.default_expression:
                yield Problem(
                    "D408",
                    field.span,
                    say(
                        "'{field}' is computed, so nobody can type it or leave it out.",
                        field=field.name,
                    ),
                    "Remove 'required', 'default' and 'default_to'.",
                )
            if field.unique and not field.stored:
                yield Problem(
                    "D409",
                    field.span,
                    say(
                        "'{field}' is computed and not kept, so it cannot be unique.",
                        field=field.name,
                    ),
                    "Add 'stored: true'.",
                )


def _depends_on_itself(app: App, entity: Entity, field: Field) -> bool:
    """Return whether following the formulas leads back to the field, over records and parts."""
    start = (entity.name, field.name)
    seen: set[tuple[str, str]] = set()
    open_ends = list(_reads(app, entity, field))
    while open_ends:
        place = open_ends.pop()
        if place == start:
            return True
        if place in seen:
            continue
        seen.add(place)
        other = app.entities[place[0]]
        open_ends += _reads(app, other, other.fields[place[1]])
    return False


def _reads(app: App, entity: Entity, field: Field) -> Iterator[tuple[str, str]]:
    """Yield the fields that a formula reads, as (entity, field)."""
    if field.computed is None:
        return
    for path in field.computed.paths:
        here: Entity | None = entity
        for name in path:
            if here is None or name not in here.fields:
                break
            yield here.name, name
            here = app.entities.get(here.fields[name].target)
