"""`choices`: records to pick from, for a reference field: their titles and one more field each.

`q` searches where the entity's list searches; without it the last changed come first. `for` names
the field that wants to point here, as `order.customer`: its `pick` narrows the choice. `ids` asks
for the titles of known records, archived ones included.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from generator.model.entity import Entity, Field
from generator.model.text import Label
from rules.permissions import Grant
from runtime.errors import BadRequest
from runtime.messages import Incoming, Result
from runtime.operations import _reading
from runtime.runtime import Runtime
from runtime.store import fetch
from runtime.store.paths import Reader
from runtime.store.plan import QueryPlan

ACTION = "read"
HITS = 20


@dataclass(frozen=True)
class Call:
    """What is searched for, and on behalf of which field."""

    read: _reading.ReadCall
    field: Field | None


@dataclass(frozen=True)
class Plan:
    """A page of titles."""

    query: QueryPlan


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Call:
    asked: Mapping[str, tuple[str, ...]] = {
        name: texts for name, texts in incoming.query.items() if name in {"q", "ids"}
    }
    read = _reading.parse_read(replace(incoming, query=asked), grant, runtime)
    entity, _, name = _reading.one(incoming.query, "for").partition(".")
    field = runtime.app.field(entity, name) if name else None
    if name and (field is None or field.target != incoming.entity):
        raise BadRequest(
            Label({"en": "No such field points here.", "zh": "没有指向此处的该字段。"})
        )
    return Call(read, field)


def plan(call: Call, grant: Grant, runtime: Runtime) -> Plan:
    entity = runtime.app.entities[call.read.entity]
    fields = choice_fields(entity, _reading.reader(runtime, call.read.actor, grant))
    wanted = call.read.ids
    read = replace(call.read, fields=fields, limit=HITS if wanted is None else max(len(wanted), 1))
    if not read.search and "updated_at" in grant.read:
        read = replace(read, sort=("-updated_at",))
    query = _reading.plan_read(read, grant, runtime)
    if wanted is not None:
        return Plan(replace(query, limit=read.limit, archived="all"))
    pick = call.field.pick if call.field is not None else None
    return Plan(replace(query, where=() if pick is None else (pick,)))


def execute(plan: Plan, runtime: Runtime) -> Result:
    with fetch.connection(runtime.engine) as connection:
        page = fetch.page(connection, runtime.statements, plan.query)
    return Result(rows=page.rows, plan=plan.query)


def choice_fields(entity: Entity, reads: Reader) -> tuple[str, ...]:
    """Return the paths of a record's title, and of the field that tells equal titles apart."""
    titles = _reading.title_columns(entity.name, reads)
    note = note_field(entity, titles, reads)
    return (*titles, note) if note else titles


def note_field(entity: Entity, titles: tuple[str, ...], reads: Any) -> str:
    """Return the field that distinguishes records of one title: a key, else what is unique."""
    candidates = (
        *entity.key,
        *(field.name for field in entity.fields.values() if field.unique),
        *entity.list.search,
    )
    for name in candidates:
        if name in titles:
            continue
        try:
            path = reads.path(entity.name, name)
        except BadRequest:
            continue
        if reads.is_column(path) and not path.field.target:
            return name
    return ""
