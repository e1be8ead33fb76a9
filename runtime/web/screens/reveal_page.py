"""Showing a masked cell: which fields of a record may be asked for, and the page that asks why."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.web.screens.visit import Visit


@dataclass(frozen=True, slots=True)
class RevealPage:
    """Everything `reveal.html` draws."""

    title: str
    back: str
    action: str
    fields: tuple[tuple[str, str], ...]
    """Name and label of each cell that is masked."""
    chosen: str = ""
    reason: str = ""
    shown: tuple[str, str] | None = None
    """Label and value, this once."""
    error: str = ""
    in_drawer: bool = False


def masked_fields(visit: Visit, entity: str) -> tuple[str, ...]:
    """Return the fields somebody sees masked and may reveal; asks no database."""
    matrix, roles = visit.runtime.matrix, visit.actor.roles
    reading, revealing = matrix.grant(roles, entity, "read"), matrix.grant(roles, entity, "reveal")
    if reading is None or revealing is None:
        return ()
    fields = visit.app.entities[entity].fields
    return tuple(
        name
        for name, field in fields.items()
        if name in reading.veiled and name in revealing.read and not field.target
    )
