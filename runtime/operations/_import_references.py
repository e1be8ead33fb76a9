"""Where a payload names other records by their keys → their ids, one look-up an entity.

A record that is not there may be created on the way, may be left out, may still come in the same
batch, or is what the row is refused for. One that is created may itself name others to be created,
as a shelf names the one above it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import sqlalchemy as sa

from generator.model.entity import Entity, Field
from generator.model.text import Label
from runtime.messages import Outcome
from runtime.operations._import_item import ImportCall, ImportPlan, Item, own_key
from runtime.operations._keys import AMBIGUOUS, Keys
from runtime.operations._references import NOT_FOUND
from runtime.runtime import Runtime
from runtime.store.forms import form_of

MAY_NOT_CREATE = Label(
    {
        "en": "There is no record with this key, and you may not create one.",
        "zh": "没有该编号的记录，且您没有新建权限。",
    }
)
SEVERAL = Label({"en": "Several records match.", "zh": "匹配到多条记录。"})

Apply = Callable[[sa.Connection, ImportPlan, Runtime, Keys], list[Outcome]]
"""Imports the records of another call, for those that references name and that are not there."""


class References:
    """The references of one batch."""

    def __init__(
        self,
        connection: sa.Connection,
        call: ImportCall,
        runtime: Runtime,
        keys: Keys,
        apply: Apply,
    ) -> None:
        self.connection, self.call, self.runtime, self.keys = connection, call, runtime, keys
        self.entity, self.apply = call.entity, apply
        self._own_keys: dict[tuple[Any, ...], Item] | None = None
        """The keys of the records not yet saved, read when a reference asks for them."""
        self._wanted_by: dict[str, list[Item]] = {}
        """By the id of a record that was created: the items that named it."""

    def has_needless(self) -> bool:
        """Return whether a record was created that only refused records name."""
        return any(all(one.errors for one in some) for some in self._wanted_by.values())

    def resolve(self, items: list[Item]) -> None:
        """Put ids where keys of other records stand, one look-up an entity."""
        wanted: dict[str, list[tuple[Item, Place]]] = {}
        self._own_keys = None
        for item in items:
            item.waits = False
            for place in places(self.entity, item.values, self.runtime):
                wanted.setdefault(place.model.target, []).append((item, place))
        for target, found in wanted.items():
            entity = self.runtime.app.entities[target]
            ids = self.keys.ids(self.connection, entity, [place.value for _, place in found])
            missing = []
            for (item, place), record_id in zip(found, ids, strict=True):
                if record_id is None and self._may_create(item, place, items):
                    missing.append((item, place))
                else:
                    self._put(item, place, record_id, items)
            if missing:
                self._create_missing(entity, missing, items)

    def _may_create(self, item: Item, place: Place, items: Sequence[Item]) -> bool:
        if place.path not in self.call.create:
            return False
        return place.model.target != self.entity.name or not self._is_of_the_batch(
            item, place, items
        )

    def _put(self, item: Item, place: Place, record_id: str | None, items: Sequence[Item]) -> None:
        if record_id == AMBIGUOUS:
            item.refuse(place.at, "ambiguous", SEVERAL)
        elif record_id is not None:
            place.put(record_id)
        elif place.path in self.call.lenient:
            place.put(None)
        elif place.model.target == self.entity.name and self._is_of_the_batch(item, place, items):
            item.waits = True
        else:
            item.refuse(place.at, "not_found", NOT_FOUND)

    def _is_of_the_batch(self, item: Item, place: Place, items: Sequence[Item]) -> bool:
        """Return whether a key is that of another record of this batch, not yet saved."""
        wanted = self.keys.keys(self.connection, self.entity, [place.value])[0]
        if not isinstance(wanted, tuple) or wanted[0] != self.call.key:
            return False
        if self._own_keys is None:
            keys = ((own_key(self.call, self.runtime, other), other) for other in items)
            self._own_keys = {key: other for key, other in keys if key is not None}
        other = self._own_keys.get(wanted[1])
        return other is not None and other is not item and not other.errors

    def _create_missing(
        self, entity: Entity, missing: list[tuple[Item, Place]], items: Sequence[Item]
    ) -> None:
        """Create the records that references name and that are not there, each once."""
        grant = self.runtime.matrix.grant(self.call.actor.roles, entity.name, "create")
        if grant is None:
            for item, place in missing:
                item.refuse(place.at, "not_found", MAY_NOT_CREATE)
            return
        by_key: dict[str, Mapping[str, Any]] = {}
        for _, place in missing:
            told = place.value
            if not isinstance(told, Mapping) and len(entity.key) == 1:
                told = {entity.key[0]: told}
            if isinstance(told, Mapping):
                by_key.setdefault(repr(self._key_of(entity, place.value)), told)
        outcomes: dict[str, Outcome] = {}
        if by_key:
            within = {
                path.removeprefix(f"{place.path}.")
                for _, place in missing
                for path in self.call.create
                if path.startswith(f"{place.path}.")
            }
            call = replace(
                self.call,
                entity=entity,
                records=tuple(by_key.values()),
                mode="create",
                key=entity.key,
                create=frozenset(within),
                lenient=frozenset(),
                keep=frozenset(),
                parts=frozenset(),
            )
            made = self.apply(
                self.connection, ImportPlan(call, grant, None), self.runtime, self.keys
            )
            outcomes = dict(zip(by_key, made, strict=True))
            self.keys.made[entity.name] += sum(one.status == "created" for one in made)
        for item, place in missing:
            outcome = outcomes.get(repr(self._key_of(entity, place.value)))
            if outcome is not None and outcome.errors:
                item.errors += [
                    replace(one, field=f"{place.at}.{one.field}") for one in outcome.errors
                ]
                continue
            if outcome is not None:
                self._wanted_by.setdefault(outcome.record_id, []).append(item)
            self._put(item, place, outcome.record_id if outcome else None, items)

    def _key_of(self, entity: Entity, value: Any) -> Any:
        return self.keys.keys(self.connection, entity, [value])[0]


class Place(NamedTuple):
    """Where a payload names another record; a tuple, for every row has its own."""

    model: Field
    value: Any
    path: str
    """Without numbers, such as `lines.item`."""
    at: str
    """With numbers, such as `lines.2.item`."""
    holder: Any
    key: Any
    """In the holder."""

    def put(self, record_id: str | None) -> None:
        """Put the id where the key stood."""
        self.holder[self.key] = record_id


def places(entity: Entity, values: dict[str, Any], runtime: Runtime) -> Iterator[Place]:
    """Yield every reference of a payload; lists are copied before ids are put into them."""
    relations = form_of(runtime, entity).relations
    for name, value in list(values.items()):
        relation = relations.get(name)
        if not relation or value is None:
            continue
        model = entity.fields[name]
        if relation == "reference":
            yield Place(model, value, name, name, values, name)
        elif relation == "references" and isinstance(value, list):
            values[name] = items = list(value)
            for number, one in enumerate(items):
                yield Place(model, one, name, f"{name}.{number}", items, number)
        elif relation == "children" and isinstance(value, list):
            child = runtime.app.entities[model.target]
            values[name] = rows = [dict(row) if isinstance(row, Mapping) else row for row in value]
            for number, row in enumerate(rows):
                if isinstance(row, dict):
                    for inner in places(child, row, runtime):
                        yield inner._replace(
                            path=f"{name}.{inner.path}", at=f"{name}.{number}.{inner.at}"
                        )
