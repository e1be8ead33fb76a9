"""Arguments and defaults that no value could meet, and keys that cannot find a record.

Comes in: the resolved model. Goes out: D422 for arguments, D410 for a default, D411 for a key or a
unique set of fields that have no column.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import marshmallow as ma

from generator.build.tables import has_column
from generator.field_types import FieldType
from generator.kinds import Catalog
from generator.model.app import App
from generator.model.entity import Entity, Field
from generator.problems import Problem


def check(app: App, catalogs: Mapping[str, Catalog[Any]]) -> Iterator[Problem]:
    """Yield what is wrong with defaults and keys."""
    words: Catalog[FieldType] = catalogs["field_types"]
    for entity in app.entities.values():
        for field in entity.fields.values():
            faults = tuple(words[field.type].faults(field)) if field.span.line else ()
            yield from (Problem("D422", field.span, why, hint) for why, hint in faults)
            if field.default is not None and field.span.line and not faults:
                yield from _default(field, words[field.type])
        yield from _keys(entity, words)


def _default(field: Field, kind: FieldType) -> Iterator[Problem]:
    if kind.relation == "children":
        yield _refused(field, "children are given by their parent")
        return
    try:
        kind.schema(field).deserialize(field.default)
    except ma.ValidationError as error:
        messages = error.messages if isinstance(error.messages, list) else ["not a value of it"]
        yield _refused(field, str(messages[0]).rstrip("."))


def _refused(field: Field, why: str) -> Problem:
    return Problem(
        "D410",
        field.span,
        f"The default of '{field.name}' is no value of type {field.type}: {why}.",
        'Write the default as a program would send it, such as "12.50" for an amount.',
    )


def _keys(entity: Entity, words: Catalog[FieldType]) -> Iterator[Problem]:
    for columns in (entity.key, *entity.unique, *entity.indexes):
        for name in columns:
            if not has_column(entity.fields[name], words):
                yield Problem(
                    "D411",
                    entity.fields[name].span,
                    f"'{name}' has no column of its own, so '{entity.name}' cannot be found by it.",
                    "Take it out of 'key', 'unique' and 'indexes', or add 'stored: true'.",
                )
