"""Records and their parts: `children` and `child_of` must name each other.

Comes in: the resolved model. Goes out: D421 for an entity that is a part of itself, D406 for a
field of children whose entity is no part of this one, D407 (a warning) for a part that no field of
its parent holds.
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
    """Yield what is wrong between records and their parts."""
    for entity in app.entities.values():
        for field in entity.fields.values():
            if field.type == "children" and app.entities[field.target].child_of != entity.name:
                yield _no_part(entity, field)
        parent = app.entities.get(entity.child_of)
        if _is_part_of_itself(app, entity):
            yield Problem(
                "D421",
                places.at(entity.span.file, "child_of"),
                say(
                    "'{entity}' is a part of itself, directly or through other entities.",
                    entity=entity.name,
                ),
                "Take 'child_of' out of one of them; for levels of one kind use 'type: tree'.",
            )
        elif parent and not any(f.target == entity.name for f in parent.fields.values()):
            yield Problem(
                "D407",
                places.at(entity.span.file, "child_of"),
                say(
                    "'{entity}' is a part of '{parent}', and no field there holds it.",
                    entity=entity.name,
                    parent=parent.name,
                ),
                say(
                    "Add 'parts: {{type: children, of: {entity}}}' to '{parent}'.",
                    entity=entity.name,
                    parent=parent.name,
                ),
                "warning",
            )


def _is_part_of_itself(app: App, entity: Entity) -> bool:
    seen: set[str] = set()
    here = entity.child_of
    while here and here not in seen and here != entity.name:
        seen.add(here)
        here = app.entities[here].child_of
    return here == entity.name


def _no_part(entity: Entity, field: Field) -> Problem:
    return Problem(
        "D406",
        field.span,
        say(
            "The records of '{target}' are no part of '{entity}'.",
            target=field.target,
            entity=entity.name,
        ),
        say(
            "Write 'child_of: {entity}' in the file of '{target}'.",
            entity=entity.name,
            target=field.target,
        ),
    )
