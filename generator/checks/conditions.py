"""Conditions of fields that can never mean anything.

Comes in: the resolved model. Goes out: D450 for a field that is sometimes hidden and always
required, a condition on what nobody types or on records in rows, a `pick` by a field that the form
cannot know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.field_types import FieldType
from generator.kinds import Catalog
from generator.model.app import App
from generator.model.entity import Field
from generator.places import Places
from generator.problems import Problem
from generator.saying import say


def check(app: App, catalogs: Mapping[str, Catalog[Any]], places: Places) -> Iterator[Problem]:
    """Yield what is wrong with `visible`, `required` and `readonly`."""
    words: Catalog[FieldType] = catalogs["field_types"]
    for entity in app.entities.values():
        for field in entity.fields.values():
            for key, text, hint in _faults(field, words):
                at = places.at(entity.span.file, "fields", field.name, key)
                yield Problem("D450", at, text, hint)


def _faults(field: Field, words: Catalog[FieldType]) -> Iterator[tuple[str, str, str]]:
    if not field.is_conditional:
        return
    key = "visible" if field.visible else "required" if field.required_when else "readonly"
    if field.readonly:
        yield (
            key,
            say("Nobody types '{field}', so no condition can open or close it.", field=field.name),
            say("Remove '{key}'.", key=key),
        )
    elif words[field.type].relation in {"children", "references"}:
        yield (
            key,
            say(
                "'{field}' holds many records; a condition stands at a single value.",
                field=field.name,
            ),
            "Write a check instead, or conditions at the fields of its records.",
        )
    elif field.visible is not None and field.required:
        yield (
            "visible",
            say("'{field}' is always required, and empty while it is hidden.", field=field.name),
            say(
                "Write `required: {condition}` in place of `required: true`.",
                condition=field.visible.text,
            ),
        )
