"""Payload and the record as it is → the draft that is written: loaded, merged, children matched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import marshmallow as ma

from generator.model.entity import Field
from runtime.errors import Invalid
from runtime.operations import _rights, _saving, _states
from runtime.operations._import_item import ImportPlan, Item
from runtime.operations._keys import Keys
from runtime.operations._masks import without_masks
from runtime.operations._quick import quick_load
from runtime.operations._work import Draft, Work
from runtime.operations._writing import flatten
from runtime.runtime import Runtime


class Drafts:
    """Makes the drafts of one batch."""

    def __init__(self, plan: ImportPlan, runtime: Runtime, keys: Keys) -> None:
        self.plan, self.call, self.runtime, self.keys = plan, plan.call, runtime, keys
        self.entity = plan.call.entity
        # part of the key and nothing a payload may set, as an id is
        fields = self.entity.fields
        self.only_find = {
            name for name in plan.call.key if name in fields and fields[name].readonly
        }
        self.schemas: dict[bool, ma.Schema] = {}
        self.brings = bool(runtime.app.workflows) and _states.may_bring(plan.call.actor)

    def draft(self, work: Work, item: Item, before: Mapping[str, Any] | None) -> Draft | None:
        """Return the draft of a record; None when its payload is wrong, which is noted."""
        values = item.values if before is None else self._merged(item.values, before)
        if self.only_find:
            values = {name: one for name, one in values.items() if name not in self.only_find}
        states: dict[str, Any] = {}
        if self.brings:
            values, states = _states.taken_out(self.runtime, self.entity, values, item.errors)
        loaded = self._load(item, values, changes=before is not None)
        if loaded is None or item.errors:
            return None
        place = str(item.index)
        if before is None:
            assert self.plan.create is not None
            grant = self.plan.create
            _states.put_back(self.runtime.app.entities, self.entity, loaded, states)
            given = _rights.defaults(grant, work.context)
            forced = _rights.forced(grant, work.context)
            draft = _saving.draft_new(work, self.entity, {**given, **loaded, **forced}, place)
            draft.sent = frozenset(loaded)
            return draft
        assert self.plan.update is not None
        self._name_children(item, loaded, before, states)
        forced = _rights.forced(self.plan.update, work.context)
        draft = _saving.draft_change(work, self.entity, dict(before), {**loaded, **forced}, place)
        draft.sent -= forced.keys()
        draft.given -= forced.keys()
        return draft

    def _merged(self, values: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
        """Return the payload with the parts that it leaves out, such as other languages."""
        merged = dict(values)
        for name in self.call.parts & merged.keys():
            if isinstance(before.get(name), Mapping) and isinstance(merged[name], Mapping):
                merged[name] = {**before[name], **merged[name]}
        return merged

    def _load(
        self, item: Item, values: Mapping[str, Any], *, changes: bool
    ) -> dict[str, Any] | None:
        schema = self._schema(changes=changes)
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

    def _schema(self, *, changes: bool) -> ma.Schema:
        found = self.schemas.get(changes)
        if found is None:
            found = self.runtime.payload(self.entity, self.call.actor.roles, changes=changes)
            self.schemas[changes] = found
        return found

    def look_further(self, item: Item) -> None:
        """Add what else a refused record gets wrong, so that its author mends it once.

        Whether it exists is not known yet; only a mode that always creates misses required fields.
        """
        told = tuple(error.field for error in item.errors)
        schema = self._schema(changes=False)
        found = schema.validate(dict(item.values), partial=self.call.mode != "create")
        item.errors += [
            error
            for error in flatten(found, self.entity, item.values)
            if not any(f"{error.field}.".startswith(f"{place}.") for place in told)
        ]

    def _name_children(
        self,
        item: Item,
        loaded: dict[str, Any],
        before: Mapping[str, Any],
        states: Mapping[str, Any],
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
            if model.name in states:
                brought = {model.name: states[model.name]}
                _states.put_back(self.runtime.app.entities, self.entity, loaded, brought)
            if model.name in self.call.keep:
                self._keep(item, loaded, model, existing)

    def _keep(
        self,
        item: Item,
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
