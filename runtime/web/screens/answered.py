"""What another system answered to a call, for people: labels and values as the page writes them.

In: calls that incidents are about. Out: the outputs their operations declare, in words; and what a
person says in their place, as the API holds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import marshmallow as ma
import sqlalchemy as sa

from generator.model.entity import Field
from runtime.store.engine import read
from runtime.web.screens.visit import Visit

LONGEST = 500


@dataclass(frozen=True, slots=True)
class Answered:
    """One call: the outputs of its operation, and what is known of them."""

    outputs: Mapping[str, Field]
    values: Mapping[str, Any]


def calls_of(visit: Visit, ids: Iterable[str]) -> Mapping[str, Answered]:
    """Return calls by id: one statement, or none."""
    wanted = list(ids)
    if not wanted:
        return {}
    table = visit.runtime.system.call
    asked = sa.select(table.c.id, table.c.operation, table.c.output).where(table.c.id.in_(wanted))
    with read(visit.runtime.engine) as connection:
        rows = connection.execute(asked).all()
    return {str(row.id): Answered(_outputs(visit, row.operation), row.output or {}) for row in rows}


def in_words(visit: Visit, call: Answered) -> tuple[tuple[str, str], ...]:
    """Return label and text of what it answered."""
    return tuple(
        (visit.text(field.label), _text(visit, field, call.values[name]))
        for name, field in call.outputs.items()
        if call.values.get(name) not in (None, "")
    )


def questions(visit: Visit, call: Answered) -> tuple[tuple[str, str, str], ...]:
    """Return name, label and text of each output, for a person to say what it is."""
    return tuple(
        (name, visit.text(field.label), str(call.values.get(name) or ""))
        for name, field in call.outputs.items()
    )


def given(
    visit: Visit, entity: str, incident_id: str, form: Mapping[str, str]
) -> Mapping[str, Any]:
    """Return what a person says of the outputs of the call behind an incident."""
    table = visit.runtime.system.incident
    asked = sa.select(table.c.about_id).where(table.c.id == incident_id, table.c.entity == entity)
    with read(visit.runtime.engine) as connection:
        about = connection.execute(asked).scalar()
    call = calls_of(visit, [about] if about else []).get(str(about))
    found = {}
    for name, field in call.outputs.items() if call else ():
        kind = visit.runtime.compiled.field_types[field.type]
        text = form.get(f"output.{name}", "").strip()[:LONGEST]
        if text:
            found[name] = kind.from_text(text, field, visit.viewer)
    return found


def _outputs(visit: Visit, operation: str) -> Mapping[str, Field]:
    connector, _, name = operation.rpartition(".")
    found = visit.app.connectors.get(connector)
    model = found.operations.get(name) if found is not None else None
    return model.output if model is not None else {}


def _text(visit: Visit, field: Field, value: Any) -> str:
    """Return a value as the pages write it; one that is none of its type as it came."""
    kind = visit.runtime.compiled.field_types[field.type]
    try:
        stored = kind.schema(field).deserialize(value)
    except ma.ValidationError:
        return str(value)
    return kind.cell(stored, field, visit.viewer).text
