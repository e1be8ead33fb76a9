"""Records of every kind at once, for one person: found by what they typed, or named by their ids.

Comes in: an actor and a text, or ids by entity. Goes out: rows with the plan that says what they
are. It stays quick on large tables because it asks only what an index answers: keys and other
indexed fields that are equal to the text or begin with it; parts of texts are looked for among the
records last changed. Every plan is made from the caller's own grant, and all of them together are
one statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from generator.field_types._ids import WRITTEN
from generator.model.entity import Entity
from rules.permissions import Grant
from runtime.messages import Actor, Incoming
from runtime.operations import _asking, _columns, _reading
from runtime.operations.choices import choice_fields
from runtime.runtime import Runtime
from runtime.store import fetch
from runtime.store.filters import Clause
from runtime.store.paths import Path, Reader
from runtime.store.plan import QueryPlan
from runtime.store.together import fetch_together

NEWEST = 500
"""Records of an entity, the last changed, in which a part of a text is looked for."""
SHORTEST = 2
"""Characters of such a part; a Chinese name has no more."""
INDEXED_TYPES = {"sequence", "code", "text", "email", "phone"}
EXACT, BEGINS, PART = 0, 1, 2
"""How well a record fits, best first."""


@dataclass(frozen=True, slots=True)
class Found:
    """One record and how its row is read."""

    entity: Entity
    plan: QueryPlan
    row: Any
    fit: int = EXACT

    @property
    def id(self) -> str:
        """The record's id."""
        return str(self.row[[path.text for path in self.plan.shown].index("id")])


def find(
    runtime: Runtime, actor: Actor, text: str, entities: Iterable[Entity], most: int
) -> dict[str, tuple[Found, ...]]:
    """Return the records of each entity that fit a text, at most `most` of each, best first."""
    asked: list[tuple[int, QueryPlan]] = []
    for entity in entities:
        base = _base(runtime, actor, entity, "list")
        if base is not None and entity.list.search:
            asked += _ways(runtime, base, text, most)
    found: dict[str, dict[str, Found]] = {}
    for (fit, plan), rows in _fetch(runtime, asked):
        mine = found.setdefault(plan.entity.name, {})
        for row in rows:
            one = Found(plan.entity, plan, row, fit)
            if one.id not in mine or mine[one.id].fit > fit:
                mine[one.id] = one
    return {
        name: tuple(sorted(mine.values(), key=lambda one: one.fit)[:most])
        for name, mine in found.items()
        if mine
    }


def named(
    runtime: Runtime, actor: Actor, wanted: Mapping[str, Iterable[str]]
) -> dict[tuple[str, str], Found]:
    """Return the records of these ids that the actor may read, by entity and id.

    Archived ones are among them; what may not be read is as if it were not there.
    """
    asked: list[tuple[int, QueryPlan]] = []
    for name, given in wanted.items():
        ids = tuple(one for one in dict.fromkeys(given) if WRITTEN.fullmatch(one))
        entity = runtime.app.entities.get(name)
        base = _base(runtime, actor, entity, "read") if entity is not None and ids else None
        if base is not None:
            some = ids[: _asking.MAX_PAGE]
            asked.append((EXACT, replace(base, ids=some, archived="all", limit=len(some))))
    return {
        (plan.entity.name, one.id): one
        for (fit, plan), rows in _fetch(runtime, asked)
        for row in rows
        for one in (Found(plan.entity, plan, row, fit),)
    }


def _fetch(
    runtime: Runtime, asked: list[tuple[int, QueryPlan]]
) -> Iterable[tuple[tuple[int, QueryPlan], list[Any]]]:
    if not asked:
        return ()
    plans = [plan for _, plan in asked]
    with fetch.connection(runtime.engine) as connection:
        rows = fetch_together(connection, runtime.statements, plans)
    return zip(asked, rows, strict=True)


def _base(runtime: Runtime, actor: Actor, entity: Entity, action: str) -> QueryPlan | None:
    """Return the plan of an entity's titles within the actor's grant; None without one."""
    grant = runtime.matrix.grant(actor.roles, entity.name, action)
    if grant is None:
        return None
    query = title_query(runtime, actor, entity, grant)
    call = _reading.parse_read(Incoming(action, entity.name, actor, query=query), grant, runtime)
    plan = _reading.plan_read(call, grant, runtime)
    return replace(plan, paths=plan.shown, hidden=0, sort=())


def title_query(
    runtime: Runtime, actor: Actor, entity: Entity, grant: Grant
) -> Mapping[str, tuple[str, ...]]:
    """Return the query for what a line of a record shows."""
    reads = _columns.reader(runtime, actor, grant)
    fields = choice_fields(entity, reads)
    kept = [name for name in fields if reads.is_column(reads.path(entity.name, name))]
    return {"fields": (",".join(("id", *kept)),)}


def _ways(
    runtime: Runtime, base: QueryPlan, text: str, most: int
) -> Iterable[tuple[int, QueryPlan]]:
    """Return the plans that look for a text in one entity."""
    catalog = runtime.compiled.field_types
    reads = Reader(runtime.app, catalog, runtime.matrix, base.roles, base.grant)
    paths = _columns.search_paths(base.entity, reads)
    for path in paths:
        if path.parents or not _is_indexed(base.entity, path):
            continue
        starts = catalog[path.field.type].beginnings(text, path.field)
        if not starts:
            continue
        yield (
            EXACT,
            replace(base, clauses=(Clause(path, "in", tuple(dict.fromkeys(starts))),), limit=most),
        )
        for start in starts:
            yield BEGINS, replace(base, clauses=(Clause(path, "begins", (start,)),), limit=most)
    if paths and len(text) >= SHORTEST:
        yield PART, replace(base, search=text, search_paths=paths, newest=NEWEST, limit=most)


def _is_indexed(entity: Entity, path: Path) -> bool:
    field = path.field
    if field.type not in INDEXED_TYPES:
        return False
    leading = {columns[0] for columns in (entity.key, *entity.unique, *entity.indexes) if columns}
    return field.unique or field.index or field.name in leading
