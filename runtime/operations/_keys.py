"""Natural keys → ids: `{"store": {"code": "N1"}, "number": "77"}` finds the record it names.

Comes in: what a caller wrote where a reference stands (an id, the text of a key, a mapping of
fields). Goes out: ids, found among the records the caller may read, one statement for all that are
asked of one entity by the same fields. What was found is remembered, what was not is asked again:
it may have been created meanwhile.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import marshmallow as ma
import sqlalchemy as sa

from generator.field_types._ids import WRITTEN
from generator.model.entity import Entity, Field
from runtime.errors import BadRequest
from runtime.messages import Actor
from runtime.operations import _columns, _reading
from runtime.runtime import Runtime
from runtime.store.filters import Clause
from runtime.store.plan import QueryPlan

KEPT = 50_000
"""Keys remembered; more only empty the memory."""
MOST_FOUND = 100_000
NAMED = re.compile(r".+ \[([^\[\]]+)\]", re.DOTALL)
"""A title with the key of its record behind it."""
AMBIGUOUS = "*"
"""What stands for an id when several records have the key."""

Key = tuple[tuple[str, ...], tuple[Any, ...]]
"""Field names and their stored values."""


@dataclass
class Keys:
    """The look-ups of one import; it lives as long as the import."""

    runtime: Runtime
    actor: Actor
    known: dict[tuple[str, Key], str] = field(default_factory=dict)
    texts: dict[tuple[int, str], Any] = field(default_factory=dict)
    """What texts were read as, for `quick_load`."""
    read: dict[Hashable, Key | str | None] = field(default_factory=dict)
    """What was written where a reference stands, and the key it was understood as."""
    made: Counter[str] = field(default_factory=Counter)
    """By entity: how many records were made because something named them."""

    def ids(
        self, connection: sa.Connection, entity: Entity, wanted: Sequence[Any]
    ) -> list[str | None]:
        """Return the id of each record named, None for one that is not there for this caller."""
        keys = self.keys(connection, entity, wanted)
        self._look_up(connection, entity, {key for key in keys if isinstance(key, tuple)})
        return [
            key if key is None or isinstance(key, str) else self.known.get((entity.name, key))
            for key in keys
        ]

    def undone(self, made: Counter[str]) -> None:
        """Forget what was found since, for it was undone; so many records were made before."""
        self.known.clear()
        self.made = Counter(made)

    def keys(
        self, connection: sa.Connection, entity: Entity, wanted: Sequence[Any]
    ) -> list[Key | str | None]:
        """Return what each name says: an id, a key in stored form, or None when it says nothing.

        What was understood once is remembered, unless it names a record by way of a third one.
        """
        if len(self.read) > KEPT:
            self.read.clear()
        marks = [_mark(entity, one) for one in wanted]
        new = [place for place, mark in enumerate(marks) if mark is None or mark not in self.read]
        understood: dict[int, Key | str | None] = {}
        if new:
            mappings = {place: _as_mapping(self.runtime, entity, wanted[place]) for place in new}
            resolved = self._resolved(connection, entity, mappings.values())
            for place, one in mappings.items():
                is_whole = not isinstance(one, Mapping)
                key = one if is_whole else self._key(entity, one, resolved)
                mark = marks[place]
                if mark is not None and (is_whole or not resolved.keys() & one.keys()):
                    self.read[mark] = key
                else:
                    understood[place] = key
        return [
            understood[place] if place in understood else self.read[mark]
            for place, mark in enumerate(marks)
        ]

    def _resolved(
        self, connection: sa.Connection, entity: Entity, mappings: Iterable[Any]
    ) -> dict[str, dict[str, str | None]]:
        """Return by field the ids of the records that keys name by their own keys."""
        inner: dict[str, list[Any]] = {}
        for one in mappings:
            for name, value in one.items() if isinstance(one, Mapping) else ():
                model = entity.fields.get(name)
                if model is not None and model.target and not _is_id(value):
                    inner.setdefault(name, []).append(value)
        resolved: dict[str, dict[str, str | None]] = {}
        for name, values in inner.items():
            target = self.runtime.app.entities[entity.fields[name].target]
            ids = self.ids(connection, target, values)
            resolved[name] = {repr(value): found for value, found in zip(values, ids, strict=True)}
        return resolved

    def _key(
        self, entity: Entity, one: Mapping[str, Any], resolved: Mapping[str, Mapping[str, Any]]
    ) -> Key | None:
        names = entity.key if entity.key and set(entity.key) <= one.keys() else tuple(sorted(one))
        values = []
        for name in names:
            value = one[name]
            if name in resolved and not _is_id(value):
                value = resolved[name].get(repr(value))
            else:
                value = stored(self.runtime, entity, name, value)
            if value is None:
                return None
            values.append(value)
        return (names, tuple(values)) if names else None

    def _look_up(self, connection: sa.Connection, entity: Entity, keys: Iterable[Key]) -> None:
        by_names: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
        for key in keys:
            if (entity.name, key) not in self.known:
                by_names.setdefault(key[0], []).append(key[1])
        for names, values in by_names.items():
            if len(self.known) > KEPT:
                self.known.clear()
            for found in find(connection, self.runtime, self.actor, entity, names, values):
                place = (entity.name, (names, found.key))
                self.known[place] = AMBIGUOUS if place in self.known else found.id


@dataclass(frozen=True, slots=True)
class Found:
    """A record found by its key."""

    id: str
    key: tuple[Any, ...]
    archived: bool


def find(
    connection: sa.Connection,
    runtime: Runtime,
    actor: Actor,
    entity: Entity,
    names: tuple[str, ...],
    values: Sequence[tuple[Any, ...]],
) -> list[Found]:
    """Return the readable records whose fields have one of these combinations of values."""
    grant = runtime.matrix.grant(actor.roles, entity.name, "read")
    reads = _columns.reader(runtime, actor)
    if grant is None or not values:
        return []
    try:
        paths = [reads.compared(entity.name, name) for name in names]
    except BadRequest:
        return []
    others = [reads.path(entity.name, "id")]
    if entity.archive and "archived_at" in grant.read:
        others.append(reads.path(entity.name, "archived_at"))
    if not all(reads.is_column(path) for path in paths):
        return []
    plan = QueryPlan(
        entity=entity,
        grant=grant,
        roles=actor.roles,
        paths=tuple({path.text: path for path in (*paths, *others)}.values()),
        clauses=tuple(
            Clause(path, "in", tuple(dict.fromkeys(one[place] for one in values)))
            for place, path in enumerate(paths)
        ),
        limit=MOST_FOUND,
        archived="all",
        facts=_reading.context(runtime, actor),
    )
    selection = runtime.statements.page(plan)
    rows = selection.rows(connection, runtime.statements.values(plan))
    places = [selection.position[name] for name in names]
    own, put_away = selection.position["id"], selection.position.get("archived_at")
    wanted = set(values)
    return [
        Found(str(row[own]), key, put_away is not None and row[put_away] is not None)
        for row in rows
        if (key := tuple(row[place] for place in places)) in wanted
    ]


def stored(runtime: Runtime, entity: Entity, name: str, value: Any) -> Any:
    """Return a value in stored form, or None when its field refuses it."""
    model = entity.fields.get(name)
    if model is None or value is None or not names_one(runtime, model):
        return None
    schema = runtime.remembered.get(
        ("key", entity.name, name), lambda: runtime.compiled.field_types[model.type].schema(model)
    )
    try:
        return schema.deserialize(value)
    except ma.ValidationError:
        return None


def names_one(runtime: Runtime, model: Field) -> bool:
    """Return whether records can be found by a field: it holds one value that can be compared."""
    kind = runtime.compiled.field_types[model.type]
    return kind.relation == "reference" or (not kind.relation and kind.sortable)


def _mark(entity: Entity, one: Any) -> Hashable:
    """Return what a name is remembered by; None for one that is not made of texts."""
    if type(one) is str:
        return entity.name, one
    if type(one) is dict and all(type(value) is str for value in one.values()):
        return entity.name, *one.items()
    return None


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and WRITTEN.fullmatch(value) is not None


def _as_mapping(runtime: Runtime, entity: Entity, one: Any) -> Any:
    """Return the mapping that a key's text stands for; ids and mappings as they are."""
    if one is None or isinstance(one, Mapping) or _is_id(one):
        return one
    named = NAMED.fullmatch(str(one))
    if named is not None:
        # the title stands before it for people; our own exports write it so
        one = named[1]
        if _is_id(one):
            return one
    paths = _key_paths(runtime, entity)
    parts = str(one).split(".", len(paths) - 1) if len(paths) > 1 else [str(one)]
    if not paths or len(parts) != len(paths):
        return None
    mapping: dict[str, Any] = {}
    for path, part in zip(paths, parts, strict=True):
        here = mapping
        for step in path[:-1]:
            here = here.setdefault(step, {})
        here[path[-1]] = part.strip()
    return mapping


def _key_paths(runtime: Runtime, entity: Entity, depth: int = 3) -> list[tuple[str, ...]]:
    """Return the values a natural key is made of, keys of referred records spelled out."""
    found: list[tuple[str, ...]] = []
    for name in entity.key:
        target = entity.fields[name].target
        if target and depth:
            inner = _key_paths(runtime, runtime.app.entities[target], depth - 1)
            found += [(name, *path) for path in inner]
        else:
            found.append((name,))
    return found
