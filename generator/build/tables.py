"""The model → SQLAlchemy Core tables: real columns, types, constraints, foreign keys and indexes.

One table an entity, named as the entity; one link table a many-to-many field, `ENTITY__FIELD`.
Every table has the built-in columns. Constraint names follow one convention, so that a migration
can find what it must change on any database.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa

from generator.field_types import FieldType
from generator.field_types._ids import id_type
from generator.kinds import Catalog
from generator.model.app import App
from generator.model.entity import Entity, Field

NAMING = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}
ON_DELETE = {"restrict": "RESTRICT", "keep": "RESTRICT", "clear": "SET NULL", "delete": "CASCADE"}


def build_tables(
    app: App, catalog: Catalog[FieldType], metadata: sa.MetaData
) -> dict[str, sa.Table]:
    """Return the tables by entity name; link tables stand under `ENTITY.FIELD`."""
    tables: dict[str, sa.Table] = {}
    names: set[str] = set()
    for entity in app.entities.values():
        tables[entity.name] = _table(entity, _proved(entity, app), catalog, metadata, names)
        for field in entity.fields.values():
            if catalog[field.type].relation == "references":
                tables[f"{entity.name}.{field.name}"] = _link_table(entity, field, metadata)
    return tables


def link_table_name(field: Field) -> str:
    """Return the name of the table behind a many-to-many field."""
    return f"{field.entity}__{field.name}"


def has_column(field: Field, catalog: Catalog[FieldType]) -> bool:
    """Return whether a field is kept in a column of its entity's own table."""
    if field.computed is not None and not field.stored:
        return False
    return catalog[field.type].relation not in {"children", "references"}


def _proved(entity: Entity, app: App) -> tuple[str, ...]:
    """Return the references of an entity that need no foreign key of their own.

    What belongs to a balance repeats its key, and the balance has the foreign keys: asking again
    for every entry would be a seventh of what a post costs the database.
    """
    is_part = bool(entity.ledger) and entity.name != entity.ledger
    return app.entities[entity.ledger].key if is_part and "balance" in entity.fields else ()


def _table(
    entity: Entity,
    proved: Collection[str],
    catalog: Catalog[FieldType],
    metadata: sa.MetaData,
    names: set[str],
) -> sa.Table:
    items: list[Any] = []
    for field in entity.fields.values():
        if has_column(field, catalog):
            items.append(_column(field, catalog[field.type], is_proved=field.name in proved))
    return sa.Table(entity.table, metadata, *items, *_constraints(entity, catalog, names))


def _column(field: Field, kind: FieldType, *, is_proved: bool) -> sa.Column[Any]:
    keys: list[Any] = []
    if kind.relation == "reference" and not is_proved:
        keys.append(
            sa.ForeignKey(
                f"{field.target}.id", ondelete=ON_DELETE[field.args.get("on_delete") or "restrict"]
            )
        )
    return sa.Column(
        field.name,
        kind.column(field),
        *keys,
        primary_key=field.name == "id",
        nullable=not field.required and field.name != "id",
    )


def _constraints(entity: Entity, catalog: Catalog[FieldType], names: set[str]) -> Iterable[Any]:
    """Return unique constraints and indexes, each set of columns only once."""
    taken: set[tuple[str, ...]] = {("id",)}
    unique = [(f.name,) for f in entity.fields.values() if f.unique] + list(entity.unique)
    if entity.key:
        unique.append(entity.key)
    for columns in unique:
        if columns not in taken and _all_columns(entity, columns, catalog):
            taken.add(columns)
            yield sa.UniqueConstraint(*columns, name=_own_name("uq", entity, columns, names))
    indexed = [*entity.indexes, ("created_at", "id")]
    indexed += [("updated_at",)] if entity.newest_by == "updated_at" else []
    indexed += [
        (field.name,)
        for field in entity.fields.values()
        if field.index or catalog[field.type].relation == "reference"
    ]
    for columns in indexed:
        if columns not in taken and _all_columns(entity, columns, catalog):
            taken.add(columns)
            yield sa.Index(_own_name("ix", entity, columns, names), *columns)


def _own_name(kind: str, entity: Entity, columns: tuple[str, ...], names: set[str]) -> str | None:
    """Return a name of its own for what another table's usual name is taken by; mostly None.

    `order_payment.status` and `order.payment_status` would both be `ix_order_payment_status`, and
    a database has one index of a name.
    """
    usual = "_".join((kind, entity.table, *columns))
    if usual not in names:
        names.add(usual)
        return None
    return f"{kind}_{entity.table}__{'_'.join(columns)}"


def _all_columns(entity: Entity, columns: tuple[str, ...], catalog: Catalog[FieldType]) -> bool:
    return all(
        name in entity.fields and has_column(entity.fields[name], catalog) for name in columns
    )


def _link_table(entity: Entity, field: Field, metadata: sa.MetaData) -> sa.Table:
    return sa.Table(
        link_table_name(field),
        metadata,
        sa.Column(
            "source_id",
            id_type(),
            sa.ForeignKey(f"{entity.table}.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column(
            "target_id",
            id_type(),
            sa.ForeignKey(f"{field.target}.id", ondelete="CASCADE"),
            primary_key=True,
            index=True,
        ),
        sa.Column("position", sa.Integer(), nullable=False),
    )
