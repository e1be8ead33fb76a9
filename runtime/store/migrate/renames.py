"""`renamed_from` of entities and fields: which table and column of the database becomes which.

A rename is carried out once: when the database has the old name and not the new one. A definition
may therefore keep its `renamed_from` for as long as older databases are about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from generator.model.entity import Entity
from runtime.store.migrate.shapes import ForeignShape, KeyShape, Schema, TableShape
from runtime.store.migrate.target import Target


@dataclass(frozen=True)
class Renames:
    """Old names by new names."""

    tables: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """By new table and new column."""

    def old_column(self, table: str, column: str) -> str:
        """Return what a column is called now in the database."""
        return self.columns.get((table, column), column)

    def old_table(self, table: str) -> str:
        """Return what a table is called now in the database."""
        return self.tables.get(table, table)


def find_renames(target: Target, current: Schema, undone: Renames) -> Renames:
    """Return the renames that this database needs: those declared, and those a rollback undoes."""
    tables = {
        new: old
        for new, old in undone.tables.items()
        if new in target.schema and new not in current and old in current
    }
    for entity in target.entities.values():
        old = entity.renamed_from
        if old and entity.table not in current and old in current:
            tables[entity.table] = old
    for table, old in _link_renames(target, current):
        tables[table] = old
    columns: dict[tuple[str, str], str] = {}
    for entity in target.entities.values():
        shape = current.get(tables.get(entity.table, entity.table))
        if shape is None:
            continue
        wanted = [
            (new, old) for (table, new), old in undone.columns.items() if table == entity.table
        ]
        for new, old in [*wanted, *_column_renames(entity, target)]:
            wanted_now = new in target.schema[entity.table].columns and new not in shape.columns
            if wanted_now and old in shape.columns:
                columns.setdefault((entity.table, new), old)
    return Renames(tables, columns)


def undo(done: Iterable[Renames]) -> Renames:
    """Return the renames back, from those carried out, the latest first."""
    tables: dict[str, str] = {}
    columns: dict[tuple[str, str], str] = {}
    for one in done:
        for (table, new), old in one.columns.items():
            columns[table, old] = columns.pop((table, new), new)
        for new, old in one.tables.items():
            tables[old] = tables.pop(new, new)
            for table, name in [key for key in columns if key[0] == new]:
                columns[old, name] = columns.pop((table, name))
    return Renames(tables, columns)


def renames_json(renames: Renames) -> dict[str, Any]:
    """Return renames as plain data."""
    columns = [[table, new, old] for (table, new), old in renames.columns.items()]
    return {"tables": dict(renames.tables), "columns": columns}


def renames_from_json(kept: Mapping[str, Any]) -> Renames:
    """Return what `renames_json` made plain."""
    return Renames(kept["tables"], {(table, new): old for table, new, old in kept["columns"]})


def renamed(current: Schema, renames: Renames) -> dict[str, TableShape]:
    """Return the picture of the database as it is once tables and columns have their new names."""
    new_tables = {old: new for new, old in renames.tables.items()}
    new_columns = {(table, old): new for (table, new), old in renames.columns.items()}

    def columns(table: str, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(new_columns.get((table, name), name) for name in names)

    def key(table: str, one: KeyShape) -> KeyShape:
        return replace(one, columns=columns(table, one.columns))

    def foreign(table: str, one: ForeignShape) -> ForeignShape:
        to = new_tables.get(one.table, one.table)
        return replace(
            one,
            columns=columns(table, one.columns),
            table=to,
            targets=columns(to, one.targets),
        )

    after = {}
    for old, shape in current.items():
        table = new_tables.get(old, old)
        named = zip(columns(table, shape.columns), shape.columns.values(), strict=True)
        after[table] = TableShape(
            name=table,
            columns={name: replace(column, name=name) for name, column in named},
            primary=key(table, shape.primary),
            uniques=tuple(key(table, one) for one in shape.uniques),
            foreigns=tuple(foreign(table, one) for one in shape.foreigns),
            indexes=tuple(key(table, one) for one in shape.indexes),
            checks=shape.checks,
        )
    return after


def _column_renames(entity: Entity, target: Target) -> Iterator[tuple[str, str]]:
    for one in entity.fields.values():
        if one.renamed_from and target.field(entity.table, one.name):
            yield one.name, one.renamed_from
    parent = target.compiled.app.entities.get(entity.child_of)
    if parent is not None and parent.renamed_from:
        # The link to a parent is named after it.
        yield parent.name, parent.renamed_from


def _link_renames(target: Target, current: Schema) -> Iterator[tuple[str, str]]:
    for table, one in target.links.items():
        entity = target.compiled.app.entities[one.entity]
        for owner in (entity.renamed_from, entity.table):
            for name in (one.renamed_from, one.name):
                old = f"{owner}__{name}"
                if owner and name and table not in current and old in current:
                    yield table, old
                    return
