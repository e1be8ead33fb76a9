"""What the store knows of the database: the tables of the model, and how their fields relate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from generator.build.tables import NAMING, build_tables
from generator.compile import Compiled
from generator.expressions.compile import Expression
from generator.field_types import FieldType
from generator.kinds import Catalog
from generator.model.app import App


@dataclass(frozen=True)
class Schema:
    """The tables of one model; it answers what `generator/expressions/sql.py` asks."""

    app: App
    catalog: Catalog[FieldType]
    tables: Mapping[str, sa.Table]
    dialect: str

    def table(self, entity: str) -> sa.Table:
        """Return the table of an entity."""
        return self.tables[entity]

    def reference(self, entity: str, field: str) -> tuple[str, str]:
        """Return the column and the target entity of a reference."""
        return field, self.app.entities[entity].fields[field].target

    def children(self, entity: str, field: str) -> tuple[str, str]:
        """Return the child entity and its column that points back."""
        child = self.app.entities[entity].fields[field].target
        return child, self.app.entities[child].child_of

    def links(self, entity: str, field: str) -> tuple[sa.Table, str, str]:
        """Return the link table of a many-to-many field, its columns of owner and target."""
        return self.tables[f"{entity}.{field}"], "source_id", "target_id"

    def computed(self, entity: str, field: str) -> Expression:
        """Return the expression of a computed field that has no column."""
        expression = self.app.entities[entity].fields[field].computed
        if expression is None:
            raise LookupError(f"{entity}.{field} is no single value")
        return expression


def build_schema(compiled: Compiled, dialect: str, metadata: sa.MetaData | None = None) -> Schema:
    """Return the schema of a compiled folder for a dialect."""
    tables = build_tables(
        compiled.app, compiled.field_types, metadata or sa.MetaData(naming_convention=NAMING)
    )
    return Schema(compiled.app, compiled.field_types, tables, dialect)
