"""What a record would be if it were saved now, without writing: formulas, conditions, choices.

A form asks this while somebody types. The same steps as a save, on what can be understood so far:
a value that is no value yet counts as empty and is told at its place when it is really saved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import marshmallow as ma

from generator.field_types.children import Rows
from generator.model.entity import Entity
from rules.permissions import Grant
from runtime.messages import Incoming, Result
from runtime.operations import _changing, _conditions, _reading, _rights, _saving
from runtime.operations._conditions import Standing
from runtime.operations._references import Lookup
from runtime.operations._work import Draft, Facts, Work
from runtime.operations._writing import invalid_shape
from runtime.runtime import Runtime
from runtime.store import fetch


@dataclass(frozen=True)
class Call:
    """A payload as far as it can be understood."""

    incoming: Incoming
    entity: Entity
    values: Mapping[str, Any]
    grant: Grant


@dataclass(frozen=True)
class Outlook:
    """One record of a preview: the record itself or one of its rows."""

    place: str
    """Empty for the record itself, else its path in the payload, such as `lines.2`."""
    entity: str
    facts: Mapping[str, Any]
    """Stored values by field, formulas included; only what the caller may read."""
    standings: Mapping[str, Standing]
    """By conditional field: whether it is asked, required, fixed."""


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Call:
    """Understand what can be understood of a payload.

    Raises:
        Invalid: it is no object.

    """
    if not isinstance(incoming.values, Mapping):
        raise invalid_shape()
    assert incoming.actor is not None
    entity = runtime.app.entities[incoming.entity]
    schema = runtime.payload(entity, incoming.actor.roles, changes=True)
    return Call(incoming, entity, _loaded(schema, dict(incoming.values)), grant)


def plan(call: Call, grant: Grant, runtime: Runtime) -> Call:
    return call


def execute(call: Call, runtime: Runtime) -> Result:
    incoming = call.incoming
    assert incoming.actor is not None
    with fetch.connection(runtime.engine) as connection:
        context = _reading.context(runtime, incoming.actor)
        work = Work(connection, runtime, incoming, runtime.clock(), context)
        draft = _draft(work, call)
        lookup = Lookup(connection, runtime, incoming, locks=False)
        for one in draft.everyone():
            lookup.collect(one)
        lookup.resolve()
        seen = _saving.conclude(work, draft, lookup)
    rows = tuple(_outlook(work, one, seen[one.place]) for one in draft.everyone())
    return Result(rows=rows)


def _draft(work: Work, call: Call) -> Draft:
    forced = _rights.forced(call.grant, work.context)
    if not call.incoming.record_id:
        values = {**_rights.defaults(call.grant, work.context), **call.values, **forced}
        draft = _saving.draft_new(work, call.entity, values)
        draft.sent = frozenset(call.values)
        return draft
    before = _changing.load(work, call.entity, call.incoming.record_id, call.grant, lock="")
    draft = _saving.draft_change(work, call.entity, before, {**call.values, **forced})
    _changing.forget_same_links(work, (draft,))
    return draft


def _loaded(schema: ma.Schema, values: dict[str, Any]) -> Mapping[str, Any]:
    """Return the stored form of what is right, and nothing in place of what is wrong.

    Rows are kept even where something in them is wrong, so that each keeps its place.
    """
    rows = {
        name: [item for item in value if isinstance(item, dict)]
        for name, value in values.items()
        if isinstance(schema.fields.get(name), Rows) and isinstance(value, list)
    }
    single = {name: value for name, value in values.items() if name not in rows}
    try:
        found = dict(schema.load(single, partial=True, unknown=ma.EXCLUDE))
    except ma.ValidationError as error:
        valid = error.valid_data if isinstance(error.valid_data, dict) else {}
        found = {name: valid.get(name) for name in single if name in schema.fields}
    for name, items in rows.items():
        nested = schema.fields[name].item.schema  # type: ignore[attr-defined]  # checked above
        found[name] = [_loaded(nested, item) for item in items]
    return found


def _outlook(work: Work, draft: Draft, seen: Facts) -> Outlook:
    actor = work.incoming.actor
    assert actor is not None
    needs = work.runtime.needs[draft.entity.name]
    read = work.runtime.matrix.grant(actor.roles, draft.entity.name, "read")
    readable = frozenset() if read is None else read.open
    facts = {field.name: seen[field.name] for field in needs.computed if field.name in readable}
    currencies = {
        name: value
        for name, value in draft.facts.items()
        if name in readable and isinstance(value, str)
    }
    standings = {field.name: _conditions.standing(work, field, seen) for field in needs.conditional}
    return Outlook(draft.place, draft.entity.name, {**currencies, **facts}, standings)
