"""Who points at a record: what stands in the way of its deletion, and what goes with it."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from generator.model.app import App
from generator.model.entity import Entity, Field
from runtime.runtime import Runtime
from runtime.store.guard import system


@dataclass(frozen=True)
class Dependant:
    """Records of one entity that point at a record by one field."""

    entity: Entity
    field: Field
    count: int

    @property
    def consequence(self) -> str:
        """restrict, keep, clear or delete: what their reference says."""
        return consequence(self.field)


def consequence(field: Field) -> str:
    """Return what a reference says of the end of its target: restrict, keep, clear, delete."""
    if field.type == "references":
        return "clear"
    return str(field.args.get("on_delete") or "restrict")


def pointing_at(app: App, entity: Entity) -> tuple[Field, ...]:
    """Return every reference and many-to-many field that leads to an entity."""
    return tuple(
        field
        for other in app.entities.values()
        for field in other.fields.values()
        if field.args.get("to") == entity.name
    )


def count(
    connection: sa.Connection, runtime: Runtime, entity: Entity, record_id: str
) -> tuple[Dependant, ...]:
    """Return what points at a record: one statement, whatever the rows."""
    fields = pointing_at(runtime.app, entity)
    if not fields:
        return ()
    counts = sa.select(*(_counting(runtime, field, record_id) for field in fields))
    found = connection.execute(system(counts, "dependants")).one()
    return tuple(
        Dependant(runtime.app.entities[field.entity], field, int(number))
        for field, number in zip(fields, found, strict=True)
        if number
    )


def blocking(
    connection: sa.Connection, runtime: Runtime, entity: Entity, record_id: str
) -> tuple[Dependant, ...]:
    """Return what forbids the record to go."""
    refusing = {"restrict"} if entity.archive else {"restrict", "keep"}
    return tuple(
        one for one in count(connection, runtime, entity, record_id) if one.consequence in refusing
    )


def _counting(runtime: Runtime, field: Field, record_id: str) -> sa.ScalarSelect[int]:
    other = runtime.app.entities[field.entity]
    if field.type == "references":
        link = runtime.schema.tables[f"{field.entity}.{field.name}"]
        return sa.select(sa.func.count()).where(link.c.target_id == record_id).scalar_subquery()
    table = runtime.schema.tables[field.entity]
    statement = sa.select(sa.func.count()).where(table.c[field.name] == record_id)
    if other.archive:
        statement = statement.where(table.c.archived_at.is_(None))
    return statement.scalar_subquery()
