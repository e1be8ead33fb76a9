"""What the audit keeps of values that it may not hold: a mask, a mark, or both in their place.

Comes in: what a write says of a record before and after, in API form. Goes out: the same, with each
value of a class that the logs do not keep (`rules/logged.py`) replaced by `{"sealed": MARK}`, or by
`{"masked": TEXT, "sealed": MARK}`. The mark is an HMAC under a key of the shop, of this field of
this record: it tells that a value changed, also where its mask did not, and whether it came back.
Without the secret nobody can try a guess on it (PIPL art. 51; GB/T 35273 6.3, 11.5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from generator.model.entity import Entity, Field
from rules.logged import VALUE, log_mask, log_rule

if TYPE_CHECKING:
    from runtime.runtime import Runtime

SEALED, MASKED = "sealed", "masked"
NEVER_KEPT = frozenset({"sensitive", "secret"})
"""Classes whose values no log holds, whatever the roles file says."""
SEALABLE = NEVER_KEPT | {"personal"}
LENGTH = 16
"""Hexadecimal characters of a mark."""


@dataclass(frozen=True)
class _Seals:
    """Where the values of an entity are sealed, worked out once."""

    masks: Mapping[str, Callable[[Any], str] | None]
    """By field that is sealed: what masks its values, or nothing."""
    parts: Mapping[str, Entity]
    """By field with parts of which something is sealed: what they are."""


def as_logged(
    runtime: Runtime, entity: Entity, record_id: str, values: Mapping[str, Any] | None
) -> Mapping[str, Any] | None:
    """Return what the audit may keep of the values of a record."""
    seals = _seals_of(runtime, entity)
    if not values or not (seals.masks or seals.parts):
        return values
    found = dict(values)
    for name in seals.masks.keys() & found.keys():
        value, mask = found[name], seals.masks[name]
        if value is not None and value != []:
            mark = {SEALED: mark_of(runtime, entity, record_id, name, value)}
            found[name] = mark if mask is None else {MASKED: mask(value), **mark}
    for name, part in seals.parts.items():
        rows = found.get(name)
        if isinstance(rows, Mapping):
            found[name] = {key: as_logged(runtime, part, key, cells) for key, cells in rows.items()}
    return found


def sought(runtime: Runtime, entity: Entity, name: str, value: Any) -> str:
    """Return the mark of a value that somebody looked for in a field, whatever record has it."""
    said = orjson.dumps(["sought", entity.name, name, value], default=str)
    return runtime.audit_key.of(said)[:LENGTH]


def is_sealed(field: Field, value: Any) -> bool:
    """Return whether something else stands in the place of a field's value."""
    return (
        field.sensitivity in SEALABLE
        and isinstance(value, Mapping)
        and SEALED in value
        and value.keys() <= {SEALED, MASKED}
    )


def mark_of(runtime: Runtime, entity: Entity, record_id: str, name: str, value: Any) -> str:
    """Return the mark of a value of one field of one record."""
    said = orjson.dumps(
        [SEALED, entity.name, record_id, name, value], option=orjson.OPT_SORT_KEYS, default=str
    )
    return runtime.audit_key.of(said)[:LENGTH]


def _seals_of(runtime: Runtime, entity: Entity) -> _Seals:
    found: _Seals = runtime.remembered.get(
        ("sealed", entity.name), lambda: _work_out(runtime, entity)
    )
    return found


def _work_out(runtime: Runtime, entity: Entity) -> _Seals:
    app = runtime.app
    parts = {
        name: app.entities[field.target]
        for name, field in entity.fields.items()
        if field.type == "children"
    }
    below = {name: _seals_of(runtime, part) for name, part in parts.items()}
    return _Seals(
        {
            name: log_mask(app, field)
            for name, field in entity.fields.items()
            if name not in parts and log_rule(app, field) != VALUE
        },
        {name: part for name, part in parts.items() if below[name].masks or below[name].parts},
    )
