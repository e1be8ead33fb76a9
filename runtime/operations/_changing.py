"""Loading a record in order to change it: inside the caller's grant, at the version they read."""

from __future__ import annotations

from generator.build.tables import has_column
from generator.model.entity import Entity
from generator.model.text import Label
from rules.permissions import Grant
from runtime.errors import Stale, VersionRequired
from runtime.operations._references import Facts, system_grant
from runtime.operations._saving import Work
from runtime.operations.read import not_found
from runtime.runtime import Runtime
from runtime.store.paths import Path
from runtime.store.plan import QueryPlan, Sort
from runtime.store.rows import RowFunction, facts_function

MOST_ROWS = 10_000_000
"""A bound that no batch reaches: every child of every record of it must be seen."""


def load(work: Work, entity: Entity, record_id: str, grant: Grant) -> Facts:
    """Return every stored value of a record and its children; the record is locked.

    Raises:
        NotFound: there is none, or the caller may not reach it.

    """
    found = load_many(work, entity, (record_id,), grant)
    if not found:
        raise not_found()
    return found[record_id]


def load_many(work: Work, entity: Entity, ids: tuple[str, ...], grant: Grant) -> dict[str, Facts]:
    """Return every stored value of records and their children, by id.

    One statement for the records and one for each kind of children; what is not there or not to be
    reached is left out.
    """
    found = {str(row["id"]): row for row in _rows(work, entity, grant, ids=ids, lock="update")}
    for field in entity.fields.values():
        if field.type != "children" or not found:
            continue
        child = work.runtime.app.entities[field.target]
        for facts in found.values():
            facts[field.name] = []
        for row in _rows(
            work, child, system_grant(child.name), parent=(child.child_of, tuple(found))
        ):
            found[str(row[child.child_of])][field.name].append(row)
    return found


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
    )
    return plan, facts_function(paths, catalog)


def require_version(version: int | None) -> int:
    """Return the version the caller read.

    Raises:
        VersionRequired: they did not say.

    """
    if version is None:
        raise VersionRequired(
            Label(
                {
                    "en": 'Send the version you read, as If-Match: "3".',
                    "zh": '请用 If-Match: "3" 指明读取到的版本。',
                }
            )
        )
    return version


def same_version(before: Facts, version: int) -> None:
    """Refuse a change that was made on an older version.

    Raises:
        Stale: the record has another version; it says which.

    """
    if before["version"] != version:
        raise stale(before["version"])


def stale(current: int | None = None) -> Stale:
    """Refuse a change that somebody else overtook."""
    message = Label(
        {
            "en": "Somebody changed this record after you read it.",
            "zh": "您读取之后，该记录已被其他人修改。",
        }
    )
    return Stale(message, version=current)
