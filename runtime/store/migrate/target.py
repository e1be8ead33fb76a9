"""The tables a database shall have: FAB's for users and roles, the engine's own, one per entity.

All stand in one MetaData with one naming convention, so that a foreign key may lead anywhere and
every constraint has a name a later plan can find. FAB's tables are copies without their sequences:
an integer key of PostgreSQL brings its own, under the same name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import sqlalchemy as sa

from generator.build.tables import NAMING, build_tables, has_column, link_table_name
from generator.compile import Compiled
from generator.model.entity import Entity, Field
from runtime.store.migrate.shapes import Schema, declared
from runtime.store.system_tables import PREFIX, SystemTables, system_tables

LOGIN_PREFIX = "ab_"


@dataclass(frozen=True)
class Target:
    """What a database shall hold for these definitions."""

    compiled: Compiled
    metadata: sa.MetaData
    system: SystemTables
    dialect: sa.Dialect

    @cached_property
    def schema(self) -> Schema:
        """The picture of all tables."""
        return declared(self.metadata.tables.values(), self.dialect)

    @cached_property
    def entities(self) -> Mapping[str, Entity]:
        """The entities by the name of their table."""
        return {entity.table: entity for entity in self.compiled.app.entities.values()}

    @cached_property
    def links(self) -> Mapping[str, Field]:
        """The many-to-many fields by the name of their link table."""
        return {
            link_table_name(field): field
            for entity in self.compiled.app.entities.values()
            for field in entity.fields.values()
            if self.compiled.field_types[field.type].relation == "references"
        }

    def field(self, table: str, column: str) -> Field | None:
        """Return the field kept in a column, or None when no field is."""
        entity = self.entities.get(table)
        field = entity.fields.get(column) if entity else None
        return field if field and has_column(field, self.compiled.field_types) else None


_last: dict[str, Target] = {}
"""By kind of database, the one made last: a plan, carrying it out and looking at what is left want
the same tables, and making fifty of them takes longer than the rest."""


def build_target(compiled: Compiled, dialect: sa.Dialect) -> Target:
    """Return the tables these definitions ask for on this kind of database."""
    known = _last.get(dialect.name)
    if known is None or known.compiled is not compiled:
        known = _last[dialect.name] = _make(compiled, dialect)
    return known


def _make(compiled: Compiled, dialect: sa.Dialect) -> Target:
    metadata = sa.MetaData(naming_convention=NAMING)
    _login_tables(metadata)
    system = system_tables(metadata)
    build_tables(compiled.app, compiled.field_types, metadata)
    return Target(compiled, metadata, system, dialect)


def is_ours(table: str) -> bool:
    """Return whether a table belongs to the login or the engine, not to an entity."""
    return table.startswith((LOGIN_PREFIX, PREFIX))


def _login_tables(metadata: sa.MetaData) -> None:
    # commands that plan nothing start without it, in two thirds of the time
    from flask_appbuilder.security.sqla.models import User  # noqa: PLC0415

    for table in User.metadata.sorted_tables:
        if table.name.startswith(LOGIN_PREFIX):
            for column in table.to_metadata(metadata).columns:
                if isinstance(column.default, sa.Sequence):
                    column.default = None
