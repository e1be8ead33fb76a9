"""What the audit keeps of values that no log may hold: a mark in the place of the value.

Comes in: what a write says of a record before and after, in API form. Goes out: the same, with each
value of class `sensitive` or `secret` replaced by `{"sealed": MARK}`. The mark is an HMAC under a
key of the shop, of this field of this record: it tells that a value changed and whether it came
back, and without the secret nobody can try a guess on it (PIPL art. 51; GB/T 35273 6.3, 11.5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from generator.model.entity import Entity, Field

if TYPE_CHECKING:
    from runtime.runtime import Runtime

SEALED = "sealed"
NEVER_KEPT = frozenset({"sensitive", "secret"})
"""Classes whose values no log holds."""
LENGTH = 16
"""Hexadecimal characters of a mark."""


@dataclass(frozen=True)
class _Seals:
    """Where the values of an entity are sealed, worked out once."""

    names: frozenset[str]
    parts: Mapping[str, Entity]
    """By field with parts of which something is sealed: what they are."""


def without_secrets(
    runtime: Runtime, entity: Entity, record_id: str, values: Mapping[str, Any] | None
) -> Mapping[str, Any] | None:
    """Return what the audit may keep of the values of a record."""
    seals = _seals_of(runtime, entity)
    if not values or not (seals.names or seals.parts):
        return values
    found = dict(values)
    for name in seals.names & found.keys():
        found[name] = _mark(runtime, entity, record_id, name, found[name])
    for name, part in seals.parts.items():
        rows = found.get(name)
        if isinstance(rows, Mapping):
            found[name] = {
                key: without_secrets(runtime, part, key, cells) for key, cells in rows.items()
            }
    return found


def is_sealed(field: Field, value: Any) -> bool:
    """Return whether a mark stands in the place of a field's value."""
    return (
        field.sensitivity in NEVER_KEPT and isinstance(value, Mapping) and value.keys() == {SEALED}
    )


def _mark(runtime: Runtime, entity: Entity, record_id: str, name: str, value: Any) -> Any:
    if value is None or value == []:
        return value
    said = orjson.dumps(
        [SEALED, entity.name, record_id, name, value], option=orjson.OPT_SORT_KEYS, default=str
    )
    return {SEALED: runtime.audit_key.of(said)[:LENGTH]}


def _seals_of(runtime: Runtime, entity: Entity) -> _Seals:
    found: _Seals = runtime.remembered.get(
        ("sealed", entity.name), lambda: _work_out(runtime, entity)
    )
    return found


def _work_out(runtime: Runtime, entity: Entity) -> _Seals:
    parts = {
        name: runtime.app.entities[field.target]
        for name, field in entity.fields.items()
        if field.type == "children"
    }
    return _Seals(
        frozenset(n for n, one in entity.fields.items() if one.sensitivity in NEVER_KEPT),
        {name: part for name, part in parts.items() if _seals_of(runtime, part).names},
    )
