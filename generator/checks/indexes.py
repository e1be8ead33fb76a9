"""What a record is found by: keys, unique fields and indexes need columns that can be compared.

Comes in: the resolved model. Goes out: D411 for a field without a column of its own, D433 for one
whose type has no order and no single value: a database would compare the text it happens to keep
such a value as, which differs between SQLite and PostgreSQL or does not work at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.build.tables import has_column
from generator.field_types import FieldType
from generator.kinds import Catalog
from generator.model.app import App
from generator.model.entity import Entity, Field
from generator.model.text import Span
from generator.places import Places
from generator.problems import Problem
from generator.saying import say


def check(app: App, catalogs: Mapping[str, Catalog[Any]], places: Places) -> Iterator[Problem]:
    """Yield what no record can be found by."""
    words: Catalog[FieldType] = catalogs["field_types"]
    for entity in app.entities.values():
        for field in entity.fields.values():
            for key in ("unique", "index"):
                if getattr(field, key) and field.span.line and not _comparable(field, words):
                    at = places.key(entity.span.file, "fields", field.name, key)
                    yield _incomparable(field, at)
        for keys, name in _named(entity):
            field = entity.fields[name]
            at = places.at(entity.span.file, *keys)
            if not has_column(field, words):
                yield Problem(
                    "D411",
                    at,
                    say(
                        "'{name}' has no column of its own, so '{entity}' cannot be found by it.",
                        name=name,
                        entity=entity.name,
                    ),
                    "Take it out of 'key', 'unique' and 'indexes', or add 'stored: true'.",
                )
            elif not _comparable(field, words):
                yield _incomparable(field, at)


def _comparable(field: Field, words: Catalog[FieldType]) -> bool:
    return words[field.type].sortable


def _incomparable(field: Field, at: Span) -> Problem:
    return Problem(
        "D433",
        at,
        say(
            "'{field}' is of type {type}, whose values cannot be unique or indexed.",
            field=field.name,
            type=field.type,
        ),
        "Use a field with one short value, such as a text, a code, a number or a reference.",
    )


def _named(entity: Entity) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the fields of keys, unique sets and indexes, and where they are named."""
    for name in entity.key:
        yield ("key", name), name
    for key, sets in (("unique", entity.unique), ("indexes", entity.indexes)):
        for place, names in enumerate(sets):
            for name in names:
                yield (key, place, name), name
