"""`choices`: records to pick from, for a reference field: their titles and one more field each.

`q` searches where the entity's list searches; without it the last changed come first. `for` names
the field that wants to point here, as `order.customer`: only what the caller may link is offered,
its `pick` narrows the choice, and where
that speaks of `this`, `this.NAME` says what the record that points holds. `ids` asks for the titles
of known records, archived ones included. `of` names the record whose transition asks: where its
question points at parts of that record, or of what that is a part of, only those are offered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import marshmallow as ma
import sqlalchemy as sa

from generator.model.entity import THIS, Entity, Field
from generator.model.text import Label
from rules.permissions import Grant
from runtime.errors import BadRequest
from runtime.messages import Incoming, Result
from runtime.operations import _asking, _columns, _reading
from runtime.runtime import Runtime
from runtime.store import choices as chosen
from runtime.store import fetch
from runtime.store.guard import system
from runtime.store.paths import Reader
from runtime.store.plan import QueryPlan

ACTION = "read"
HITS = 20


@dataclass(frozen=True)
class Call:
    """What is searched for, and on behalf of which field."""

    read: _reading.ReadCall
    field: Field | None
    this: Mapping[str, Any] | None = None
    """What its `pick` asks of the record that points; None when nobody said, as in a filter."""
    of: str = ""
    """The record whose transition asks for parts of its own."""


@dataclass(frozen=True)
class Plan:
    """A page of titles."""

    query: QueryPlan
    recent: tuple[Field, int] | None = None
    """The field that points and who asks: what they chose lately comes first."""
    of: tuple[Entity, str] | None = None
    """The record whose transition asks, and its entity."""
    nothing: bool = False
    """Nothing there may be linked by whoever asks."""


def parse(incoming: Incoming, grant: Grant, runtime: Runtime) -> Call:
    asked: Mapping[str, tuple[str, ...]] = {
        name: texts for name, texts in incoming.query.items() if name in {"q", "ids"}
    }
    read = _reading.parse_read(replace(incoming, query=asked), grant, runtime)
    entity, _, name = _asking.one(incoming.query, "for").partition(".")
    field = _asking_field(runtime, entity, name) if name else None
    if name and (field is None or field.target != incoming.entity):
        raise BadRequest(
            Label({"en": "No such field points here.", "zh": "没有指向此处的该字段。"})
        )
    of = _asking.one(incoming.query, "of") if field is not None else ""
    return Call(read, field, _this(incoming.query, field, runtime), of)


def _asking_field(runtime: Runtime, entity: str, name: str) -> Field | None:
    """Return a field of an entity, or a question: `workflow.transition.question`."""
    workflow, _, rest = name.partition(".")
    transition, _, question = rest.partition(".")
    machine = runtime.app.workflows.get(entity, {}).get(workflow)
    if not question or machine is None:
        return runtime.app.field(entity, name)
    asked = (edge.input.get(question) for edge in machine.named(transition))
    return next((one.field for one in asked if one is not None), None)


def _this(
    query: Mapping[str, tuple[str, ...]], field: Field | None, runtime: Runtime
) -> Mapping[str, Any] | None:
    """Return the stored values of `this.NAME=…`; what cannot be understood is as if empty."""
    names = field.picks_by if field is not None else ()
    if field is None or not any(f"{THIS}.{name}" in query for name in names):
        return None
    found: dict[str, Any] = {}
    for name in names:
        other = runtime.app.entities[field.entity].fields[name]
        kind = runtime.compiled.field_types[other.type]
        value = kind.from_text((query.get(f"{THIS}.{name}") or ("",))[-1], other)
        try:
            found[name] = None if value is None else kind.schema(other).deserialize(value)
        except ma.ValidationError:
            found[name] = None
    return found


def plan(call: Call, grant: Grant, runtime: Runtime) -> Plan:
    entity, nothing = runtime.app.entities[call.read.entity], False
    if call.field is not None and call.read.ids is None:
        # a filter and a title ask no field: who only reads may look for what others linked
        roles = call.read.actor.roles
        links = runtime.matrix.together(roles, entity.name, "read", "link")
        nothing, grant = links is None, links or grant
    fields = choice_fields(entity, _columns.reader(runtime, call.read.actor, grant))
    wanted = call.read.ids
    read = replace(call.read, fields=fields, limit=HITS if wanted is None else max(len(wanted), 1))
    if not read.search and entity.newest_by in grant.read:
        read = replace(read, sort=(f"-{entity.newest_by}",))
    query = _reading.plan_read(read, grant, runtime)
    pick = call.field.pick if call.field is not None else None
    if pick is not None and call.field is not None and call.field.picks_by and call.this is None:
        pick = None
    query = replace(query, where=() if pick is None else (pick,))
    if call.this is not None:
        query = query.with_values(facts={**query.facts, THIS: call.this})
    if wanted is not None:
        query = replace(query, limit=read.limit, archived="all")
    field = call.field
    if nothing:
        return Plan(query, nothing=True)
    if field is not None and call.of and entity.child_of:
        asking = runtime.app.entities[field.entity]
        if _holder(runtime, asking, entity) is not None:
            return Plan(query, of=(asking, call.of))
    if field is None or wanted is not None or read.search:
        return Plan(query)
    # what was chosen lately is asked of the field's column, which a question has not
    is_stored = runtime.app.field(field.entity, field.name) is field
    return Plan(query, (field, read.actor.id) if is_stored else None)


def execute(plan: Plan, runtime: Runtime) -> Result:
    if plan.nothing:
        return Result(plan=plan.query)
    with fetch.connection(runtime.engine) as connection:
        query = plan.query if plan.of is None else _within(connection, runtime, plan)
        page = fetch.page(connection, runtime.statements, query)
        rows = tuple(page.rows)
        if plan.recent is not None:
            rows = _recent_first(connection, plan, rows, runtime)
    return Result(rows=rows, plan=plan.query)


def _holder(runtime: Runtime, asking: Entity, part: Entity) -> Entity | None:
    """Return the entity that holds such parts: that of the record, or what it is a part of."""
    holder = part.fields[part.child_of].target
    here: Entity | None = asking
    while here is not None and here.name != holder:
        above = here.fields[here.child_of].target if here.child_of else ""
        here = runtime.app.entities.get(above)
    return here


def _within(connection: sa.Connection, runtime: Runtime, plan: Plan) -> QueryPlan:
    """Return the query for the parts of one record only."""
    assert plan.of is not None
    (here, record_id), part = plan.of, plan.query.entity
    holder = part.fields[part.child_of].target
    found = record_id
    while here.name != holder:
        table = runtime.schema.tables[here.name]
        above = sa.select(table.c[here.child_of]).where(table.c.id == found)
        found = str(connection.execute(system(above, "the whole of a part")).scalar() or "")
        here = runtime.app.entities[here.fields[here.child_of].target]
    return replace(plan.query, parent=(part.child_of, (found,)))


def _recent_first(
    connection: sa.Connection, plan: Plan, rows: tuple[Any, ...], runtime: Runtime
) -> tuple[Any, ...]:
    """Return the page with what the person chose lately in front, as far as it may be chosen."""
    assert plan.recent is not None
    field, person = plan.recent
    ids = chosen.chosen_by(connection, runtime.schema, field, person)
    if not ids:
        return rows
    found = fetch.page(connection, runtime.statements, replace(plan.query, ids=ids))
    at = [path.text for path in plan.query.paths].index("id")
    known = {str(row[at]): row for row in found.rows}
    first = tuple(known[one] for one in ids if one in known)
    return (*first, *(row for row in rows if str(row[at]) not in known))[:HITS]


def choice_fields(entity: Entity, reads: Reader) -> tuple[str, ...]:
    """Return the paths of a record's title, and of the field that tells equal titles apart."""
    titles = _columns.title_columns(entity.name, reads)
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
