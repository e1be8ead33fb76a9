"""Columns of parts in an export: `lines.amount` → the part's own plan, and its rows beside the
record's.

In: the fields somebody asked for, and pages of records. Out: rows in which a record stands once for
each of its parts, at least once; where it has parts of two kinds, the first ones share a row, the
second ones the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from runtime.messages import Incoming
from runtime.operations._asking import MAX_FIELDS, names
from runtime.operations._columns import reader, select_paths, sort_keys
from runtime.operations._including import INCLUDED_ROWS
from runtime.runtime import Runtime
from runtime.store import fetch
from runtime.store.paths import Path, unknown_field
from runtime.store.plan import Include, QueryPlan

if TYPE_CHECKING:
    from runtime.operations.export import Call


@dataclass(frozen=True)
class Parts:
    """The parts of a record that have columns."""

    include: Include
    paths: tuple[Path, ...]
    """Their columns, as paths from the record."""


def apart(
    incoming: Incoming, runtime: Runtime
) -> tuple[Mapping[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """Return the query without columns of parts, and those by the field that holds them."""
    query, actor = incoming.query, incoming.actor
    assert actor is not None
    app, catalog = runtime.app, runtime.compiled.field_types
    own: list[str] = []
    parts: dict[str, list[str]] = {}
    for text in names(query, "fields", MAX_FIELDS):
        first, _, behind = text.partition(".")
        field = app.field(incoming.entity, first)
        if behind and field is not None and catalog[field.type].relation == "children":
            parts.setdefault(first, []).append(behind)
        else:
            own.append(text)
    if not parts:
        return query, {}
    return {**query, "fields": (",".join(own or ["id"]),)}, {
        name: tuple(texts) for name, texts in parts.items()
    }


def planned(
    parts: Mapping[str, tuple[str, ...]], query: QueryPlan, call: Call, runtime: Runtime
) -> tuple[Parts, ...]:
    """Return the plans of parts, each inside the caller's own right to them.

    Raises:
        BadRequest: a column is not there, or not to be read.

    """
    actor = call.incoming.actor
    assert actor is not None
    reads = reader(runtime, actor, query.grant)
    found = []
    for name, texts in parts.items():
        holder = reads.path(query.entity.name, name).field
        grant = runtime.matrix.grant(actor.roles, holder.target, "read")
        if grant is None:
            raise unknown_field(name)
        model = runtime.app.entities[holder.target]
        plan = QueryPlan(
            entity=model,
            grant=grant,
            roles=actor.roles,
            paths=select_paths((*texts, model.child_of), (), model, reads),
            sort=sort_keys(("position",), model, reads, strict=False),
            limit=INCLUDED_ROWS,
            archived="all",
            parent=(model.child_of, ()),
        )
        paths = tuple(
            Path(f"{name}.{path.text}", (holder, *path.steps), (grant, *path.sights))
            for path in plan.paths
        )
        found.append(Parts(Include(name, plan, "children").at(query.facts), paths))
    return tuple(found)


def joined(
    connection: sa.Connection,
    runtime: Runtime,
    query: QueryPlan,
    parts: Sequence[Parts],
    rows: Sequence[Any],
) -> Sequence[Any]:
    """Return the rows of a page, each once for every part it has; as they are without parts."""
    if not parts or not rows:
        return rows
    with_parts = replace(query, includes=tuple(one.include for one in parts))
    included = fetch.includes(connection, runtime.statements, with_parts, rows)
    place = [path.text for path in query.paths].index("id")
    width = len(query.paths)
    empty = [(None,) * len(one.paths) for one in parts]
    found = []
    for row in rows:
        own = tuple(row)[:width]
        lists = [_of_record(included, one, str(own[place])) for one in parts]
        for beside in zip_longest(*lists) if any(lists) else [empty]:
            cells = [part or nothing for part, nothing in zip(beside, empty, strict=True)]
            found.append((*own, *(cell for part in cells for cell in part)))
    return found


def _of_record(
    included: Mapping[str, Mapping[str, Sequence[Any]]], parts: Parts, record_id: str
) -> list[tuple[Any, ...]]:
    found = included[parts.include.name].get(record_id, ())
    return [tuple(row)[: len(parts.paths)] for row in found]
