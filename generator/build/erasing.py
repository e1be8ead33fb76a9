"""What an erasure takes out of a record, and what it puts in where something must stand.

Comes in: an entity. Goes out: the fields that say something about a person, and for each the value
that says nobody: none where it may be empty. What is unique gets a value of its own, made of the id
of the record, so that it stays unique and tells nothing.
"""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from generator.build.tables import has_column
from generator.field_types import FieldType
from generator.kinds import Catalog
from generator.model.entity import Entity, Field

ALWAYS = frozenset({"personal", "sensitive"})
"""Classes that are erased wherever they are."""
OF_THE_PERSON = frozenset({"secret"})
"""Erased in the person's own record: elsewhere a secret is one of the shop, such as a price."""
SAMPLE = "0190c4ea-0000-7000-8000-0123456789ab"
"""An id that a check may try."""


def erased_fields(entity: Entity, catalog: Catalog[FieldType]) -> tuple[Field, ...]:
    """Return the fields that an erasure empties; formulas follow by themselves."""
    said = entity.privacy
    classes = ALWAYS | OF_THE_PERSON if said is not None and not said.about else ALWAYS
    also = frozenset(said.also) if said is not None else frozenset()
    return tuple(
        field
        for field in entity.fields.values()
        if (field.sensitivity in classes or field.name in also) and can_be_erased(field, catalog)
    )


def can_be_erased(field: Field, catalog: Catalog[FieldType]) -> bool:
    """Return whether somebody's value stands in a field at all."""
    if field.computed is not None or field.readonly:
        return False
    return has_column(field, catalog) or catalog[field.type].relation == "references"


def nobody(entity: Entity, field: Field, record_id: str, catalog: Catalog[FieldType]) -> Any:
    """Return what stands in a field of an erased record, in stored form.

    Raises:
        ValueError: it must hold something, and its type knows no value that says nobody.

    """
    kind = catalog[field.type]
    if kind.relation == "references":
        return ()
    if not field.required:
        return None
    mark = record_id[-12:] if _is_unique(entity, field) else ""
    said = kind.nobody(field, mark)
    if said is None:
        raise ValueError(field.name)
    try:
        return kind.schema(field).deserialize(said)
    except ma.ValidationError as error:
        raise ValueError(field.name) from error


def has_nobody(entity: Entity, field: Field, catalog: Catalog[FieldType]) -> bool:
    """Return whether an erasure finds something to put into a field."""
    try:
        nobody(entity, field, SAMPLE, catalog)
    except ValueError:
        return False
    return True


def _is_unique(entity: Entity, field: Field) -> bool:
    groups = (entity.key, *entity.unique)
    return field.unique or any(field.name in group for group in groups)
