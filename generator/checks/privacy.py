"""Whose data records are: the path must lead to a person.

Comes in: the resolved model. Goes out: D498 for an `about` that leads to nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.field_types import FieldType
from generator.kinds import Catalog
from generator.model.app import App
from generator.model.entity import Entity
from generator.model.privacy import Privacy
from generator.places import Places
from generator.problems import Problem
from generator.saying import say


def check(app: App, catalogs: Mapping[str, Catalog[Any]], places: Places) -> Iterator[Problem]:
    """Yield what is wrong with whose data records are."""
    words: Catalog[FieldType] = catalogs["field_types"]
    for entity in app.entities.values():
        said = entity.privacy
        if said is None:
            continue
        if not _leads_to_person(app, entity, said, words):
            yield Problem(
                "D498",
                said.span,
                say("'{path}' does not lead to a person.", path=".".join(said.about)),
                "Name references whose last one leads to an entity with 'privacy: {about: this}'.",
            )


def _leads_to_person(app: App, entity: Entity, said: Privacy, words: Catalog[FieldType]) -> bool:
    here: Entity | None = entity
    for name in said.about:
        field = here.fields.get(name) if here is not None else None
        if field is None or words[field.type].relation != "reference":
            return False
        here = app.entities.get(field.target)
    return here is not None and here.privacy is not None and not here.privacy.about
