"""Records and their parts: `children` and `child_of` must name each other.

Comes in: the resolved model. Goes out: D406 for a field of children whose entity is no part of
this one, D407 (a warning) for a part that no field of its parent holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.kinds import Catalog
from generator.model.app import App
from generator.model.entity import Entity, Field
from generator.problems import Problem


def check(app: App, catalogs: Mapping[str, Catalog[Any]]) -> Iterator[Problem]:
    """Yield what is wrong between records and their parts."""
    for entity in app.entities.values():
        for field in entity.fields.values():
            if field.type == "children" and app.entities[field.target].child_of != entity.name:
                yield _no_part(entity, field)
        parent = app.entities.get(entity.child_of)
        if parent and not any(f.target == entity.name for f in parent.fields.values()):
            yield Problem(
                "D407",
                entity.span,
                f"'{entity.name}' is a part of '{parent.name}', and no field there holds it.",
                f"Add 'parts: {{type: children, of: {entity.name}}}' to '{parent.name}'.",
                "warning",
            )


def _no_part(entity: Entity, field: Field) -> Problem:
    return Problem(
        "D406",
        field.span,
        f"The records of '{field.target}' are no part of '{entity.name}'.",
        f"Write 'child_of: {entity.name}' in the file of '{field.target}'.",
    )
