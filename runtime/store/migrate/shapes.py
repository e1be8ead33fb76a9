"""What a table looks like, as plain frozen values: the same picture of a database and of a model.

`reflected` draws it from a live connection, `declared` from SQLAlchemy tables. Both write types in
the dialect's own words, so that two equal pictures mean equal tables. Names of constraints are part
of the picture; the text of a check and the condition of a partial index are not, because databases
rewrite them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine.interfaces import ReflectedColumn

SAME_TYPE = {"FLOAT": "DOUBLE PRECISION"}


@dataclass(frozen=True)
class ColumnShape:
    """One column. `default` is the server's default, without casts and quotes."""

    name: str
    type: str
    nullable: bool
    default: str = ""


@dataclass(frozen=True)
class KeyShape:
    """A primary key, a unique constraint or an index: some columns in order."""

    name: str
    columns: tuple[str, ...]
    unique: bool = False


@dataclass(frozen=True)
class ForeignShape:
    """A foreign key."""

    name: str
    columns: tuple[str, ...]
    table: str
    targets: tuple[str, ...]
    on_delete: str = ""


@dataclass(frozen=True)
class TableShape:
    """A table."""

    name: str
    columns: Mapping[str, ColumnShape]
    primary: KeyShape
    uniques: tuple[KeyShape, ...] = ()
    foreigns: tuple[ForeignShape, ...] = ()
    indexes: tuple[KeyShape, ...] = ()
    checks: tuple[str, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """Return plain data, in an order that does not depend on the database."""
        return {
            "columns": {
                str(one.name): [one.type, one.nullable, one.default]
                for one in sorted(self.columns.values(), key=lambda one: one.name)
            },
            "primary": list(self.primary.columns),
            "uniques": {str(one.name): list(one.columns) for one in _by_name(self.uniques)},
            "indexes": {
                str(one.name): [*one.columns, one.unique] for one in _by_name(self.indexes)
            },
            "foreigns": {
                str(one.name): [*one.columns, one.table, *one.targets, one.on_delete]
                for one in _by_name(self.foreigns)
            },
            "checks": sorted(self.checks),
        }


Schema = Mapping[str, TableShape]


def schema_json(schema: Schema) -> dict[str, Any]:
    """Return a schema as plain data by table name."""
    return {str(name): schema[name].as_json() for name in sorted(schema)}


def fingerprint(shape: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a schema's plain data."""
    return hashlib.sha256(orjson.dumps(shape, option=orjson.OPT_SORT_KEYS)).hexdigest()


def reflected(connection: sa.Connection) -> dict[str, TableShape]:
    """Return the tables of a database, in the connection's default schema."""
    inspector = sa.inspect(connection)
    primaries = inspector.get_multi_pk_constraint()
    uniques = inspector.get_multi_unique_constraints()
    foreigns = inspector.get_multi_foreign_keys()
    indexes = inspector.get_multi_indexes()
    checks = inspector.get_multi_check_constraints()
    tables = {}
    for key, columns in inspector.get_multi_columns().items():
        primary = primaries[key]
        tables[key[1]] = TableShape(
            name=key[1],
            columns={one["name"]: _reflected_column(one, connection.dialect) for one in columns},
            primary=KeyShape(primary["name"] or "", tuple(primary["constrained_columns"])),
            uniques=tuple(
                KeyShape(one["name"] or "", tuple(one["column_names"]), True)
                for one in uniques.get(key, ())
            ),
            foreigns=tuple(
                ForeignShape(
                    one["name"] or "",
                    tuple(one["constrained_columns"]),
                    one["referred_table"],
                    tuple(one["referred_columns"]),
                    _action(one["options"].get("ondelete")),
                )
                for one in foreigns.get(key, ())
            ),
            indexes=tuple(
                KeyShape(
                    one["name"] or "",
                    tuple(name or "" for name in one["column_names"]),
                    bool(one["unique"]),
                )
                for one in indexes.get(key, ())
                if "duplicates_constraint" not in one
            ),
            checks=tuple(one["name"] or "" for one in checks.get(key, ())),
        )
    return tables


def declared(tables: Iterable[sa.Table], dialect: sa.Dialect) -> dict[str, TableShape]:
    """Return the tables of a model as the dialect will make them."""
    return {table.name: _declared_table(table, dialect) for table in tables}


def constraint_name(one: sa.Constraint | sa.Index, dialect: sa.Dialect) -> str:
    """Return the name a constraint gets in the database: by convention, shortened if too long."""
    prepare = dialect.identifier_preparer
    if isinstance(one, sa.Index):
        written = prepare.format_index(one)
    else:
        written = prepare.format_constraint(one) or ""
    return written[1:-1] if written.startswith(prepare.initial_quote) else written


def server_default(column: sa.Column[Any], dialect: sa.Dialect) -> str:
    """Return a column's server default as SQL; empty when it has none."""
    compiler = sa.schema.CreateTable(column.table).compile(dialect=dialect)
    written: str | None = compiler.get_column_default_string(column)  # type: ignore[attr-defined]
    return written or ""


def _by_name(shapes: Iterable[Any]) -> list[Any]:
    return sorted(shapes, key=lambda one: (one.name, one.columns))


def _reflected_column(column: ReflectedColumn, dialect: sa.Dialect) -> ColumnShape:
    default = str(column.get("default") or "")
    return ColumnShape(
        column["name"],
        _type(column["type"], dialect),
        bool(column["nullable"]),
        "" if default.startswith("nextval(") else _default(default),
    )


def _declared_table(table: sa.Table, dialect: sa.Dialect) -> TableShape:
    uniques, foreigns, checks = [], [], []
    for one in table.constraints:
        name = constraint_name(one, dialect)
        if isinstance(one, sa.UniqueConstraint):
            uniques.append(KeyShape(name, tuple(one.columns.keys()), True))
        elif isinstance(one, sa.ForeignKeyConstraint):
            foreigns.append(
                ForeignShape(
                    name,
                    tuple(one.column_keys),
                    one.referred_table.name,
                    tuple(element.column.name for element in one.elements),
                    _action(one.ondelete),
                )
            )
        elif isinstance(one, sa.CheckConstraint):
            checks.append(name)
    return TableShape(
        name=table.name,
        columns={one.name: _declared_column(one, dialect) for one in table.columns},
        primary=KeyShape(
            constraint_name(table.primary_key, dialect), tuple(table.primary_key.columns.keys())
        ),
        uniques=tuple(_by_name(uniques)),
        foreigns=tuple(_by_name(foreigns)),
        indexes=tuple(
            _by_name(
                KeyShape(constraint_name(one, dialect), tuple(one.columns.keys()), bool(one.unique))
                for one in table.indexes
            )
        ),
        checks=tuple(sorted(checks)),
    )


def _declared_column(column: sa.Column[Any], dialect: sa.Dialect) -> ColumnShape:
    default = ""
    if column.server_default is not None:
        default = _default(server_default(column, dialect))
    return ColumnShape(column.name, _type(column.type, dialect), bool(column.nullable), default)


def _type(kind: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> str:
    written = kind.compile(dialect=dialect)
    return SAME_TYPE.get(written, written)


def _default(written: str) -> str:
    text = re.sub(r"::[a-z ]+(\(\d+\))?$", "", written.strip())
    while text.startswith("(") and text.endswith(")"):
        text = text[1:-1].strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == "'" else text


def _action(on_delete: str | None) -> str:
    """Return what happens when the other row goes; what databases do anyway is not said."""
    action = (on_delete or "").upper()
    return "" if action == "NO ACTION" else action
