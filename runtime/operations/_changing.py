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

CHILDREN = 10_000


def load(work: Work, entity: Entity, record_id: str, grant: Grant) -> Facts:
    """Return every stored value of a record and its children; the record is locked.

    Raises:
        NotFound: there is none, or the caller may not reach it.

    """
    rows = _rows(work, entity, grant, ids=(record_id,), lock="update")
    if not rows:
        raise not_found()
    facts = rows[0]
    for field in entity.fields.values():
        if field.type == "children":
            child = work.runtime.app.entities[field.target]
            facts[field.name] = _rows(
                work, child, system_grant(child.name), parent=(child.child_of, (record_id,))
            )
    return facts


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
        limit=CHILDREN if parent else 1,
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
