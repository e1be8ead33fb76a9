"""The closed set of things a plan does to a schema. Names are those after all declared renames."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.store.migrate.facts import Stored
from runtime.store.migrate.shapes import ColumnShape, ForeignShape, KeyShape, TableShape


@dataclass(frozen=True)
class Change:
    """Something done to one table."""

    table: str


@dataclass(frozen=True)
class CreateTable(Change):
    """A table that is not there yet."""


@dataclass(frozen=True)
class DropTable(Change):
    """A table no definition asks for any more; its rows are lost."""

    shape: TableShape


@dataclass(frozen=True)
class RenameTable(Change):
    """`renamed_from` of an entity, or of what a link table belongs to."""

    old: str


@dataclass(frozen=True)
class AddColumn(Change):
    """A column that is not there yet."""

    column: str


@dataclass(frozen=True)
class DropColumn(Change):
    """A column no definition asks for any more; its values are lost."""

    shape: ColumnShape


@dataclass(frozen=True)
class ReplaceColumn(Change):
    """A column whose values cannot become those of its new type: they are lost."""

    shape: ColumnShape


@dataclass(frozen=True)
class RenameColumn(Change):
    """`renamed_from` of a field."""

    column: str
    old: str


@dataclass(frozen=True)
class ConvertColumn(Change):
    """Another type, length or number of decimals; the values are kept as far as they fit."""

    column: str
    before: ColumnShape
    was: Stored
    becomes: Stored


@dataclass(frozen=True)
class SetNullable(Change):
    """A column that becomes required, or optional."""

    column: str
    nullable: bool


@dataclass(frozen=True)
class SetDefault(Change):
    """Another default of the server."""

    column: str


@dataclass(frozen=True)
class AddKey(Change):
    """A unique constraint or an index that is not there yet."""

    key: KeyShape
    constraint: bool
    """A constraint, not an index."""


@dataclass(frozen=True)
class DropKey(Change):
    """A unique constraint or an index that nobody asks for any more."""

    key: KeyShape
    constraint: bool


@dataclass(frozen=True)
class AddForeign(Change):
    """A foreign key that is not there yet."""

    foreign: ForeignShape


@dataclass(frozen=True)
class DropForeign(Change):
    """A foreign key that nobody asks for any more."""

    foreign: ForeignShape


@dataclass(frozen=True)
class AddCheck(Change):
    """A check constraint that is not there yet."""

    name: str


@dataclass(frozen=True)
class DropCheck(Change):
    """A check constraint that nobody asks for any more."""

    name: str


@dataclass(frozen=True)
class RenameKey(Change):
    """A constraint or an index whose table or column was renamed, and so its name."""

    old: str
    new: str
    constraint: bool


@dataclass(frozen=True)
class SetPrimary(Change):
    """Another primary key."""

    before: KeyShape
    after: KeyShape


@dataclass(frozen=True)
class Recompute(Change):
    """A formula whose values are kept in a column is worked out for the rows that are there."""

    column: str


@dataclass(frozen=True)
class MapState(Change):
    """Records in a state that is no more get another one."""

    column: str
    old: str
    new: str


@dataclass(frozen=True)
class CopyTable(Change):
    """SQLite only: the table is copied into one that has all the changes told of it."""

    columns: int
    """So many columns the new table has."""
