"""Arguments and defaults that no value could meet.

Comes in: the resolved model. Goes out: D422 for arguments, D410 for a default.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import marshmallow as ma

from generator.field_types import FieldType
from generator.field_types._refusals import Words
from generator.kinds import Catalog
from generator.model.app import App
from generator.model.entity import Field
from generator.model.text import Span
from generator.places import Places
from generator.problems import Problem
from generator.saying import say, worded


def check(app: App, catalogs: Mapping[str, Catalog[Any]], places: Places) -> Iterator[Problem]:
    """Yield what is wrong with arguments and defaults."""
    words: Catalog[FieldType] = catalogs["field_types"]
    for entity in app.entities.values():
        for field in entity.fields.values():
            faults = tuple(words[field.type].faults(field)) if field.span.line else ()
            for key, why, hint in (*faults, *_idle(field)):
                at = places.key(entity.span.file, "fields", field.name, key)
                yield Problem("D422", at, why, hint)
            if field.default is not None and field.span.line and not faults:
                at = places.at(entity.span.file, "fields", field.name, "default")
                yield from _default(field, words[field.type], at)


def _idle(field: Field) -> Iterator[tuple[str, str, str]]:
    """Yield keys that say nothing beside the others: the key, a sentence and a hint."""
    if field.default is not None and field.default_expression is not None:
        yield (
            "default_to",
            say("'{field}' has both 'default' and 'default_to'.", field=field.name),
            "Keep the one that gives the value of a new record.",
        )
    if field.stored and field.computed is None:
        yield (
            "stored",
            say("'{field}' is not computed, so it is kept anyway.", field=field.name),
            "Remove 'stored', or add 'computed' with a formula.",
        )


def _default(field: Field, kind: FieldType, at: Span) -> Iterator[Problem]:
    if kind.relation == "children":
        yield _refused(field, "children are given by their parent", at)
        return
    try:
        kind.schema(field).deserialize(field.default)
    except ma.ValidationError as error:
        messages = error.messages if isinstance(error.messages, list) else ["not a value of it"]
        yield _refused(field, _why(messages[0]), at)


def _why(message: object) -> str:
    """Return a refusal of a schema inside a sentence, in the languages it has."""
    if isinstance(message, Words):
        return worded(str(message).rstrip("."), message.zh.rstrip("。"))
    return str(message).rstrip(".")


def _refused(field: Field, why: str, at: Span) -> Problem:
    return Problem(
        "D410",
        at,
        say(
            "The default of '{field}' is no value of type {type}: {why}.",
            field=field.name,
            type=field.type,
            why=say(why),
        ),
        'Write the default as a program would send it, such as "12.50" for an amount.',
    )
