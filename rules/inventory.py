"""Which fields hold what about people, and who reads them in clear: the matrix, asked by class.

Comes in: a matrix. Goes out: a line for each field of a class, with what every role sees of it and
what the logs keep. A role is judged alone, with what it includes; a person with several may see
more, never less.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from generator.model.access import CLASSES
from generator.model.entity import Entity
from generator.model.privacy import ABOUT_PEOPLE
from rules.logged import log_rule
from rules.matrix import Matrix
from rules.unmasking import EXPORT_PLAIN

CLEAR, SOME, MASKED = "clear", "some", "masked"
"""In clear in every record; in clear only in some records or only in some of those one sees;
masked in whatever one sees."""


@dataclass(frozen=True)
class Held:
    """A field of a class, and who sees it."""

    entity: str
    field: str
    sensitivity: str
    seen: Mapping[str, str]
    """Role → `CLEAR`, `SOME` or `MASKED`; a role that sees nothing of it is not there."""
    revealed: tuple[str, ...]
    """Roles that may have a masked cell shown, with a reason."""
    exported: tuple[str, ...]
    """Roles that take it out in clear in a file."""
    logged: str
    """What the logs keep of it: `value`, `masked` or `mark`."""


def inventory(matrix: Matrix, classes: Collection[str] = ABOUT_PEOPLE) -> tuple[Held, ...]:
    """Return every field of these classes, the most sensitive first, else as the files have it."""
    found = [
        _held(matrix, entity, field.name, field.sensitivity)
        for entity in matrix.app.entities.values()
        for field in entity.fields.values()
        if field.sensitivity in classes
    ]
    return tuple(sorted(found, key=lambda one: -CLASSES.index(one.sensitivity)))


def _held(matrix: Matrix, entity: Entity, name: str, sensitivity: str) -> Held:
    seen: dict[str, str] = {}
    revealed, exported = [], []
    for role in matrix.app.roles:
        alone = frozenset({role})
        reading = matrix.grant(alone, entity.name, "read")
        if reading is None or name not in reading.read:
            continue
        in_clear = any(name in line.clear for line in reading.lines)
        if name in reading.open and reading.is_wide:
            seen[role] = CLEAR
        else:
            seen[role] = SOME if in_clear else MASKED
        revealing = matrix.grant(alone, entity.name, "reveal")
        if revealing is not None and name in revealing.read and name in reading.veiled:
            revealed.append(role)
        leaving = (
            matrix.grant(alone, entity.name, "export"),
            matrix.together(alone, entity.name, "export", EXPORT_PLAIN),
        )
        if any(
            one is not None and any(name in line.clear for line in one.lines) for one in leaving
        ):
            exported.append(role)
    logged = log_rule(matrix.app, entity.fields[name])
    return Held(entity.name, name, sensitivity, seen, tuple(revealed), tuple(exported), logged)
