"""Two pictures of a schema in, the changes between them out, in the author's order of tables.

Only what the engine made is ever dropped: tables and columns of the last release's facts, keys of
its shape. What somebody added by hand is left alone and named by `drift`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from runtime.store.migrate import changes as ch
from runtime.store.migrate.convert import can_convert
from runtime.store.migrate.facts import Stored, known_stored, stored
from runtime.store.migrate.renames import Renames
from runtime.store.migrate.shapes import ColumnShape, ForeignShape, KeyShape, Schema, TableShape
from runtime.store.migrate.target import LOGIN_PREFIX, Target


def find_changes(
    current: Schema,
    target: Target,
    renames: Renames,
    facts: Mapping[str, Any],
    shape: Mapping[str, Any],
) -> tuple[ch.Change, ...]:
    """Return what must be done.

    Args:
        current: the database, with the declared renames already in the names.
        target: the tables of the definitions.
        renames: the declared renames.
        facts: those of the last release, by the names it had.
        shape: the schema's plain data as the last release left it.

    """
    found: list[ch.Change] = []
    found += [ch.RenameTable(new, old) for new, old in renames.tables.items()]
    found += [ch.RenameColumn(table, new, old) for (table, new), old in renames.columns.items()]
    for name, wanted in target.schema.items():
        if name in current:
            found += _Table(current[name], wanted, target, renames, facts, shape).changes()
        else:
            found.append(ch.CreateTable(name))
    kept = {renames.old_table(name) for name in target.schema}
    for name, one in current.items():
        if name not in target.schema and name in shape and name not in kept:
            found.append(ch.DropTable(name, one))
    return tuple(found)


class _Table:
    """The comparison of one table."""

    def __init__(
        self,
        now: TableShape,
        wanted: TableShape,
        target: Target,
        renames: Renames,
        facts: Mapping[str, Any],
        shape: Mapping[str, Any],
    ) -> None:
        self.now, self.wanted, self.target = now, wanted, target
        self.renames, self.facts = renames, facts
        self.name = wanted.name
        self.made = shape.get(renames.old_table(self.name), {})
        """What the last release left of this table, by the names it had."""

    def changes(self) -> Iterator[ch.Change]:
        yield from self._columns()
        if self.now.primary.columns != self.wanted.primary.columns:
            yield ch.SetPrimary(self.name, self.now.primary, self.wanted.primary)
        elif self._named_otherwise(self.now.primary.name, self.wanted.primary.name):
            yield ch.RenameKey(self.name, self.now.primary.name, self.wanted.primary.name, True)
        yield from self._keys("uniques", self.now.uniques, self.wanted.uniques)
        yield from self._keys("indexes", self.now.indexes, self.wanted.indexes)
        yield from self._foreigns()
        for name in self.wanted.checks:
            if name not in self.now.checks:
                yield ch.AddCheck(self.name, name)
        for name in self.now.checks:
            if name not in self.wanted.checks and name in self.made.get("checks", ()):
                yield ch.DropCheck(self.name, name)

    def _columns(self) -> Iterator[ch.Change]:
        for name, wanted in self.wanted.columns.items():
            now = self.now.columns.get(name)
            if now is None:
                yield ch.AddColumn(self.name, name)
            else:
                yield from self._column(now, wanted)
        for name, now in self.now.columns.items():
            old = self.renames.old_column(self.name, name)
            if name not in self.wanted.columns and old in self.made.get("columns", {}):
                yield ch.DropColumn(self.name, now)

    def _column(self, now: ColumnShape, wanted: ColumnShape) -> Iterator[ch.Change]:
        was, becomes = self._stored(now)
        if now.type != wanted.type or (was.kind, was.scale) != (becomes.kind, becomes.scale):
            if not can_convert(was, becomes):
                yield ch.ReplaceColumn(self.name, now)
                return
            yield ch.ConvertColumn(self.name, wanted.name, now, was, becomes)
        if now.nullable != wanted.nullable:
            yield ch.SetNullable(self.name, wanted.name, wanted.nullable)
        if now.default != wanted.default:
            yield ch.SetDefault(self.name, wanted.name)

    def _stored(self, now: ColumnShape) -> tuple[Stored, Stored]:
        field = self.target.field(self.name, now.name)
        if field is None:
            kind = _by_type(now.type)
            return kind, _by_type(self.wanted.columns[now.name].type)
        becomes = stored(field, self.target.compiled.field_types[field.type])
        table = self.renames.old_table(self.name)
        was = known_stored(self.facts, table, self.renames.old_column(self.name, now.name))
        if was is None:
            same = now.type == self.wanted.columns[now.name].type
            return (becomes if same else _by_type(now.type)), becomes
        return was, becomes

    def _keys(
        self, what: str, now: tuple[KeyShape, ...], wanted: tuple[KeyShape, ...]
    ) -> Iterator[ch.Change]:
        constraint = what == "uniques"
        there = {(one.columns, one.unique): one for one in now}
        for one in wanted:
            found = there.pop((one.columns, one.unique), None)
            if found is None:
                yield ch.AddKey(self.name, one, constraint)
            elif self._named_otherwise(found.name, one.name):
                yield ch.RenameKey(self.name, found.name, one.name, constraint)
        for found in there.values():
            if found.name in self.made.get(what, {}):
                yield ch.DropKey(self.name, found, constraint)

    def _foreigns(self) -> Iterator[ch.Change]:
        def meaning(one: ForeignShape) -> tuple[object, ...]:
            return one.columns, one.table, one.targets, one.on_delete

        there = {meaning(one): one for one in self.now.foreigns}
        for one in self.wanted.foreigns:
            found = there.pop(meaning(one), None)
            if found is None:
                yield ch.AddForeign(self.name, one)
            elif self._named_otherwise(found.name, one.name):
                yield ch.RenameKey(self.name, found.name, one.name, True)
        for found in there.values():
            if found.name in self.made.get("foreigns", {}):
                yield ch.DropForeign(self.name, found)

    def _named_otherwise(self, now: str, wanted: str) -> bool:
        """FAB's own names are accepted as they are: its databases may be older than we."""
        return now != wanted and not self.name.startswith(LOGIN_PREFIX)


def _by_type(written: str) -> Stored:
    """Return what a column's type says of its values, when no facts of a release do."""
    upper = written.upper()
    kinds = (
        ("UUID", "id"),
        ("JSON", "json"),
        ("TIMESTAMP", "moment"),
        ("DATETIME", "moment"),
        ("DATE", "date"),
        ("TIME", "time"),
        ("BOOL", "boolean"),
        ("INT", "number"),
        ("VARCHAR", "text"),
        ("TEXT", "text"),
    )
    kind = next((kind for start, kind in kinds if start in upper), "other")
    length = upper.partition("(")[2].rstrip(")")
    return Stored(kind, longest=int(length) if kind == "text" and length.isdigit() else 0)
