"""Changes in, the SQL of one database out, in an order that works.

Alembic's operations write the statements (in its offline mode, so nothing runs here). PostgreSQL
alters in place. SQLite can only rename, add an optional column and make indexes; a table that needs
more is copied into a new one that takes its place, as Alembic's batch mode does, but once for all
changes of the table and with our own conversions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.schema import AddConstraint, CreateIndex, CreateTable, sort_tables_and_constraints

from runtime.store.migrate import changes as ch
from runtime.store.migrate.convert import conversion
from runtime.store.migrate.defaults import backfill
from runtime.store.migrate.shapes import TableShape, constraint_name, server_default
from runtime.store.migrate.target import Target

ORDER: tuple[type[ch.Change], ...] = (
    ch.RenameTable,
    ch.RenameColumn,
    ch.DropForeign,
    ch.DropCheck,
    ch.DropKey,
    ch.DropTable,
    ch.DropColumn,
    ch.RenameKey,
    ch.CreateTable,
    ch.AddColumn,
    ch.ConvertColumn,
    ch.ReplaceColumn,
    ch.SetNullable,
    ch.SetDefault,
    ch.SetPrimary,
    ch.AddKey,
    ch.AddCheck,
    ch.AddForeign,
)
LIGHT = (ch.RenameTable, ch.RenameColumn, ch.CreateTable, ch.DropTable)
"""What SQLite does without copying a table."""

COPY = "sw_copy_of_"


@dataclass(frozen=True)
class Work:
    """A change and the statements that carry it out; none when a later copy of the table does."""

    change: ch.Change
    sql: tuple[str, ...]


def write_sql(
    changes: Sequence[ch.Change], target: Target, current: dict[str, TableShape]
) -> tuple[Work, ...]:
    """Return the statements of every change.

    Args:
        changes: what to do.
        target: the tables that shall be.
        current: the tables that are, by their new names.

    """
    ordered = sorted(changes, key=lambda one: ORDER.index(type(one)))
    writer = _Sqlite(target, current) if target.dialect.name == "sqlite" else _Postgresql(target)
    return tuple(writer.work(ordered))


class _Writer:
    """What both databases do alike."""

    def __init__(self, target: Target) -> None:
        self.target, self.dialect = target, target.dialect
        self.quote = self.dialect.identifier_preparer.quote
        self.statements: list[str] = []
        context = MigrationContext.configure(
            dialect=self.dialect, opts={"as_sql": True, "output_buffer": StringIO()}
        )
        context.impl.static_output = self._note  # type: ignore[method-assign, assignment]
        self.op = Operations(context)

    def _note(self, statement: str) -> None:
        self.statements.append(statement.strip().rstrip(";"))

    def sql(self, change: ch.Change) -> tuple[str, ...]:
        """Return the statements of one change."""
        self.statements = []
        getattr(self, f"do_{type(change).__name__}")(change)
        return tuple(self.statements)

    def table(self, name: str) -> sa.Table:
        return self.target.metadata.tables[name]

    def emit(self, element: Any) -> None:
        self._note(str(element.compile(dialect=self.dialect)))

    def indexes(self, table: str) -> list[sa.Index]:
        return sorted(self.table(table).indexes, key=lambda one: str(one.name))

    def constraint(self, table: str, name: str) -> sa.Constraint:
        return next(
            one
            for one in self.table(table).constraints
            if constraint_name(one, self.dialect) == name
        )

    def do_RenameTable(self, change: ch.RenameTable) -> None:  # noqa: N802
        self.op.rename_table(change.old, change.table)

    def do_RenameColumn(self, change: ch.RenameColumn) -> None:  # noqa: N802
        old, new = self.quote(change.old), self.quote(change.column)
        self._note(f"ALTER TABLE {self.quote(change.table)} RENAME COLUMN {old} TO {new}")

    def do_DropTable(self, change: ch.DropTable) -> None:  # noqa: N802
        self.op.drop_table(change.table)

    def do_DropKey(self, change: ch.DropKey) -> None:  # noqa: N802
        if change.constraint:
            self.op.drop_constraint(change.key.name, change.table)
        else:
            self.op.drop_index(change.key.name, change.table)

    def do_AddKey(self, change: ch.AddKey) -> None:  # noqa: N802
        if change.constraint:
            self.emit(AddConstraint(self.constraint(change.table, change.key.name)))
        else:
            self.emit(CreateIndex(self.index(change.table, change.key.name)))

    def index(self, table: str, name: str) -> sa.Index:
        return next(
            one for one in self.table(table).indexes if constraint_name(one, self.dialect) == name
        )

    def converted(self, change: ch.ConvertColumn) -> str:
        column = self.quote(change.column)
        after = self.target.schema[change.table].columns[change.column].type
        return conversion(column, change.was, change.becomes, after, self.dialect.name).expression


class _Postgresql(_Writer):
    """Alters in place; new tables come in the order of their foreign keys, rings closed after."""

    def work(self, changes: Sequence[ch.Change]) -> Iterable[Work]:
        created = [one for one in changes if isinstance(one, ch.CreateTable)]
        pending = [one for one in changes if not isinstance(one, ch.CreateTable)]
        self.dropped = [one for one in changes if isinstance(one, ch.DropTable)]
        for change in pending:
            if ORDER.index(type(change)) < ORDER.index(ch.CreateTable):
                yield Work(change, self.sql(change))
        yield from self._create(created)
        for change in pending:
            if ORDER.index(type(change)) > ORDER.index(ch.CreateTable):
                yield Work(change, self.sql(change))

    def _create(self, created: Sequence[ch.CreateTable]) -> Iterable[Work]:
        tables = [self.table(one.table) for one in created]
        late: list[ch.AddForeign] = []
        for table, inline in sort_tables_and_constraints(tables):  # type: ignore[no-untyped-call]
            if table is None:
                for key in sorted(inline, key=lambda one: str(one.name)):
                    shape = self.target.schema[key.table.name]
                    name = constraint_name(key, self.dialect)
                    foreign = next(one for one in shape.foreigns if one.name == name)
                    late.append(ch.AddForeign(key.table.name, foreign))
                continue
            self.statements = []
            self.emit(CreateTable(table, include_foreign_key_constraints=list(inline)))
            for index in self.indexes(table.name):
                self.emit(CreateIndex(index))
            yield Work(ch.CreateTable(table.name), tuple(self.statements))
        for change in late:
            yield Work(change, self.sql(change))

    def do_DropTable(self, change: ch.DropTable) -> None:  # noqa: N802
        """The tables that go may point at each other: the first to go takes all their links."""
        going = {one.table for one in self.dropped}
        if change == self.dropped[0]:
            for one in self.dropped:
                for key in one.shape.foreigns:
                    if key.table in going - {one.table}:
                        self.op.drop_constraint(key.name, one.table)
        super().do_DropTable(change)

    def do_AddColumn(self, change: ch.AddColumn) -> None:  # noqa: N802
        column = self.table(change.table).columns[change.column]
        table, name = self.quote(change.table), self.quote(change.column)
        kind = column.type.compile(dialect=self.dialect)
        default = self.target.schema[change.table].columns[change.column].default
        given = None if default else backfill(self.target, change.table, change.column)
        text = f"ALTER TABLE {table} ADD COLUMN {name} {kind}"
        if column.server_default is not None:
            text += f" DEFAULT {server_default(column, self.dialect)}"
        elif given is not None:
            text += f" DEFAULT {given}"
        self._note(text + ("" if column.nullable else " NOT NULL"))
        if given is not None:
            self._note(f"ALTER TABLE {table} ALTER COLUMN {name} DROP DEFAULT")

    def do_DropColumn(self, change: ch.DropColumn) -> None:  # noqa: N802
        self.op.drop_column(change.table, change.shape.name)

    def do_ConvertColumn(self, change: ch.ConvertColumn) -> None:  # noqa: N802
        kind = self.table(change.table).columns[change.column].type
        self._retype(change.table, change.column, kind, self.converted(change))

    def do_ReplaceColumn(self, change: ch.ReplaceColumn) -> None:  # noqa: N802
        column = self.table(change.table).columns[change.shape.name]
        given = backfill(self.target, change.table, column.name) or "NULL"
        if change.shape.nullable != column.nullable:
            self._nullable(change.table, column.name, True)
        self._retype(change.table, column.name, column.type, given)
        if change.shape.nullable and not column.nullable:
            self._nullable(change.table, column.name, False)

    def _retype(self, table: str, column: str, kind: sa.types.TypeEngine[Any], using: str) -> None:
        written = kind.compile(dialect=self.dialect)
        self.op.alter_column(table, column, type_=kind, postgresql_using=f"({using})::{written}")

    def _nullable(self, table: str, column: str, nullable: bool) -> None:
        self.op.alter_column(table, column, nullable=nullable)

    def do_SetNullable(self, change: ch.SetNullable) -> None:  # noqa: N802
        if not change.nullable:
            given = backfill(self.target, change.table, change.column)
            if given is not None:
                table, name = self.quote(change.table), self.quote(change.column)
                self._note(f"UPDATE {table} SET {name} = {given} WHERE {name} IS NULL")
        self._nullable(change.table, change.column, change.nullable)

    def do_SetDefault(self, change: ch.SetDefault) -> None:  # noqa: N802
        column = self.table(change.table).columns[change.column]
        default: Any = column.server_default.arg if column.server_default is not None else None  # type: ignore[attr-defined]
        self.op.alter_column(change.table, change.column, server_default=default)

    def do_SetPrimary(self, change: ch.SetPrimary) -> None:  # noqa: N802
        self.op.drop_constraint(change.before.name, change.table)
        self.emit(AddConstraint(self.table(change.table).primary_key))

    def do_RenameKey(self, change: ch.RenameKey) -> None:  # noqa: N802
        old, new = self.quote(change.old), self.quote(change.new)
        if change.constraint:
            table = self.quote(change.table)
            self._note(f"ALTER TABLE {table} RENAME CONSTRAINT {old} TO {new}")
        else:
            self._note(f"ALTER INDEX {old} RENAME TO {new}")

    def do_DropForeign(self, change: ch.DropForeign) -> None:  # noqa: N802
        self.op.drop_constraint(change.foreign.name, change.table)

    def do_AddForeign(self, change: ch.AddForeign) -> None:  # noqa: N802
        self.emit(AddConstraint(self.constraint(change.table, change.foreign.name)))

    def do_DropCheck(self, change: ch.DropCheck) -> None:  # noqa: N802
        self.op.drop_constraint(change.name, change.table)

    def do_AddCheck(self, change: ch.AddCheck) -> None:  # noqa: N802
        self.emit(AddConstraint(self.constraint(change.table, change.name)))


class _Sqlite(_Writer):
    """Copies a table when its change is more than a rename, an optional column or an index."""

    def __init__(self, target: Target, current: dict[str, TableShape]) -> None:
        super().__init__(target)
        self.current = current

    def work(self, changes: Sequence[ch.Change]) -> Iterable[Work]:
        copied = {one.table for one in changes if not self._is_light(one)}
        done: list[ch.Change] = []
        for change in changes:
            if change.table in copied and not isinstance(change, LIGHT):
                done.append(change)
                yield Work(change, ())
            else:
                yield Work(change, self.sql(change))
        for table in dict.fromkeys(one.table for one in done):
            mine = [one for one in done if one.table == table]
            columns = len(self.table(table).columns)
            yield Work(ch.CopyTable(table, columns), self._copy(table, mine))

    def _is_light(self, change: ch.Change) -> bool:
        if isinstance(change, ch.AddColumn):
            column = self.table(change.table).columns[change.column]
            plain = column.server_default is None and not column.foreign_keys
            given = backfill(self.target, change.table, change.column)
            return bool(column.nullable) and plain and given is None
        if isinstance(change, (ch.AddKey, ch.DropKey, ch.RenameKey)):
            return not change.constraint
        return isinstance(change, LIGHT)

    def _copy(self, name: str, changes: Sequence[ch.Change]) -> tuple[str, ...]:
        """Return the statements that put a changed copy in the place of a table."""
        table, quote = self.table(name), self.quote
        copy = quote(COPY + name)
        create = str(CreateTable(table).compile(dialect=self.dialect)).strip()
        written = f"CREATE TABLE {quote(name)} ("
        statements = [create.replace(written, f"CREATE TABLE {copy} (", 1)]
        values = self._values(name, changes)
        for extra in self._extra_columns(name, changes):
            shape = self.current[name].columns[extra]
            statements.append(f"ALTER TABLE {copy} ADD COLUMN {quote(extra)} {shape.type}")
            values[extra] = quote(extra)
        into = ", ".join(quote(column) for column in values)
        statements.append(
            f"INSERT INTO {copy} ({into}) SELECT {', '.join(values.values())} FROM {quote(name)}"
        )
        statements.append(f"DROP TABLE {quote(name)}")
        statements.append(f"ALTER TABLE {copy} RENAME TO {quote(name)}")
        statements += [
            str(CreateIndex(index).compile(dialect=self.dialect)) for index in self.indexes(name)
        ]
        return (*statements, *self._extra_indexes(name, changes))

    def _values(self, name: str, changes: Sequence[ch.Change]) -> dict[str, str]:
        """Return where each column of the copy comes from."""
        converted = {one.column: one for one in changes if isinstance(one, ch.ConvertColumn)}
        replaced = {one.shape.name for one in changes if isinstance(one, ch.ReplaceColumn)}
        required = {
            one.column for one in changes if isinstance(one, ch.SetNullable) and not one.nullable
        }
        there = set(self.current[name].columns) - replaced
        values: dict[str, str] = {}
        for column in self.table(name).columns:
            given = backfill(self.target, name, column.name)
            if column.name not in there:
                if given is not None:
                    values[column.name] = given
                continue
            value = self.quote(column.name)
            if column.name in converted:
                value = self.converted(converted[column.name])
            if column.name in required and given is not None:
                value = f"coalesce({value}, {given})"
            values[column.name] = value
        return values

    def _extra_columns(self, name: str, changes: Sequence[ch.Change]) -> list[str]:
        dropped = {one.shape.name for one in changes if isinstance(one, ch.DropColumn)}
        wanted = self.target.schema[name].columns
        return [
            one for one in self.current[name].columns if one not in wanted and one not in dropped
        ]

    def _extra_indexes(self, name: str, changes: Sequence[ch.Change]) -> list[str]:
        """An index that somebody made by hand is made again."""
        known = {one.name for one in self.target.schema[name].indexes}
        known |= {one.key.name for one in changes if isinstance(one, ch.DropKey)}
        known |= {one.old for one in changes if isinstance(one, ch.RenameKey)}
        kept = {*self.target.schema[name].columns, *self._extra_columns(name, changes)}
        return [
            f"CREATE {'UNIQUE ' if one.unique else ''}INDEX {self.quote(one.name)} "
            f"ON {self.quote(name)} ({', '.join(self.quote(part) for part in one.columns)})"
            for one in self.current[name].indexes
            if one.name not in known and set(one.columns) <= kept
        ]

    def do_CreateTable(self, change: ch.CreateTable) -> None:  # noqa: N802
        self.emit(CreateTable(self.table(change.table)))
        for index in self.indexes(change.table):
            self.emit(CreateIndex(index))

    def do_AddColumn(self, change: ch.AddColumn) -> None:  # noqa: N802
        column = self.table(change.table).columns[change.column]
        kind = column.type.compile(dialect=self.dialect)
        table, name = self.quote(change.table), self.quote(change.column)
        self._note(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")

    def do_RenameKey(self, change: ch.RenameKey) -> None:  # noqa: N802
        self.op.drop_index(change.old, change.table)
        self.emit(CreateIndex(self.index(change.table, change.new)))
