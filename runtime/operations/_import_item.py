"""What an import is asked for, and one record of it on its way: payload, faults, places.

Nothing here asks the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy.exc

from generator.model.entity import Entity
from generator.model.text import Label
from rules.permissions import Grant
from runtime.errors import FieldError, RequestError
from runtime.messages import Actor, Incoming
from runtime.operations import _keys
from runtime.runtime import Runtime
from runtime.store import violations

MODES = {"create": ("create",), "update": ("update",), "upsert": ("create", "update")}
"""What each mode may do with a record."""

TOO_LARGE = Label({"en": "The database cannot hold this value.", "zh": "数据库无法保存该值。"})


@dataclass(frozen=True)
class ImportCall:
    """Records to import and how."""

    incoming: Incoming
    actor: Actor
    entity: Entity
    records: tuple[Mapping[str, Any], ...]
    mode: str
    key: tuple[str, ...]
    create: frozenset[str] = frozenset()
    """Paths of references whose record is created when it is not there."""
    lenient: frozenset[str] = frozenset()
    """Paths of references that are left empty when their record is not there."""
    keep: frozenset[str] = frozenset()
    """Children that stay when the payload does not name them."""
    parts: frozenset[str] = frozenset()
    """Fields given in parts, such as one language of a text: the other parts stay."""


@dataclass(frozen=True)
class ImportPlan:
    """An import within its grants; None where the caller has none."""

    call: ImportCall
    create: Grant | None
    update: Grant | None


@dataclass
class Item:
    """One record on its way."""

    index: int
    values: dict[str, Any]
    errors: list[FieldError] = field(default_factory=list)
    waits: bool = False
    status: str = ""
    record_id: str = ""
    version: int | None = None
    order: dict[str, list[int | None]] = field(default_factory=dict)
    """Where kept children were mixed in: the place in the payload of each child, if it has one."""

    def refuse(self, place: str, code: str, message: Label) -> None:
        self.errors.append(FieldError(place, code, message))


def own_key(call: ImportCall, runtime: Runtime, item: Item) -> tuple[Any, ...] | None:
    """Return the key by which a record is found, in stored form; None when a part is missing."""
    values = tuple(
        _keys.stored(runtime, call.entity, name, item.values.get(name)) for name in call.key
    )
    return None if None in values or not values else values


def payload_place(item: Item, place: str) -> str:
    """Return a place counted as the payload counts its children."""
    name, _, rest = place.partition(".")
    number, _, inner = rest.partition(".")
    if name not in item.order or not number.isdigit():
        return place
    original = item.order[name][int(number)]
    return (
        name
        if original is None
        else ".".join(part for part in (name, str(original), inner) if part)
    )


def blame(item: Item, error: Exception, entity: Entity, runtime: Runtime) -> None:
    """Say what the database or a rule refused about the one record that is left."""
    if isinstance(error, sqlalchemy.exc.IntegrityError):
        error = violations.translate(error, entity, runtime.engine.dialect.name)
    if isinstance(error, RequestError):
        item.errors += error.errors or (FieldError("", error.code, error.message),)
    else:
        item.refuse("", "invalid", TOO_LARGE)
