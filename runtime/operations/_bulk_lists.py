"""Lists of many records: something is added to each, or taken from it, and the rest of it stays.

In: `{"tags": {"add": [...], "remove": [...]}}` beside plain values. Out: first the plain form of
it, by which rights and texts are checked as ever; then, for each record, its own list with that
done, read under a lock in the transaction that writes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import marshmallow as ma
import sqlalchemy as sa

from generator.model.entity import Entity
from runtime.runtime import Runtime
from runtime.store.guard import system

if TYPE_CHECKING:
    from runtime.operations.bulk import Call

LISTS = frozenset({"tags", "choices"})
"""Types that are stored as a list of texts."""
WORDS = frozenset({"add", "remove"})


@dataclass(frozen=True)
class Listed:
    """What becomes of one list."""

    field: str
    add: tuple[str, ...]
    remove: tuple[str, ...]

    def of(self, old: Sequence[str]) -> list[str]:
        """Return a list with that done to it; what is there already keeps its place."""
        kept = [one for one in old if one not in self.remove]
        return [*kept, *(one for one in self.add if one not in kept)]


def apart(given: Any, entity: Entity, runtime: Runtime) -> tuple[Any, tuple[Listed, ...]]:
    """Return the values as a plain change would say them, and what is meant for lists."""
    if not isinstance(given, Mapping):
        return given, ()
    plain, lists = dict(given), []
    for name, value in given.items():
        model = entity.fields.get(str(name))
        if model is None or model.type not in LISTS or not _is_meant(value):
            continue
        schema = runtime.compiled.field_types[model.type].schema(model)
        parts = [list(value.get(word) or ()) for word in ("add", "remove")]
        plain[name] = list(dict.fromkeys([*parts[0], *parts[1]]))
        try:
            add, remove = (tuple(schema.deserialize(one)) if one else () for one in parts)
        except ma.ValidationError:
            # the plain form is refused for the same, at its field
            continue
        lists.append(Listed(model.name, add, remove))
    return plain, tuple(lists)


def merged(
    connection: sa.Connection, runtime: Runtime, entity: Entity, record_id: str, call: Call
) -> Mapping[str, Any]:
    """Return the values for one record; a list is its own, changed."""
    if not call.lists:
        return call.values
    table = runtime.schema.tables[entity.name]
    columns = [table.c[one.field] for one in call.lists]
    asked = sa.select(*columns).where(table.c.id == record_id).with_for_update()
    row = connection.execute(system(asked, "the lists that are added to")).first()
    if row is None:
        return call.values
    changed = {
        one.field: one.of(old or ()) or None for one, old in zip(call.lists, row, strict=True)
    }
    return {**call.values, **changed}


def _is_meant(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and bool(value)
        and value.keys() <= WORDS
        and all(isinstance(one, list) for one in value.values())
        and all(isinstance(text, str) for one in value.values() for text in one)
    )
