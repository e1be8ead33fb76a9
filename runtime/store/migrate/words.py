"""Changes in words, in both languages, with the labels people know from the screens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.model.text import Label
from runtime.store.migrate import changes as ch
from runtime.store.migrate.facts import known_label
from runtime.store.migrate.renames import Renames
from runtime.store.migrate.target import LOGIN_PREFIX, Target, is_ours

LINK = "__"
"""Between entity and field in the name of a link table."""


class Wording:
    """Finds what people call a table and a column, now or before."""

    def __init__(self, target: Target, renames: Renames, facts: Mapping[str, Any]) -> None:
        self.target, self.renames, self.facts = target, renames, facts

    def words(self, change: ch.Change) -> Label:
        """Return one sentence without a full stop that says what a change does."""
        return _both(change, self)

    def table(self, name: str, locale: str) -> str:
        """Return what people call a table."""
        entity = self.target.entities.get(name)
        if entity is not None:
            return _quoted(entity.label.text(locale), locale)
        link = self.target.links.get(name)
        if link is not None:
            return self._link(link.entity, link.name, locale)
        owner, _, old_field = self.renames.old_table(name).partition(LINK)
        if old_field and known_label(self.facts, owner, old_field):
            return self._link(owner, old_field, locale)
        old = known_label(self.facts, self.renames.old_table(name))
        return _quoted(old.text(locale) if old else name, locale)

    def _link(self, entity: str, field: str, locale: str) -> str:
        owner, many = self.table(entity, locale), self.column(entity, field, locale)
        return f"{owner}的{many}" if locale == "zh" else f"{many} of {owner}"

    def column(self, table: str, name: str, locale: str) -> str:
        """Return what people call a column, and its name when that differs."""
        entity = self.target.entities.get(table)
        field = entity.fields.get(name) if entity else None
        label = field.label if field else None
        if label is None:
            old = self.renames.old_column(table, name)
            label = known_label(self.facts, self.renames.old_table(table), old)
        text = label.text(locale) if label else name
        if locale == "zh":
            return f"“{text}”" if text == name else f"“{text}”（{name}）"
        return f"'{name}'"


def _quoted(text: str, locale: str) -> str:
    return f"“{text}”" if locale == "zh" else text


def _both(change: ch.Change, wording: Wording) -> Label:
    return Label({"en": _say(change, wording, "en"), "zh": _say(change, wording, "zh")})


def _say(change: ch.Change, wording: Wording, locale: str) -> str:
    form = FORMS[type(change).__name__][locale]
    if isinstance(change, ch.CreateTable) and is_ours(change.table):
        form = (LOGIN if change.table.startswith(LOGIN_PREFIX) else OWN)[locale]
    if isinstance(change, ch.SetNullable) and change.nullable:
        form = OPTIONAL[locale]
    if isinstance(change, (ch.AddKey, ch.DropKey)) and change.constraint:
        form = UNIQUE[type(change).__name__][locale]
    return form.format(**_parts(change, wording, locale))


def _parts(change: ch.Change, wording: Wording, locale: str) -> dict[str, str]:
    parts = {"table": wording.table(change.table, locale), "name": change.table}
    columns: tuple[str, ...] = ()
    if isinstance(change, (ch.DropColumn, ch.ReplaceColumn)):
        columns = (change.shape.name,)
    elif isinstance(change, (ch.AddKey, ch.DropKey)):
        columns = change.key.columns
    elif isinstance(change, (ch.AddForeign, ch.DropForeign)):
        columns = change.foreign.columns
        parts["to"] = wording.table(change.foreign.table, locale)
    elif hasattr(change, "column"):
        columns = (change.column,)
    comma = "、" if locale == "zh" else ", "
    parts["column"] = comma.join(wording.column(change.table, one, locale) for one in columns)
    old = getattr(change, "old", getattr(change, "name", ""))
    parts["old"] = _quoted(old, locale) if locale == "zh" else f"'{old}'"
    if isinstance(change, ch.MapState):
        parts["new"] = _quoted(change.new, locale) if locale == "zh" else f"'{change.new}'"
    if isinstance(change, ch.CopyTable):
        parts["count"] = str(change.columns)
    if isinstance(change, ch.ConvertColumn):
        parts["before"] = KINDS[change.was.kind][locale]
        parts["after"] = KINDS[change.becomes.kind][locale]
        if parts["before"] == parts["after"]:
            parts["before"] = _detail(change, change.was, locale)
            parts["after"] = _detail(change, change.becomes, locale)
    return parts


def _detail(change: ch.ConvertColumn, kept: Any, locale: str) -> str:
    """Return what differs within a kind; in Chinese a number brings the space before it."""
    if kept.kind == "number" and change.was.scale != change.becomes.scale:
        return f" {kept.scale} 位小数" if locale == "zh" else f"{kept.scale} decimals"
    if kept.kind == "text" and kept.longest:
        return f" {kept.longest} 个字符" if locale == "zh" else f"{kept.longest} characters"
    if kept.kind == "text":
        return "不限长度的文本" if locale == "zh" else "text of any length"
    return KINDS[kept.kind][locale]


KINDS = {
    "text": {"en": "text", "zh": "文本"},
    "number": {"en": "a number", "zh": "数字"},
    "boolean": {"en": "yes or no", "zh": "是/否"},
    "date": {"en": "a date", "zh": "日期"},
    "moment": {"en": "date and time", "zh": "日期时间"},
    "time": {"en": "a time of day", "zh": "时间"},
    "id": {"en": "a reference", "zh": "引用"},
    "list": {"en": "a list", "zh": "列表"},
    "json": {"en": "structured data", "zh": "结构化数据"},
    "other": {"en": "another type", "zh": "其他类型"},
}
LOGIN = {
    "en": "creates the table {name} for users and roles",
    "zh": "创建用户与角色的数据表 {name}",
}
OWN = {"en": "creates the system table {name}", "zh": "创建系统数据表 {name}"}
OPTIONAL = {
    "en": "makes {column} of {table} optional",
    "zh": "将{table}的{column}改为选填",
}
UNIQUE = {
    "AddKey": {
        "en": "allows each {column} only once in {table}",
        "zh": "要求{table}的{column}不重复",
    },
    "DropKey": {
        "en": "allows the same {column} more than once in {table}",
        "zh": "不再要求{table}的{column}不重复",
    },
}
FORMS: Mapping[str, Mapping[str, str]] = {
    "CreateTable": {"en": "creates the table for {table}", "zh": "创建{table}的数据表"},
    "DropTable": {
        "en": "removes {table} with all its records",
        "zh": "删除{table}及其全部记录",
    },
    "RenameTable": {
        "en": "renames {old} to {table} and keeps its records",
        "zh": "将{old}更名为{table}，记录保留",
    },
    "AddColumn": {"en": "adds the field {column} to {table}", "zh": "为{table}添加字段{column}"},
    "DropColumn": {
        "en": "removes the field {column} of {table} with its values",
        "zh": "删除{table}的字段{column}及其全部数据",
    },
    "ReplaceColumn": {
        "en": "empties {column} of {table}: its values mean nothing under the new type",
        "zh": "清空{table}的{column}：原有数据无法转换为新类型",
    },
    "RenameColumn": {
        "en": "renames the field {old} of {table} to {column} and keeps its values",
        "zh": "将{table}的字段{old}更名为{column}，数据保留",
    },
    "ConvertColumn": {
        "en": "changes {column} of {table} from {before} to {after}",
        "zh": "将{table}的{column}由{before}改为{after}",
    },
    "SetNullable": {
        "en": "makes {column} of {table} required",
        "zh": "将{table}的{column}改为必填",
    },
    "SetDefault": {
        "en": "changes the database default of {column} of {table}",
        "zh": "更改{table}的{column}的数据库默认值",
    },
    "AddKey": {"en": "indexes {table} by {column}", "zh": "为{table}的{column}建立索引"},
    "DropKey": {
        "en": "removes the index of {table} by {column}",
        "zh": "移除{table}的{column}上的索引",
    },
    "AddForeign": {
        "en": "links {column} of {table} to {to}",
        "zh": "将{table}的{column}关联到{to}",
    },
    "DropForeign": {
        "en": "removes the link from {column} of {table} to {to}",
        "zh": "取消{table}的{column}与{to}的关联",
    },
    "AddCheck": {
        "en": "adds the database rule {old} to {table}",
        "zh": "为{table}添加数据库约束{old}",
    },
    "DropCheck": {
        "en": "removes the database rule {old} of {table}",
        "zh": "移除{table}的数据库约束{old}",
    },
    "RenameKey": {
        "en": "renames the index or rule {old} of {table} after it",
        "zh": "同步更名{table}的索引或约束{old}",
    },
    "SetPrimary": {"en": "changes the primary key of {table}", "zh": "更改{table}的主键"},
    "Recompute": {
        "en": "works out {column} for every record of {table}",
        "zh": "为{table}的每条记录重新计算{column}",
    },
    "MapState": {
        "en": "moves every record of {table} with {column} {old} to {new}",
        "zh": "将{table}中{column}为{old}的记录改为{new}",
    },
    "CopyTable": {
        "en": "copies {table} ({count} columns) into a new table with these changes",
        "zh": "按以上更改新建数据表，并将{table}（{count} 列）的数据复制过去",
    },
}
"""What each change says; braces are filled with the words people know."""
