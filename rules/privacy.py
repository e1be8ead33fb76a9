"""Whose data records are: the kinds of records that tell of one person, and how each leads there.

Comes in: the app, and the kind of record that is a person. Goes out: by kind the references from a
record to that person. A part about which nothing is said tells of whom its whole tells.
"""

from __future__ import annotations

from collections.abc import Mapping

from generator.model.app import App
from generator.model.entity import Entity


def is_person(app: App, entity: str) -> bool:
    """Return whether each record of an entity is a person whose data others hold."""
    found = app.entities.get(entity)
    return found is not None and found.privacy is not None and not found.privacy.about


def kinds_about(app: App, person: str) -> Mapping[str, tuple[str, ...]]:
    """Return every kind of record about a person, themselves first, with the way to them."""
    found: dict[str, tuple[str, ...]] = {person: ()}
    for name, entity in app.entities.items():
        way = _way(app, entity)
        if way and _end(app, name, way) == person:
            found[name] = way
    return found


def references(app: App) -> Mapping[str, str]:
    """Return by kind of record about a person the reference that leads towards them."""
    people = [name for name in app.entities if is_person(app, name)]
    return {
        name: way[0]
        for person in people
        for name, way in kinds_about(app, person).items()
        if way and not app.entities[name].child_of
    }


def _way(app: App, entity: Entity) -> tuple[str, ...]:
    """Return the references from a record to its person; none for the person, and for others."""
    if entity.privacy is not None:
        return entity.privacy.about
    if not entity.child_of:
        return ()
    above = app.entities[entity.child_of]
    way = _way(app, above)
    return (entity.child_of, *way) if way or is_person(app, above.name) else ()


def _end(app: App, entity: str, way: tuple[str, ...]) -> str:
    for name in way:
        field = app.entities[entity].fields[name]
        entity = field.target
    return entity
