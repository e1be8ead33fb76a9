"""How sensitive formulas are: a value that follows from personal data is personal data.

Comes in: entities with compiled formulas. Goes out: the same, each formula in the strictest class
of the fields it reads, unless its author says by `declassify:` why it tells less than they do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from generator.model.access import CLASSES
from generator.model.entity import Entity, Field


def inherit_classes(entities: Mapping[str, Entity]) -> dict[str, Entity]:
    """Return the entities with every formula as sensitive as what it reads."""
    found = dict(entities)
    while True:
        raised = {
            name: {field.name: _raised(field, found) for field in entity.fields.values()}
            for name, entity in found.items()
        }
        if all(raised[name] == dict(entity.fields) for name, entity in found.items()):
            return found
        found = {name: replace(entity, fields=raised[name]) for name, entity in found.items()}


def _raised(field: Field, entities: Mapping[str, Entity]) -> Field:
    if field.computed is None or field.declassified:
        return field
    read = [_class(path, field.entity, entities) for path in field.computed.paths]
    strictest = max((field.sensitivity, *read), key=CLASSES.index)
    return field if strictest == field.sensitivity else replace(field, sensitivity=strictest)


def _class(path: tuple[str, ...], entity: str, entities: Mapping[str, Entity]) -> str:
    """Return the strictest class along a path."""
    found, here = "public", entity
    for name in path:
        step = entities[here].fields.get(name) if here in entities else None
        if step is None:
            break
        found = max(found, step.sensitivity, key=CLASSES.index)
        here = step.target
    return found
