"""The states that records are brought in with: old orders are done already, and stay so.

Only our own import, at the command line or of the demo, may say in which state a record begins,
and only of a record that it makes. A record that is there moves by its transitions alone: its
states in the file are passed over, so that a file may be brought in again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.model.entity import Entity
from generator.model.text import Label
from runtime.errors import FieldError
from runtime.messages import Actor
from runtime.runtime import Runtime

ID = "id"
CHILDREN = "children"


def may_bring(actor: Actor) -> bool:
    """Return whether somebody may say in which state a new record begins."""
    return actor.kind == "system"


def taken_out(
    runtime: Runtime,
    entity: Entity,
    values: Mapping[str, Any],
    errors: list[FieldError],
    at: str = "",
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a payload without its states, and those by field, of parts as a list by place.

    A value that is no state of its workflow is added to `errors`.
    """
    columns = {one.field: one for one in runtime.app.workflows.get(entity.name, {}).values()}
    plain: dict[str, Any] = {}
    states: dict[str, Any] = {}
    for name, value in values.items():
        place = f"{at}.{name}" if at else name
        if name in columns:
            if value in columns[name].states:
                states[name] = value
            elif value is not None:
                errors.append(_unknown(place, value, tuple(columns[name].states)))
            continue
        plain[name] = value
        model = entity.fields.get(name)
        if model is None or model.type != CHILDREN or not isinstance(value, list):
            continue
        part = runtime.app.entities[model.target]
        rows = [
            taken_out(runtime, part, row, errors, f"{place}.{number}")
            if isinstance(row, Mapping)
            else (row, {})
            for number, row in enumerate(value)
        ]
        if any(found for _, found in rows):
            plain[name] = [row for row, _ in rows]
            states[name] = [found for _, found in rows]
    return plain, states


def put_back(entities: Mapping[str, Entity], entity: Entity, loaded: Any, states: Any) -> None:
    """Put states into a loaded payload: of the records in it that are new, which have no id."""
    for name, found in states.items():
        model = entity.fields[name]
        if model.type != CHILDREN:
            if ID not in loaded:
                loaded[name] = found
            continue
        for row, inner in zip(loaded.get(name, ()), found, strict=False):
            put_back(entities, entities[model.target], row, inner)


def _unknown(place: str, value: Any, states: tuple[str, ...]) -> FieldError:
    message = Label(
        {
            "en": f"'{value}' is no state. Known: {', '.join(states)}.",
            "zh": f"“{value}”不是可用的状态。可用：{'、'.join(states)}。",
        }
    )
    return FieldError(place, "invalid_choice", message)
