"""Masks that come back: a form or a program sends what it was shown, and nothing is overwritten.

Comes in: a payload in API form. Goes out: the same without cells that are still the mask they were
sent as; the stored value stays. A mask that somebody edited is refused: what it stands for is not
known to them, so the result would be neither the old value nor a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.model.entity import Entity
from generator.model.text import Label
from rules.masks import STARS
from runtime.errors import FieldError, Invalid
from runtime.messages import Actor
from runtime.runtime import Runtime
from runtime.store.rows import is_masked_form

HALF = Label(
    {
        "en": "This was shown to you masked; send a whole new value, or leave it out.",
        "zh": "该字段对您脱敏显示；请填写完整的新值，或不提交该字段。",
    }
)


def without_masks(
    values: Mapping[str, Any], entity: Entity, actor: Actor, runtime: Runtime
) -> Mapping[str, Any]:
    """Return a payload without the cells that are masked and unchanged.

    Raises:
        Invalid: a masked cell holds part of a mask; every such cell is named.

    """
    known = ("veils", entity.name, actor.roles)
    if not runtime.remembered.get(known, lambda: _veils(entity, actor, runtime)):
        return values
    errors: list[FieldError] = []
    cleaned = _cleaned(values, entity, actor, runtime, errors, "")
    if errors:
        raise Invalid(HALF, tuple(errors))
    return cleaned


def _veils(entity: Entity, actor: Actor, runtime: Runtime) -> bool:
    """Return whether an actor sees any cell of a record or of its parts masked."""
    for name in (entity.name, *runtime.child_entities(entity)):
        reading = runtime.matrix.grant(actor.roles, name, "read")
        if reading is not None and reading.veiled:
            return True
    return False


def _cleaned(
    values: Mapping[str, Any],
    entity: Entity,
    actor: Actor,
    runtime: Runtime,
    errors: list[FieldError],
    place: str,
) -> Mapping[str, Any]:
    reading = runtime.matrix.grant(actor.roles, entity.name, "read")
    veiled = reading.veiled if reading is not None else frozenset()
    found: dict[str, Any] = {}
    for name, value in values.items():
        model, at = entity.fields.get(name), f"{place}{name}"
        if name in veiled and is_masked_form(value):
            continue
        if name in veiled and isinstance(value, str) and STARS in value:
            errors.append(FieldError(at, "masked", HALF))
        if model is not None and model.type == "children" and isinstance(value, list):
            part = runtime.app.entities[model.target]
            value = [
                _cleaned(row, part, actor, runtime, errors, f"{at}.{number}.")
                if isinstance(row, Mapping)
                else row
                for number, row in enumerate(value)
            ]
        found[name] = value
    return found
