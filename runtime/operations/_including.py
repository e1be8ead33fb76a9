"""Plans of what is included: children and linked records, inside the caller's right to them."""

from __future__ import annotations

from generator.model.entity import Entity
from runtime.errors import BadRequest
from runtime.messages import Actor
from runtime.operations._columns import (
    leads_to_many,
    readable_columns,
    reader,
    select_paths,
    sort_keys,
    title_columns,
)
from runtime.runtime import Runtime
from runtime.store.paths import MAX_DEPTH, Reader, leads_too_far, through_many, unknown_field
from runtime.store.plan import Include, QueryPlan

INCLUDED_ROWS = 20_000
"""Records of one include; a page that would bring more is refused, never cut."""


def plan_includes(
    names: tuple[str, ...], entity: Entity, actor: Actor, runtime: Runtime
) -> tuple[Include, ...]:
    """Return the plans of included children and linked records, each inside its own grant.

    `lines.product` brings the lines and, inside each, the whole product.

    Raises:
        BadRequest: a name leads nowhere, too far, or to no record.

    """
    reads = reader(runtime, actor)
    asked: dict[str, list[str]] = {}
    for name in names:
        first, _, behind = name.partition(".")
        if not leads_to_many(name, entity, reads):
            if reads.catalog[reads.path(entity.name, name).field.type].relation != "reference":
                raise unknown_field(name)
            continue
        wanted = asked.setdefault(first, [])
        if behind:
            _check_behind(name, reads.path(entity.name, first).field.target, behind, reads)
            wanted.append(behind)
    found = []
    for first, wanted in asked.items():
        field = reads.path(entity.name, first).field
        relation = reads.catalog[field.type].relation
        found.append(
            include_plan(
                first, field.target, relation, entity, actor, runtime, behind=tuple(wanted)
            )
        )
    return tuple(found)


def _check_behind(name: str, target: str, behind: str, reads: Reader) -> None:
    """Refuse what leads from an included record to nothing that could come along with it."""
    if len(name.split(".")) > MAX_DEPTH:
        raise leads_too_far(name)
    try:
        path = reads.path(target, behind)
    except BadRequest:
        raise unknown_field(name) from None
    if reads.catalog[path.field.type].relation != "reference":
        raise through_many(name)
    if not reads.may_read(path.field.target):
        raise unknown_field(name)


def include_plan(
    name: str,
    target: str,
    relation: str,
    entity: Entity,
    actor: Actor,
    runtime: Runtime,
    *,
    behind: tuple[str, ...] = (),
) -> Include:
    """Return the plan of one include; its rows are limited and inside the target's own grant.

    Of the references `behind`, each row brings the whole record; of the others, the title.
    """
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
        paths=select_paths((*texts, *computed, *titles), behind, model, reads),
        sort=sort_keys(order, model, reads, strict=False),
        limit=INCLUDED_ROWS,
        archived="all",
        ids=() if relation == "references" else None,
        parent=(model.child_of, ()) if relation == "children" else None,
    )
    return Include(name, plan, relation)
