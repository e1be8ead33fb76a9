"""Loading a record in order to change it: inside the caller's grant, at the version they read."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from generator.build.needs import Needs
from generator.build.tables import has_column
from generator.model.entity import Entity
from rules.permissions import Grant
from runtime.operations import _rights
from runtime.operations._work import Draft, Facts, Work
from runtime.runtime import Runtime
from runtime.store import links
from runtime.store.guard import system_grant
from runtime.store.paths import Path
from runtime.store.plan import QueryPlan, Sort
from runtime.store.rows import RowFunction, facts_function

MOST_ROWS = 10_000_000
"""A bound that no batch reaches: every child of every record of it must be seen."""


def load(
    work: Work,
    entity: Entity,
    record_id: str,
    grant: Grant,
    lock: str = "update",
    unread: frozenset[str] = frozenset(),
) -> Facts:
    """Return every stored value of a record and its children, but the `unread`; it is locked.

    Raises:
        NotFound: there is none, or the caller may not reach it.
        Forbidden: they may read it, but it is outside their right to change.

    """
    found = load_many(work, entity, (record_id,), grant, lock, unread)
    if not found:
        raise _rights.missing(work, entity, record_id, grant)
    return found[record_id]


def load_many(
    work: Work,
    entity: Entity,
    ids: tuple[str, ...],
    grant: Grant,
    lock: str = "update",
    unread: frozenset[str] = frozenset(),
) -> dict[str, Facts]:
    """Return every stored value of records and their children, by id.

    One statement for the records and one for each kind of children; what is not there or not to be
    reached is left out.
    """
    found = {str(row["id"]): row for row in _rows(work, entity, grant, ids=ids, lock=lock)}
    _add_parts(work, entity, found, unread)
    _add_links(work, entity, found)
    return found


def unread_parts(work: Work, entity: Entity, changed: Collection[str]) -> frozenset[str]:
    """Return the parts that need not be read for a change of these fields."""
    return spared(work.needs[entity.name], changed)


def spared(needs: Needs, changed: Collection[str]) -> frozenset[str]:
    """Return the parts that need not be read for a change of these fields."""
    return frozenset(
        name
        for name, inputs in needs.spared.items()
        if name not in changed and inputs.isdisjoint(changed)
    )


def _add_parts(
    work: Work, entity: Entity, found: dict[str, Facts], unread: frozenset[str] = frozenset()
) -> None:
    """Add the parts of records with their own parts, one statement a kind of them."""
    for field in entity.fields.values():
        if field.type != "children" or field.name in unread or not found:
            continue
        child = work.runtime.app.entities[field.target]
        for facts in found.values():
            facts[field.name] = []
        for row in _children(work, child, tuple(found)):
            found[str(row[child.child_of])][field.name].append(row)


def _children(work: Work, entity: Entity, parents: tuple[str, ...]) -> list[Facts]:
    """Return the parts of records with their own parts."""
    rows = _rows(work, entity, system_grant(entity.name), parent=(entity.child_of, parents))
    found = {str(row["id"]): row for row in rows}
    _add_parts(work, entity, found)
    _add_links(work, entity, found)
    return rows


def _add_links(work: Work, entity: Entity, found: dict[str, Facts]) -> None:
    """Add the many-to-many fields that some formula or check reads."""
    for name in work.needs[entity.name].links if found else ():
        linked = links.of_records(
            work.connection, work.runtime.schema, entity.name, name, tuple(found)
        )
        for record_id, targets in linked.items():
            found[record_id][name] = targets


def forget_same_links(work: Work, drafts: Sequence[Draft]) -> None:
    """Take many-to-many fields that are as they were out of the drafts; one statement a field."""
    by_field: dict[tuple[str, str], list[Draft]] = {}
    for root in drafts:
        for draft in root.everyone():
            for name in draft.linked:
                if not draft.is_new and name not in draft.unseen:
                    by_field.setdefault((draft.entity.name, name), []).append(draft)
    for (entity, name), some in by_field.items():
        ids = [str(draft.facts["id"]) for draft in some]
        before = links.of_records(work.connection, work.runtime.schema, entity, name, ids)
        for draft in some:
            was = before[str(draft.facts["id"])]
            if was == draft.linked[name]:
                del draft.linked[name]
            else:
                draft.was_linked[name] = was


def _rows(
    work: Work,
    entity: Entity,
    grant: Grant,
    ids: tuple[str, ...] | None = None,
    parent: tuple[str, tuple[str, ...]] | None = None,
    lock: str = "",
) -> list[Facts]:
    actor, runtime = work.incoming.actor, work.runtime
    assert actor is not None
    known = ("load", entity.name, grant.key, actor.roles, parent and parent[0], lock)
    plan, make = runtime.remembered.get(
        known, lambda: _whole(entity, grant, actor.roles, runtime, ids, parent, lock)
    )
    plan = plan.with_values(ids=ids, parent=parent, facts=work.context)
    found = runtime.statements.page(plan).rows(work.connection, runtime.statements.values(plan))
    return [make(row) for row in found]


def _whole(
    entity: Entity,
    grant: Grant,
    roles: frozenset[str],
    runtime: Runtime,
    ids: tuple[str, ...] | None,
    parent: tuple[str, tuple[str, ...]] | None,
    lock: str,
) -> tuple[QueryPlan, RowFunction]:
    """Return the plan of every column of records, and the function that makes facts of a row."""
    catalog = runtime.compiled.field_types
    paths = tuple(
        Path(field.name, (field,)) for field in entity.fields.values() if has_column(field, catalog)
    )
    order = ("position", "id") if parent else ("id",)
    plan = QueryPlan(
        entity=entity,
        grant=grant,
        roles=roles,
        paths=paths,
        sort=tuple(Sort(Path(name, (entity.fields[name],)), descending=False) for name in order),
        limit=MOST_ROWS,
        archived="all",
        ids=ids,
        parent=parent,
        lock=lock,
        for_engine=True,
    )
    return plan, facts_function(paths, catalog)
