"""What somebody altered by hand: the schema as the last release left it against the present one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.model.text import Label

PARTS: Mapping[str, tuple[str, str]] = {
    "columns": ("the column", "列"),
    "uniques": ("the unique constraint", "唯一约束"),
    "indexes": ("the index", "索引"),
    "foreigns": ("the foreign key", "外键"),
}


def find_drift(left: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Label, ...]:
    """Return every difference as a sentence; tables that were never ours are nobody's business."""
    found: list[Label] = []
    for table in sorted(left):
        if table not in now:
            found.append(_label(f"the table {table} is gone", f"数据表 {table} 已不存在"))
        elif left[table] != now[table]:
            found += _table(table, left[table], now[table])
    return tuple(found)


def _table(table: str, left: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Label]:
    for part, (en, zh) in PARTS.items():
        before, after = left[part], now[part]
        for name in sorted({*before, *after}):
            if name not in after:
                yield _label(f"{en} {name} of {table} is gone", f"{table} 的{zh} {name} 已不存在")
            elif name not in before:
                yield _label(
                    f"{en} {name} of {table} was added by hand", f"{table} 中手工添加了{zh} {name}"
                )
            elif before[name] != after[name]:
                yield _label(
                    f"{en} {name} of {table} is {_said(after[name])} instead of "
                    f"{_said(before[name])}",
                    f"{table} 的{zh} {name} 现为 {_said(after[name])}，原为 {_said(before[name])}",
                )
    for part, en, zh in (("primary", "primary key", "主键"), ("checks", "checks", "检查约束")):
        if left[part] != now[part]:
            yield _label(f"the {en} of {table} changed", f"{table} 的{zh}已改变")


def _said(parts: list[Any]) -> str:
    if len(parts) == 3 and isinstance(parts[1], bool):
        kind, nullable, default = parts
        return f"{kind}{'' if nullable else ' NOT NULL'}{f' DEFAULT {default}' if default else ''}"
    return " ".join(str(part) for part in parts if part != "")


def _label(en: str, zh: str) -> Label:
    return Label({"en": en, "zh": zh})
