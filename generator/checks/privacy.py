"""Whose data records are, and what an erasure would do: it must be possible.

Comes in: the resolved model. Goes out: D498 for an `about` that leads to nobody, D301 for a
workflow that is not there, D499 for what no erasure can do, D500 for what is about a person and
does not say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.build.erasing import ALWAYS, can_be_erased, erased_fields, has_nobody
from generator.field_types import FieldType
from generator.kinds import Catalog
from generator.model.app import App
from generator.model.entity import Entity, Field
from generator.model.privacy import RECORD, Privacy
from generator.places import Places
from generator.problems import Problem, unknown_name
from generator.saying import say

MOMENTS = ("date", "datetime")


def check(app: App, catalogs: Mapping[str, Catalog[Any]], places: Places) -> Iterator[Problem]:
    """Yield what is wrong with whose data records are."""
    words: Catalog[FieldType] = catalogs["field_types"]
    persons = [e.name for e in app.entities.values() if e.privacy and not e.privacy.about]
    for entity in app.entities.values():
        said = entity.privacy
        if said is None:
            yield from _unsaid(app, entity, persons, words)
            continue
        if not _leads_to_person(app, entity, said, words):
            yield Problem(
                "D498",
                said.span,
                say("'{path}' does not lead to a person.", path=".".join(said.about)),
                "Name references whose last one leads to an entity with 'privacy: {about: this}'.",
            )
        yield from _also(entity, said, words)
        yield from _record(entity, said)
        yield from _wait(app, entity, said)
        yield from _keep(entity, said, words)
    for entity in _about_people(app, persons):
        for field in erased_fields(entity, words):
            if entity.privacy is not None and entity.privacy.erase == RECORD:
                continue
            if not has_nobody(entity, field, words):
                yield _no_nobody(field)
    yield from _grants(app, persons)


def _leads_to_person(app: App, entity: Entity, said: Privacy, words: Catalog[FieldType]) -> bool:
    here: Entity | None = entity
    for name in said.about:
        field = here.fields.get(name) if here is not None else None
        if field is None or words[field.type].relation != "reference":
            return False
        here = app.entities.get(field.target)
    return here is not None and here.privacy is not None and not here.privacy.about


def _about_people(app: App, persons: list[str]) -> Iterator[Entity]:
    """Yield the entities whose records an erasure may reach, parts among them."""
    for entity in app.entities.values():
        above: Entity | None = entity
        for _ in app.entities:  # a part of itself ends too; that it is one is told elsewhere
            if above is not None and above.privacy is None and above.child_of:
                above = app.entities.get(above.child_of)
        if persons and above is not None and above.privacy is not None:
            yield entity


def _also(entity: Entity, said: Privacy, words: Catalog[FieldType]) -> Iterator[Problem]:
    for name in said.also:
        if not can_be_erased(entity.fields[name], words):
            yield Problem(
                "D499",
                said.span,
                say("Nobody's value stands in '{field}', so it cannot be erased.", field=name),
                "Name fields that people fill in.",
            )


def _record(entity: Entity, said: Privacy) -> Iterator[Problem]:
    if said.erase == RECORD and not said.about:
        yield Problem(
            "D499",
            said.span,
            say(
                "The record of '{entity}' is the person, and others point at it.",
                entity=entity.name,
            ),
            "Write 'erase: fields': the record stays and says nobody.",
        )
    if said.erase == RECORD and said.keep is not None and said.keep.fields:
        yield Problem(
            "D499",
            said.keep.span,
            "A record that goes keeps no single fields.",
            "Remove 'fields' under 'keep', or write 'erase: fields'.",
        )


def _wait(app: App, entity: Entity, said: Privacy) -> Iterator[Problem]:
    known = app.workflows.get(entity.name, {})
    for name in said.wait:
        if name not in known:
            where = say("the workflows of '{entity}'", entity=entity.name)
            yield unknown_name("workflow", name, said.span, known, defined_in=where)


def _keep(entity: Entity, said: Privacy, words: Catalog[FieldType]) -> Iterator[Problem]:
    if said.keep is None:
        return
    if entity.fields[said.keep.since].type not in MOMENTS:
        yield Problem(
            "D499",
            said.keep.span,
            say("'{field}' is no date from which years could count.", field=said.keep.since),
            "Name a field of type date or datetime.",
        )
    erased = {field.name for field in erased_fields(entity, words)}
    for name in said.keep.fields:
        if name not in erased:
            yield Problem(
                "D499",
                said.keep.span,
                say("'{field}' is never erased, so there is nothing to keep.", field=name),
                "Name fields of a personal class, or such as stand under 'also'.",
            )


def _no_nobody(field: Field) -> Problem:
    return Problem(
        "D499",
        field.span,
        say("'{field}' is required, and no value of it says nobody.", field=field.name),
        "Remove 'required', or let the whole record go with 'erase: record'.",
    )


def _unsaid(
    app: App, entity: Entity, persons: list[str], words: Catalog[FieldType]
) -> Iterator[Problem]:
    """Warn of records that hold personal data and point at a person, and are about nobody."""
    if entity.child_of:
        return
    ways = [
        field.name
        for field in entity.fields.values()
        if field.target in persons and words[field.type].relation == "reference"
    ]
    held = [field.name for field in erased_fields(entity, words) if field.sensitivity in ALWAYS]
    if ways and held:
        yield Problem(
            "D500",
            entity.span,
            say(
                "'{entity}' holds personal data in '{field}' and points at a person, but does not "
                "say about whom its records are.",
                entity=entity.name,
                field=held[0],
            ),
            say("Add 'privacy: {{about: {way}}}'.", way=ways[0]),
            "warning",
        )


def _grants(app: App, persons: list[str]) -> Iterator[Problem]:
    for rule in app.grants:
        if "erase" in rule.actions and rule.entity != "*" and rule.entity not in persons:
            yield Problem(
                "D499",
                rule.span,
                say("'erase' does nothing to '{entity}', which is no person.", entity=rule.entity),
                "Give it on an entity with 'privacy: {about: this}'.",
            )
