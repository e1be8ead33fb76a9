"""The rows that a change breaks or alters, counted in the database before anything is changed.

Every probe is one statement on the tables as they are now, with the values as they will be: the
old column, converted, or the default that old rows get.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from generator.model.text import Label
from runtime.store.migrate import changes as ch
from runtime.store.migrate.convert import Conversion, conversion, narrows
from runtime.store.migrate.defaults import backfill
from runtime.store.migrate.facts import known_stored, stored
from runtime.store.migrate.formulas import new_checks, rejected
from runtime.store.migrate.plan import CONSENTS, NARROWS, Finding
from runtime.store.migrate.renames import Renames
from runtime.store.migrate.shapes import KeyShape, Schema
from runtime.store.migrate.target import Target
from runtime.store.migrate.words import Wording

NARROW = CONSENTS[NARROWS]
STATE = "state"
"""The type whose values `states.py` looks after."""
TEXTS: Mapping[str, tuple[str, str]] = {
    "NO_DEFAULT": (
        "{column} of {table} is required, and {count} {records} {have} no value; "
        "give it a default, or make it optional",
        "{table}的{column}为必填，但有 {count} 条记录没有值；请设置默认值，或改为选填",
    ),
    "BACKFILLED": (
        "{count} {records} of {table} {get} the default of {column}",
        "{table}中有 {count} 条记录将填入{column}的默认值",
    ),
    "ALTERED": (
        "{count} {values} of {column} of {table} {are} cut or rounded",
        "{table}的{column}中有 {count} 个值将被截短或舍入",
    ),
    "LOST": (
        "{count} {values} of {column} of {table} {become} empty: no counterpart in the new type",
        "{table}的{column}中有 {count} 个值无法转换为新类型，将被清空",
    ),
    "DOES_NOT_FIT": (
        "{count} {values} of {column} of {table} {do} not fit the new type",
        "{table}的{column}中有 {count} 个值不符合新类型",
    ),
    "NOT_UNIQUE": (
        "{count} {values} of {column} {occur} more than once in {table}",
        "{table}的{column}中有 {count} 个值重复出现",
    ),
    "NO_TARGET": (
        "{count} {records} of {table} {point} with {column} at a record that is not there",
        "{table}中有 {count} 条记录的{column}指向不存在的记录",
    ),
    "OPTION_REMOVED": (
        "{count} {records} of {table} still {have} '{option}' in {column}",
        "{table}中仍有 {count} 条记录的{column}为“{option}”",
    ),
    "STATE_REMOVED": (
        "{count} {records} of {table} {are} in the state '{option}' of {column}, which is no more; "
        "write `map: {{{option}: STATE}}` in the workflow",
        "{table}中有 {count} 条记录的{column}为“{option}”，该状态已不存在；"
        "请在流程中写上 `map: {{{option}: 状态}}`",
    ),
    "STATE_MAPPED": (
        "{count} {records} of {table} {are} moved out of the state '{option}' of {column}",
        "{table}中有 {count} 条记录将从{column}的状态“{option}”移出",
    ),
    "TIMERS_END": (
        "{count} armed timers of {table} end with the state '{option}' of {column}",
        "{table}中有 {count} 个计时随{column}的状态“{option}”一起取消",
    ),
    "TIMERS_LOST": (
        "{count} armed timers of {table} wait for transitions of {column} that are no more",
        "{table}中有 {count} 个计时等待的{column}流转已不存在",
    ),
    "APPROVALS_LOST": (
        "{count} requests about {table} wait for transitions of {column} that are no more",
        "{table}中有 {count} 个待审批申请对应的{column}流转已不存在",
    ),
    "STATE_HELD": (
        "{count} {records} of {table} {are} in the state '{option}' of {column}, whose ways out "
        "change",
        "{table}中有 {count} 条记录的{column}为“{option}”，该状态的去向有变化",
    ),
    "TIMERS_KEPT": (
        "{count} armed {timers} of {table} {wait} for '{option}' of {column}, which is timed "
        "otherwise now; {at_once} would be due at once",
        "{table}中有 {count} 个计时等待{column}的“{option}”，其时长已更改；"
        "按新时长有 {at_once} 个会立即到时",
    ),
    "TIMERS_NEW": (
        "{count} {records} of {table} {wait} for nothing yet in a state of {column} that "
        "'{option}' ends or watches from now on; {at_once} would be due at once",
        "{table}中有 {count} 条记录所在的{column}新增了计时“{option}”，目前尚未计时；"
        "按新定义有 {at_once} 条会立即到时",
    ),
    "CALLS_LOST": (
        "{count} calls of {table} under way are answered by '{option}' of {column}, which is no "
        "more; each becomes an incident",
        "{table}中有 {count} 个进行中的外部调用将由{column}的“{option}”处理结果，该流转已不存在；"
        "每一个都会成为异常事项",
    ),
    "REJECTED": (
        "the new check {option} rejects {count} {records} of {table}; "
        "what is there stays as it is until it is next saved",
        "新校验 {option} 不接受{table}中的 {count} 条记录；这些记录在下次保存前保持不变",
    ),
    "VALUES_DROPPED": (
        "{count} {values} of {column} of {table} {are} lost",
        "{table}的{column}中 {count} 个值将丢失",
    ),
    "RECORDS_DROPPED": (
        "{count} {records} of {table} {are} lost",
        "{table}的 {count} 条记录将丢失",
    ),
    "RENAME_TAKEN": (
        "'{option}' cannot become {table}{column}: the database has both; "
        "remove one of them first, in a release of its own",
        "“{option}”无法更名为{table}{column}：数据库中两者都存在；请先单独发布一次以删除其一",
    ),
}


ONE = {
    "records": "record",
    "values": "value",
    "have": "has",
    "get": "gets",
    "are": "is",
    "become": "becomes",
    "do": "does",
    "occur": "occurs",
    "timers": "timer",
    "wait": "waits",
    "point": "points",
}
"""The English words of `TEXTS` that follow the count: the many, and the one."""


class Prober:
    """Counts rows of one database for one plan; every table is counted once."""

    def __init__(
        self,
        connection: sa.Connection,
        target: Target,
        renames: Renames,
        current: Schema,
        facts: Mapping[str, Any],
        wording: Wording,
    ) -> None:
        self.connection, self.target, self.renames = connection, target, renames
        self.current, self.facts, self.wording = current, facts, wording
        self.quote = target.dialect.identifier_preparer.quote
        self.counted: dict[str, int] = {}
        self.converted: dict[tuple[str, str], ch.ConvertColumn] = {}
        self.replaced: set[tuple[str, str]] = set()

    def rows(self, table: str) -> int:
        """Return how many rows a table has now, under its new name."""
        old = self.renames.old_table(table)
        if old not in self.current:
            return 0
        if old not in self.counted:
            self.counted[old] = self._count(f"SELECT count(*) FROM {self.quote(old)}")
        return self.counted[old]

    def findings(self, changes: Sequence[ch.Change]) -> tuple[Finding, ...]:
        """Return every finding about these changes, what stops the plan first."""
        self.converted = {
            (one.table, one.column): one for one in changes if isinstance(one, ch.ConvertColumn)
        }
        self.replaced = {
            (one.table, one.shape.name) for one in changes if isinstance(one, ch.ReplaceColumn)
        }
        found: list[Finding] = []
        for change in changes:
            found += self._of(change)
        found += self._options()
        found += self._checks(changes)
        found += self._taken(changes)
        return tuple(sorted((one for one in found if one.count), key=lambda one: not one.blocking))

    def _of(self, change: ch.Change) -> Iterator[Finding]:
        match change:
            case ch.AddColumn():
                yield from self._added(change)
            case ch.SetNullable(nullable=False):
                yield from self._required(change)
            case ch.ConvertColumn():
                yield from self._conversion(change)
            case ch.AddKey(constraint=True) | ch.AddKey(key=KeyShape(unique=True)):
                yield from self._repeated(change)
            case ch.AddForeign():
                yield from self._missing(change)
            case ch.DropTable():
                yield self.finding("RECORDS_DROPPED", change.table, (), self.rows(change.table))
            case ch.DropColumn() | ch.ReplaceColumn():
                yield from self._dropped(change)
            case _:
                pass

    def _added(self, change: ch.AddColumn) -> Iterator[Finding]:
        shape = self.target.schema[change.table].columns[change.column]
        if shape.nullable or shape.default or self._given(change) is not None:
            return
        count = self.rows(change.table)
        yield self.finding("NO_DEFAULT", change.table, (change.column,), count, blocking=True)

    def _required(self, change: ch.SetNullable) -> Iterator[Finding]:
        nulls = f"{self._old(change.table, change.column)} IS NULL"
        count = self._where(change.table, nulls)
        given = self._given(change) is not None
        code = "BACKFILLED" if given else "NO_DEFAULT"
        yield self.finding(code, change.table, (change.column,), count, blocking=not given)

    def _conversion(self, change: ch.ConvertColumn) -> Iterator[Finding]:
        made = self._made(change)
        where = change.table, (change.column,)
        if made.lossy:
            count = self._where(change.table, made.lossy)
            yield self.finding("ALTERED", *where, count, consent=NARROW)
        if made.failing:
            count = self._where(change.table, made.failing)
            after = self.target.schema[change.table].columns[change.column]
            loses = narrows(change.was, change.becomes, change.before.type, after.type)
            if loses and (after.nullable or self._given(change) is not None):
                yield self.finding("LOST", *where, count, consent=NARROW)
            else:
                yield self.finding("DOES_NOT_FIT", *where, count, blocking=True)

    def _repeated(self, change: ch.AddKey) -> Iterator[Finding]:
        table = change.table
        values = [self._value(table, column) for column in change.key.columns]
        if None in values or not self.rows(table):
            return
        named = ", ".join(f"{value} AS v{place}" for place, value in enumerate(values))
        names = ", ".join(f"v{place}" for place in range(len(values)))
        known = " AND ".join(f"v{place} IS NOT NULL" for place in range(len(values)))
        count = self._count(
            f"SELECT count(*) FROM (SELECT {names} FROM "
            f"(SELECT {named} FROM {self._table(table)}) t "
            f"WHERE {known} GROUP BY {names} HAVING count(*) > 1) g"
        )
        yield self.finding("NOT_UNIQUE", table, change.key.columns, count, blocking=True)

    def _missing(self, change: ch.AddForeign) -> Iterator[Finding]:
        table, key = change.table, change.foreign
        values = [self._value(table, column) for column in key.columns]
        if None in values or not self.rows(table):
            return
        named = ", ".join(f"{value} AS v{place}" for place, value in enumerate(values))
        known = " AND ".join(f"v.v{place} IS NOT NULL" for place in range(len(values)))
        there = "false"
        if self.renames.old_table(key.table) in self.current:
            pairs = zip(key.targets, range(len(values)), strict=True)
            same = " AND ".join(f"r.{self._old(key.table, to)} = v.v{at}" for to, at in pairs)
            there = f"EXISTS (SELECT 1 FROM {self._table(key.table)} r WHERE {same})"
        count = self._count(
            f"SELECT count(*) FROM (SELECT {named} FROM {self._table(table)}) v "
            f"WHERE {known} AND NOT {there}"
        )
        yield self.finding("NO_TARGET", table, key.columns, count, blocking=True)

    def _dropped(self, change: ch.DropColumn | ch.ReplaceColumn) -> Iterator[Finding]:
        column = change.shape.name
        count = self._where(change.table, f"{self._old(change.table, column)} IS NOT NULL")
        yield self.finding("VALUES_DROPPED", change.table, (column,), count)

    def _checks(self, changes: Sequence[ch.Change]) -> Iterator[Finding]:
        """Rows that a new rule rejects stay as they are until somebody saves them."""
        for entity, check in new_checks(self.target, self.renames, self.facts):
            if self.rows(entity.table):
                statement = rejected(check, self.target, self.current, self.renames, changes)
                if statement is not None:
                    count = self._count(statement)
                    yield self.finding("REJECTED", entity.table, (), count, option=check.code)

    def _options(self) -> Iterator[Finding]:
        """An option that is no longer offered while records still have it."""
        for table, entity in self.target.entities.items():
            for field in entity.fields.values():
                if self.target.field(table, field.name) is None or field.type == STATE:
                    continue
                old = self.renames.old_table(table), self.renames.old_column(table, field.name)
                was = known_stored(self.facts, *old)
                now = stored(field, self.target.compiled.field_types[field.type])
                if was is None or not now.options or old[0] not in self.current:
                    continue
                if was.kind == now.kind and old[1] in self.current[old[0]].columns:
                    for option in was.options:
                        if option not in now.options:
                            yield self._option(table, field.name, option, now.kind)

    def _option(self, table: str, column: str, option: str, kind: str) -> Finding:
        name, text = self._old(table, column), "'" + option.replace("'", "''") + "'"
        holds = f"{name} = {text}"
        if kind == "list" and self.target.dialect.name == "sqlite":
            holds = f"EXISTS (SELECT 1 FROM json_each({name}) WHERE value = {text})"
        elif kind == "list":
            holds = f"jsonb_exists({name}, {text})"
        count = self._where(table, holds)
        return self.finding(
            "OPTION_REMOVED", table, (column,), count, consent=NARROW, option=option
        )

    def _taken(self, changes: Sequence[ch.Change]) -> Iterator[Finding]:
        """A declared rename whose old name would be dropped because the new one is there too."""
        for change in changes:
            if isinstance(change, ch.DropTable):
                for entity in self.target.entities.values():
                    if entity.renamed_from == change.table:
                        yield self.finding(
                            "RENAME_TAKEN", entity.table, (), 1, blocking=True, option=change.table
                        )
            elif isinstance(change, ch.DropColumn):
                for field in self.target.entities[change.table].fields.values():
                    if field.renamed_from == change.shape.name:
                        yield self.finding(
                            "RENAME_TAKEN",
                            change.table,
                            (field.name,),
                            1,
                            blocking=True,
                            option=change.shape.name,
                        )

    def _made(self, change: ch.ConvertColumn) -> Conversion:
        after = self.target.schema[change.table].columns[change.column].type
        old = self._old(change.table, change.column)
        return conversion(old, change.was, change.becomes, after, self.target.dialect.name)

    def _value(self, table: str, column: str) -> str | None:
        """Return the SQL of what a column will hold, in terms of the table as it is; None: null."""
        if (table, column) in self.replaced:
            return backfill(self.target, table, column)
        change = self.converted.get((table, column))
        if change is not None:
            return self._made(change).expression
        shape = self.current.get(self.renames.old_table(table))
        old = self.renames.old_column(table, column)
        if shape is not None and old in shape.columns:
            return self.quote(old)
        return backfill(self.target, table, column)

    def _given(self, change: ch.AddColumn | ch.SetNullable | ch.ConvertColumn) -> str | None:
        return backfill(self.target, change.table, change.column)

    def _table(self, table: str) -> str:
        return str(self.quote(self.renames.old_table(table)))

    def _old(self, table: str, column: str) -> str:
        return str(self.quote(self.renames.old_column(table, column)))

    def _where(self, table: str, condition: str) -> int:
        if not self.rows(table):
            return 0
        return self._count(f"SELECT count(*) FROM {self._table(table)} WHERE {condition}")

    def _count(self, statement: str) -> int:
        options = {"no_parameters": True}
        return int(
            self.connection.exec_driver_sql(statement, execution_options=options).scalar_one()
        )

    def read(self, statement: str) -> list[Any]:
        """Return the rows of a statement on the database as it is."""
        options = {"no_parameters": True}
        return list(self.connection.exec_driver_sql(statement, execution_options=options))

    def waiting(self, table: str, condition: str) -> int:
        """Return how many rows of one of the engine's own tables fulfil a condition."""
        if table not in self.current:
            return 0
        return self._count(f"SELECT count(*) FROM {table} WHERE {condition}")

    def finding(
        self,
        code: str,
        table: str,
        columns: Iterable[str],
        count: int,
        *,
        consent: str = "",
        blocking: bool = False,
        option: str = "",
        at_once: int | None = None,
    ) -> Finding:
        names = tuple(columns)
        texts = {}
        agreeing = {many: one if count == 1 else many for many, one in ONE.items()}
        for locale, form in zip(("en", "zh"), TEXTS[code], strict=True):
            comma = "、" if locale == "zh" else ", "
            column = comma.join(self.wording.column(table, name, locale) for name in names)
            texts[locale] = form.format(
                column=column,
                table=self.wording.table(table, locale),
                count=count,
                option=option,
                at_once=at_once,
                **agreeing,
            )
        given = consent if count else ""
        return Finding(code, Label(texts), count, given, blocking, at_once)
