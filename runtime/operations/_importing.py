"""One batch of an import, inside a transaction: references → matches → drafts → rows → outcomes.

Everything a single create or update does is done here for many records with as many statements as
for one: what they point at, which of them exist, the rows, the links, the audit. When the database
refuses the batch (a value that is not unique, say), it is undone and its halves are tried, so a bad
record costs a few statements and not its neighbors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import marshmallow as ma
import sqlalchemy as sa
import sqlalchemy.exc

from generator.model.entity import Entity, Field
from generator.model.text import Label
from rules.permissions import Grant
from runtime.errors import FieldError, Invalid, RequestError
from runtime.messages import Actor, Incoming, Outcome
from runtime.operations import (
    _changing,
    _keys,
    _reading,
    _renewing,
    _rights,
    _saving,
    _sensitive,
    update,
)
from runtime.operations._keys import AMBIGUOUS, Keys
from runtime.operations._masks import without_masks
from runtime.operations._quick import quick_load
from runtime.operations._references import NOT_FOUND
from runtime.operations._work import Draft, Work
from runtime.operations._writing import flatten
from runtime.runtime import Runtime
from runtime.store import audit, violations
from runtime.store.forms import form_of

MODES = {"create": ("create",), "update": ("update",), "upsert": ("create", "update")}
"""What each mode may do with a record."""

EXISTS = Label({"en": "A record with this key exists already.", "zh": "已存在相同编号的记录。"})
UNKNOWN = Label({"en": "There is no record with this key.", "zh": "没有该编号的记录。"})
SEVERAL = Label({"en": "Several records match.", "zh": "匹配到多条记录。"})
ARCHIVED = Label(
    {
        "en": "The record with this key is archived; restore it first.",
        "zh": "该编号的记录已归档，请先恢复。",
    }
)
DENIED = Label({"en": "You may not change this record.", "zh": "您没有修改此记录的权限。"})
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
class _Item:
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


def apply(
    connection: sa.Connection, plan: ImportPlan, runtime: Runtime, keys: Keys
) -> list[Outcome]:
    """Import the records of a call inside the caller's transaction; return an outcome for each."""
    batch = _Batch(connection, plan, runtime, keys)
    items = [_Item(index, dict(values)) for index, values in enumerate(plan.call.records)]
    batch.run(items)
    return [_outcome(item) for item in items]


def _outcome(item: _Item) -> Outcome:
    if item.errors:
        return Outcome("", "invalid", errors=tuple(item.errors), message=item.errors[0].message)
    return Outcome(item.record_id, item.status, item.version)


class _Batch:
    """The records of one call."""

    def __init__(
        self, connection: sa.Connection, plan: ImportPlan, runtime: Runtime, keys: Keys
    ) -> None:
        self.connection, self.plan, self.runtime, self.keys = connection, plan, runtime, keys
        self.call = plan.call
        self.entity = plan.call.entity
        self.context = _reading.context(runtime, self.call.actor)
        self._own_keys: dict[tuple[Any, ...], _Item] | None = None
        """The keys of the records not yet saved, read when a reference asks for them."""

    def run(self, items: list[_Item]) -> None:
        """Save records in waves: one that points at another of the batch comes after it."""
        waiting = items
        while waiting:
            self._resolve(waiting)
            ready = [item for item in waiting if not item.waits]
            later = [item for item in waiting if item.waits]
            if not ready:
                for item in later:
                    item.refuse("", "circular", _CIRCLE)
                return
            for item in ready:
                if item.errors:
                    self._look_further(item)
            self._save([item for item in ready if not item.errors])
            waiting = later

    def _save(self, items: list[_Item]) -> None:
        if not items:
            return
        try:
            with self.connection.begin_nested():
                self._save_at_once(items)
        except (sqlalchemy.exc.IntegrityError, sqlalchemy.exc.DataError, RequestError) as error:
            good = [item for item in items if not item.errors]
            if len(good) == 1:
                _blame(good[0], error, self.entity, self.runtime)
                return
            middle = len(good) // 2
            self._save(good[:middle])
            self._save(good[middle:])

    def _save_at_once(self, items: list[_Item]) -> None:
        work = Work(
            self.connection,
            self.runtime,
            self.call.incoming,
            self.context["now"],
            self.context,
        )
        before = self._match(work, items)
        drafts: list[tuple[_Item, Draft]] = []
        for item in items:
            if not item.errors:
                draft = self._draft(work, item, before.get(item.record_id))
                if draft is not None:
                    drafts.append((item, draft))
        _changing.forget_same_links(work, [draft for _, draft in drafts if not draft.is_new])
        self._tell(work, items)
        changed = []
        for item, draft in drafts:
            if item.errors:
                continue
            if draft.before is not None and not update.differs(draft, draft.before):
                item.status, item.version = "unchanged", draft.before["version"]
            else:
                changed.append((item, draft))
        lookup = _saving.look_up(work, [draft for _, draft in changed])
        self._tell(work, items)
        for item, draft in changed:
            if not item.errors:
                _saving.conclude(work, draft, lookup)
                self._ask(work, item, draft)
        self._tell(work, items)
        right = [(item, draft) for item, draft in changed if not item.errors]
        self._write(work, [draft for _, draft in right])
        audit.record_all(
            work, [("create" if draft.is_new else "update", draft) for _, draft in right]
        )
        _renewing.follow(work, [draft for _, draft in right])
        for item, draft in right:
            item.status = "created" if draft.is_new else "updated"
            item.record_id, item.version = str(draft.facts["id"]), draft.facts["version"]

    def _ask(self, work: Work, item: _Item, draft: Draft) -> None:
        """Refuse a row that is sensitive: nobody can be asked about it here."""
        try:
            _sensitive.ask_about(work, "create" if draft.is_new else "update", draft)
        except RequestError as refusal:
            item.refuse("", "sensitive", refusal.message)

    def _write(self, work: Work, drafts: list[Draft]) -> None:
        """Write drafts inside the importer's rights; a record outside of them undoes the batch."""
        made = [draft for draft in drafts if draft.is_new]
        kept = [draft for draft in drafts if not draft.is_new]
        covered: Mapping[str, frozenset[int]] = {}
        if kept and self.plan.update is not None:
            ids = [str(draft.facts["id"]) for draft in kept]
            covered = _rights.before(work, self.entity, ids, self.plan.update)
            _rights.guard_fields(work, self.plan.update, kept)
        _saving.write_all(work, drafts)
        if made and self.plan.create is not None:
            _rights.hold(work, self.plan.create, made, {})
        if kept and self.plan.update is not None:
            _rights.hold(work, self.plan.update, kept, covered)

    def _tell(self, work: Work, items: list[_Item]) -> None:
        """Hand the errors of the work to the records they belong to."""
        by_index = {item.index: item for item in items}
        for error in work.errors:
            number, _, place = error.field.partition(".")
            item = by_index[int(number)]
            item.errors.append(replace(error, field=_payload_place(item, place)))
        work.errors.clear()

    # references

    def _resolve(self, items: list[_Item]) -> None:
        """Put ids where keys of other records stand, one look-up an entity."""
        wanted: dict[str, list[tuple[_Item, _Place]]] = {}
        self._own_keys = None
        for item in items:
            item.waits = False
            for place in _places(self.entity, item.values, self.runtime):
                wanted.setdefault(place.model.target, []).append((item, place))
        for target, found in wanted.items():
            entity = self.runtime.app.entities[target]
            ids = self.keys.ids(self.connection, entity, [place.value for _, place in found])
            missing = []
            for (item, place), record_id in zip(found, ids, strict=True):
                if record_id is None and place.path in self.call.create:
                    missing.append((item, place))
                else:
                    self._put(item, place, record_id, items)
            if missing:
                self._create_missing(entity, missing, items)

    def _put(
        self, item: _Item, place: _Place, record_id: str | None, items: Sequence[_Item]
    ) -> None:
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

    def _is_of_the_batch(self, item: _Item, place: _Place, items: Sequence[_Item]) -> bool:
        """Return whether a key is that of another record of this batch, not yet saved."""
        wanted = self.keys.keys(self.connection, self.entity, [place.value])[0]
        if not isinstance(wanted, tuple) or wanted[0] != self.call.key:
            return False
        if self._own_keys is None:
            keys = ((self._own_key(other), other) for other in items)
            self._own_keys = {key: other for key, other in keys if key is not None}
        other = self._own_keys.get(wanted[1])
        return other is not None and other is not item and not other.errors

    def _create_missing(
        self, entity: Entity, missing: list[tuple[_Item, _Place]], items: Sequence[_Item]
    ) -> None:
        """Create the records that references name and that are not there, each once."""
        grant = self.runtime.matrix.grant(self.call.actor.roles, entity.name, "create")
        by_key: dict[str, Mapping[str, Any]] = {}
        for _, place in missing:
            if isinstance(place.value, Mapping):
                by_key.setdefault(repr(self._key_of(entity, place.value)), place.value)
        outcomes: dict[str, Outcome] = {}
        if grant is not None and by_key:
            call = replace(
                self.call,
                entity=entity,
                records=tuple(by_key.values()),
                mode="create",
                key=entity.key,
                create=frozenset(),
                lenient=frozenset(),
                keep=frozenset(),
                parts=frozenset(),
            )
            made = apply(self.connection, ImportPlan(call, grant, None), self.runtime, self.keys)
            outcomes = dict(zip(by_key, made, strict=True))
        for item, place in missing:
            outcome = outcomes.get(repr(self._key_of(entity, place.value)))
            if outcome is not None and outcome.errors:
                item.errors += [
                    replace(one, field=f"{place.at}.{one.field}") for one in outcome.errors
                ]
            else:
                self._put(item, place, outcome.record_id if outcome else None, items)

    def _key_of(self, entity: Entity, value: Any) -> Any:
        return self.keys.keys(self.connection, entity, [value])[0]

    # matches

    def _own_key(self, item: _Item) -> tuple[Any, ...] | None:
        values = tuple(
            _keys.stored(self.runtime, self.entity, name, item.values.get(name))
            for name in self.call.key
        )
        return None if None in values or not values else values

    def _match(self, work: Work, items: list[_Item]) -> dict[str, Mapping[str, Any]]:
        """Find which records exist already, and return those as they are stored, by id."""
        own = {item.index: self._own_key(item) for item in items}
        found: dict[tuple[Any, ...], list[_keys.Found]] = {}
        wanted = [key for key in dict.fromkeys(own.values()) if key is not None]
        for one in _keys.find(
            self.connection, self.runtime, self.call.actor, self.entity, self.call.key, wanted
        ):
            found.setdefault(one.key, []).append(one)
        for item in items:
            key = own[item.index]
            item.record_id = self._matched(item, found.get(key, []) if key else [])
        ids = tuple(item.record_id for item in items if item.record_id and not item.errors)
        if not ids or self.plan.update is None:
            return {}
        before = _changing.load_many(work, self.entity, ids, self.plan.update)
        for item in items:
            if item.record_id and not item.errors and item.record_id not in before:
                item.refuse("", "forbidden", DENIED)
        return dict(before)

    def _matched(self, item: _Item, found: list[_keys.Found]) -> str:
        """Return the id of the record to change; empty for a new one or a refusal."""
        name = self.call.key[0] if self.call.key else ""
        if len(found) > 1:
            item.refuse(name, "ambiguous", SEVERAL)
        elif not found:
            if self.call.mode == "update":
                item.refuse(name, "not_found", UNKNOWN)
        elif self.call.mode == "create":
            item.refuse(name, "exists", EXISTS)
        elif found[0].archived:
            item.refuse(name, "archived", ARCHIVED)
        else:
            return found[0].id
        return ""

    # drafts

    def _draft(self, work: Work, item: _Item, before: Mapping[str, Any] | None) -> Draft | None:
        values = item.values if before is None else self._merged(item.values, before)
        values = {name: one for name, one in values.items() if not self._only_finds(name)}
        loaded = self._load(item, values, changes=before is not None)
        if loaded is None:
            return None
        place = str(item.index)
        if before is None:
            assert self.plan.create is not None
            grant = self.plan.create
            given = _rights.defaults(grant, work.context)
            forced = _rights.forced(grant, work.context)
            draft = _saving.draft_new(work, self.entity, {**given, **loaded, **forced}, place)
            draft.sent = frozenset(loaded)
            return draft
        assert self.plan.update is not None
        self._name_children(item, loaded, before)
        forced = _rights.forced(self.plan.update, work.context)
        draft = _saving.draft_change(work, self.entity, dict(before), {**loaded, **forced}, place)
        draft.sent -= forced.keys()
        return draft

    def _only_finds(self, name: str) -> bool:
        """Return whether a field is part of the key and nothing a payload may set, as an id is."""
        model = self.entity.fields.get(name)
        return name in self.call.key and model is not None and model.readonly

    def _merged(self, values: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
        """Return the payload with the parts that it leaves out, such as other languages."""
        merged = dict(values)
        for name in self.call.parts & merged.keys():
            if isinstance(before.get(name), Mapping) and isinstance(merged[name], Mapping):
                merged[name] = {**before[name], **merged[name]}
        return merged

    def _load(
        self, item: _Item, values: Mapping[str, Any], *, changes: bool
    ) -> dict[str, Any] | None:
        schema = self.runtime.payload(self.entity, self.call.actor.roles, changes=changes)
        try:
            values = without_masks(values, self.entity, self.call.actor, self.runtime)
        except Invalid as refusal:
            item.errors += refusal.errors
            return None
        loaded = quick_load(schema, values, self.keys.texts, partial=changes)
        if loaded is not None:
            return loaded
        try:
            return dict(schema.load(dict(values), partial=changes))
        except ma.ValidationError as error:
            item.errors += flatten(error.messages, self.entity, values)
            return None

    def _look_further(self, item: _Item) -> None:
        """Add what else a refused record gets wrong, so that its author mends it once.

        Whether it exists is not known yet; only a mode that always creates misses required fields.
        """
        told = tuple(error.field for error in item.errors)
        schema = self.runtime.payload(self.entity, self.call.actor.roles, changes=False)
        found = schema.validate(dict(item.values), partial=self.call.mode != "create")
        item.errors += [
            error
            for error in flatten(found, self.entity, item.values)
            if not any(f"{error.field}.".startswith(f"{place}.") for place in told)
        ]

    def _name_children(
        self, item: _Item, loaded: dict[str, Any], before: Mapping[str, Any]
    ) -> None:
        """Give children the ids of those they stand for: by key, else by their place."""
        for model in self.entity.fields.values():
            if model.type != "children" or model.name not in loaded:
                continue
            child = self.runtime.app.entities[model.target]
            existing: Sequence[Mapping[str, Any]] = before.get(model.name) or ()
            names = tuple(name for name in child.key if name != child.child_of)
            given: list[dict[str, Any]] = loaded[model.name]
            if names and all(name in one for one in given for name in names):
                by_key = {tuple(row[name] for name in names): row["id"] for row in existing}
                for one in given:
                    known = by_key.pop(tuple(one[name] for name in names), None)
                    if known is not None:
                        one["id"] = known
            elif model.name not in self.call.keep:
                for one, row in zip(given, existing, strict=False):
                    one["id"] = row["id"]
            if model.name in self.call.keep:
                self._keep(item, loaded, model, existing)

    def _keep(
        self,
        item: _Item,
        loaded: dict[str, Any],
        model: Field,
        existing: Sequence[Mapping[str, Any]],
    ) -> None:
        """Leave the children that the payload does not name where they are; new ones come last."""
        given: list[dict[str, Any]] = loaded[model.name]
        places = {one["id"]: place for place, one in enumerate(given) if "id" in one}
        order: list[int | None] = [places.get(row["id"]) for row in existing]
        order += [place for place, one in enumerate(given) if "id" not in one]
        item.order[model.name] = order
        loaded[model.name] = [
            {"id": existing[number]["id"]} if place is None else given[place]
            for number, place in enumerate(order)
        ]


_CIRCLE = Label({"en": "These records point at each other.", "zh": "这些记录互相引用。"})


@dataclass(frozen=True)
class _Place:
    """Where a payload names another record."""

    model: Field
    value: Any
    path: str
    """Without numbers, such as `lines.item`."""
    at: str
    """With numbers, such as `lines.2.item`."""
    put: Callable[[str | None], None]


def _places(entity: Entity, values: dict[str, Any], runtime: Runtime) -> Iterator[_Place]:
    """Yield every reference of a payload; lists are copied before ids are put into them."""
    relations = form_of(runtime, entity).relations
    for name, value in list(values.items()):
        relation = relations.get(name)
        if not relation or value is None:
            continue
        model = entity.fields[name]
        if relation == "reference":
            yield _Place(model, value, name, name, _putter(values, name))
        elif relation == "references" and isinstance(value, list):
            values[name] = items = list(value)
            for number, one in enumerate(items):
                yield _Place(model, one, name, f"{name}.{number}", _putter(items, number))
        elif relation == "children" and isinstance(value, list):
            child = runtime.app.entities[model.target]
            values[name] = rows = [dict(row) if isinstance(row, Mapping) else row for row in value]
            for number, row in enumerate(rows):
                if isinstance(row, dict):
                    for inner in _places(child, row, runtime):
                        yield replace(
                            inner, path=f"{name}.{inner.path}", at=f"{name}.{number}.{inner.at}"
                        )


def _putter(holder: Any, key: Any) -> Callable[[str | None], None]:
    def put(value: str | None) -> None:
        holder[key] = value

    return put


def _payload_place(item: _Item, place: str) -> str:
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


def _blame(item: _Item, error: Exception, entity: Entity, runtime: Runtime) -> None:
    """Say what the database or a rule refused about the one record that is left."""
    if isinstance(error, sqlalchemy.exc.IntegrityError):
        error = violations.translate(error, entity, runtime.engine.dialect.name)
    if isinstance(error, RequestError):
        item.errors += error.errors or (FieldError("", error.code, error.message),)
    else:
        item.refuse("", "invalid", TOO_LARGE)
