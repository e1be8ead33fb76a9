"""Records that are promotions, read as they stand now: drafts too, which no price looks at yet.

Comes in: an entity and an id, or the name that rule sets know. Goes out: the promotion as it is
written, None where there is none. One statement for the record and one for each list of its parts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from generator.field_types._ids import WRITTEN
from generator.model.entity import Entity
from rules.pricing.rows import Composed
from runtime.messages import Actor
from runtime.operations import _offers, _reading
from runtime.runtime import Runtime
from runtime.store.filters import Clause
from runtime.store.guard import system_grant
from runtime.store.paths import Path
from runtime.store.plan import QueryPlan
from runtime.store.rows import facts_function

MOST_PARTS = 10_000
READER = Actor(0, "rule sets", frozenset(), kind="system")
Facts = dict[str, Any]


def called(connection: sa.Connection, runtime: Runtime, name: str) -> Composed | None:
    """Return the promotion that is called `entity:key`, or `entity:id`."""
    entity_name, _, key = name.partition(":")
    entity = runtime.app.entities.get(entity_name)
    if entity is None or entity.promotion is None or not key:
        return None
    if WRITTEN.fullmatch(key):
        return of_record(connection, runtime, entity_name, key)
    if len(entity.key) != 1:
        return None
    clause = Clause(_path(runtime, entity, entity.key[0]), "eq", (key,))
    plan = _plan(runtime, entity, ["id"]).with_values(clauses=(clause,))
    rows = runtime.statements.page(plan).rows(connection, runtime.statements.values(plan))
    return of_record(connection, runtime, entity_name, str(rows[0][0])) if rows else None


def of_record(
    connection: sa.Connection, runtime: Runtime, entity_name: str, record_id: str
) -> Composed | None:
    """Return the promotion that a record is."""
    entity = runtime.app.entities[entity_name]
    if entity.promotion is None:
        return None
    own: list[str] = ["id", *entity.key]
    parts: dict[str, list[str]] = {}
    for path in entity.promotion.paths:
        first = entity.fields.get(path[0])
        if first is not None and first.type == "children":
            parts.setdefault(path[0], []).append(".".join(path[1:]))
        else:
            own.append(".".join(path))
    plan = _plan(runtime, entity, own)
    found = _facts(connection, runtime, plan.with_values(ids=(record_id,)))
    if not found:
        return None
    seen = found[0]
    for name, texts in parts.items():
        part = runtime.app.entities[entity.fields[name].target]
        plan = _plan(runtime, part, ["id", *texts], MOST_PARTS)
        plan = plan.with_values(parent=(part.child_of, (record_id,)))
        seen[name] = _facts(connection, runtime, plan)
    return _offers.composed(runtime, entity, seen, _reading.context(runtime, READER))


def _facts(connection: sa.Connection, runtime: Runtime, plan: QueryPlan) -> list[Facts]:
    selection = runtime.statements.page(plan)
    make = facts_function(plan.paths, runtime.compiled.field_types)
    places = [selection.position[path.text] for path in plan.paths]
    rows = selection.rows(connection, runtime.statements.values(plan))
    return [make([row[place] for place in places]) for row in rows]


def _plan(
    runtime: Runtime, entity: Entity, texts: Iterable[str], limit: int = 1
) -> QueryPlan:  # fmt: skip
    return QueryPlan(
        entity=entity,
        grant=system_grant(entity.name),
        roles=frozenset(),
        paths=tuple(_path(runtime, entity, text) for text in dict.fromkeys(texts)),
        limit=limit,
        facts=_reading.context(runtime, READER),
        for_engine=True,
    )


def _path(runtime: Runtime, entity: Entity, text: str) -> Path:
    steps = runtime.app.walk(entity.name, text)
    assert steps is not None, text
    return Path(text, steps)
