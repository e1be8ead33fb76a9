"""Links that can never be kept: cleared though required, or required in a circle.

Comes in: the resolved model. Goes out: D435 for `on_delete: clear` on a required reference, D436
for an entity whose first record would need another that needs it, D441 for a field that is called
like the whole of a part and is no link to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.field_types import FieldType
from generator.kinds import Catalog
from generator.model.app import App
from generator.model.entity import Entity, Field
from generator.places import Places
from generator.problems import Problem
from generator.saying import say


def check(app: App, catalogs: Mapping[str, Catalog[Any]], places: Places) -> Iterator[Problem]:
    """Yield what is wrong with links between records."""
    words: Catalog[FieldType] = catalogs["field_types"]
    for entity in app.entities.values():
        for field in entity.fields.values():
            if field.required and field.args.get("on_delete") == "clear":
                yield Problem(
                    "D435",
                    places.at(entity.span.file, "fields", field.name, "on_delete"),
                    say("'{field}' is required, so it cannot be cleared.", field=field.name),
                    "Write `on_delete: restrict`, or remove 'required'.",
                )
        link = entity.fields.get(entity.child_of)
        if link is not None and not _leads_to_whole(link, entity, words):
            yield Problem(
                "D441",
                link.span,
                say(
                    "'{link}' is called like the '{child_of}' that each '{entity}' is a part of,"
                    " and does not lead to it.",
                    link=link.name,
                    child_of=entity.child_of,
                    entity=entity.name,
                ),
                say(
                    "Give it another name; the link to '{child_of}' is made by itself.",
                    child_of=entity.child_of,
                ),
            )
    yield from _never_made(app, words, places)


def _leads_to_whole(link: Field, entity: Entity, words: Catalog[FieldType]) -> bool:
    return words[link.type].relation == "reference" and link.target == entity.child_of


def _never_made(app: App, words: Catalog[FieldType], places: Places) -> Iterator[Problem]:
    """Yield the entities that need each other: of none of them a first record can be made."""
    needs = {
        entity.name: {field.name: field.target for field in _needed(entity, words)}
        for entity in app.entities.values()
    }
    possible: set[str] = set()
    growing = True
    while growing:
        found = {
            name
            for name, links in needs.items()
            if name not in possible and possible.issuperset(links.values())
        }
        growing = bool(found)
        possible |= found
    for name in needs.keys() - possible:
        circle = {link: to for link, to in needs[name].items() if _leads_back(name, to, needs)}
        for link in circle:
            entity = app.entities[name]
            yield Problem(
                "D436",
                places.key(entity.span.file, "fields", link, "required"),
                say(
                    "No '{name}' can ever be made: '{link}' needs a record that needs"
                    " '{name}' first.",
                    name=name,
                    link=link,
                ),
                "Remove 'required' from one link of the circle.",
            )


def _needed(entity: Entity, words: Catalog[FieldType]) -> Iterator[Field]:
    """Yield the links a new record cannot be without; a part is made together with its whole."""
    for field in entity.fields.values():
        needed = field.required and words[field.type].relation == "reference"
        if needed and field.name != entity.child_of:
            yield field


def _leads_back(name: str, to: str, needs: Mapping[str, Mapping[str, str]]) -> bool:
    seen: set[str] = set()
    open_ends = [to]
    while open_ends:
        here = open_ends.pop()
        if here == name:
            return True
        if here not in seen:
            seen.add(here)
            open_ends += needs.get(here, {}).values()
    return False
