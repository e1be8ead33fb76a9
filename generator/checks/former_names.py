"""`renamed_from`: a former name is free, and one thing alone had it.

Comes in: the resolved model. Goes out: D434. Data cannot move to two places, nor from a name to the
same one. A name that something new has taken is only a warning: a database where the rename has
been carried out is right, one where it has not cannot tell the old data from the new.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from generator.kinds import Catalog
from generator.model.app import App
from generator.model.entity import Entity, Field
from generator.model.text import Span
from generator.places import Places
from generator.problems import Problem, with_article
from generator.saying import say


def check(app: App, catalogs: Mapping[str, Catalog[Any]], places: Places) -> Iterator[Problem]:
    """Yield every former name that is not free."""
    yield from _taken(
        "entity",
        app.entities.values(),
        lambda entity: places.at(entity.span.file, "renamed_from"),
    )
    for entity in app.entities.values():
        file = entity.span.file
        yield from _taken(
            "field",
            entity.fields.values(),
            lambda field, file=file: places.at(file, "fields", field.name, "renamed_from"),
        )


def _taken(noun: str, things: Iterable[Entity | Field], at: Any) -> Iterator[Problem]:
    every = list(things)
    names = {thing.name for thing in every}
    heirs: dict[str, str] = {}
    for thing in every:
        former = thing.renamed_from
        if former is None:
            continue
        place: Span = at(thing)
        if former == thing.name:
            yield _problem(
                place,
                say("'{former}' is what the {noun} is called now.", former=former, noun=say(noun)),
            )
        elif former in names:
            yield _problem(
                place,
                say("There is {noun} '{former}' again.", noun=with_article(noun), former=former),
                "warning",
            )
        elif former in heirs:
            yield _problem(
                place,
                say(
                    "'{heir}' was renamed from '{former}' already.",
                    heir=heirs[former],
                    former=former,
                ),
            )
        heirs.setdefault(former, thing.name)


def _problem(at: Span, message: str, severity: str = "error") -> Problem:
    hint = "Remove 'renamed_from', or write the name the data was kept under before."
    return Problem("D434", at, message, hint, severity)
