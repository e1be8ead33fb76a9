"""Plans of what is included: children and linked records, inside the caller's right to them."""

from __future__ import annotations

from generator.model.entity import Entity
from runtime.messages import Actor
from runtime.operations._columns import (
    readable_columns,
    reader,
    select_paths,
    sort_keys,
    title_columns,
)
from runtime.runtime import Runtime
from runtime.store.paths import unknown_field
from runtime.store.plan import Include, QueryPlan

INCLUDED_ROWS = 20_000
"""Records of one include; a page that would bring more is refused, never cut."""


def plan_includes(
    names: tuple[str, ...], entity: Entity, actor: Actor, runtime: Runtime
) -> tuple[Include, ...]:
    """Return the plans of included children and linked records, each inside its own grant."""
    reads = reader(runtime, actor)
    found = []
    for name in names:
        path = reads.path(entity.name, name)
        relation = reads.catalog[path.field.type].relation
        if relation == "reference":
            continue
        if relation not in {"children", "references"} or path.parents:
            raise unknown_field(name)
        found.append(include_plan(name, path.field.target, relation, entity, actor, runtime))
    return tuple(found)


def include_plan(
    name: str, target: str, relation: str, entity: Entity, actor: Actor, runtime: Runtime
) -> Include:
    """Return the plan of one include; its rows are limited and inside the target's own grant."""
    reads = reader(runtime, actor)
    grant = runtime.matrix.grant(actor.roles, target, "read")
    if grant is None:
        raise unknown_field(name)
    model = runtime.app.entities[target]
    texts = readable_columns(target, reads)
    computed = tuple(
        f.name
        for f in model.fields.values()
        if f.computed and not f.stored and f.name in grant.read
    )
    titles = tuple(
        f"{field.name}.{inner}"
        for field in model.fields.values()
        if reads.catalog[field.type].relation == "reference"
        and field.name in texts
        and field.target != entity.name
        and reads.may_read(field.target)
        for inner in title_columns(field.target, reads)
        if "." not in inner
    )
    order = ("position",) if relation == "children" else model.list.sort
    plan = QueryPlan(
        entity=model,
        grant=grant,
        roles=actor.roles,
        paths=select_paths((*texts, *computed, *titles), (), model, reads),
        sort=sort_keys(order, model, reads, strict=False),
        limit=INCLUDED_ROWS,
        archived="all",
        ids=() if relation == "references" else None,
        parent=(model.child_of, ()) if relation == "children" else None,
    )
    return Include(name, plan, relation)
