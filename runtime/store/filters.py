"""Filters: `?status=paid&total[gte]=100&customer.name[contains]=li` → conditions on a table.

A clause is a path, an operator and texts. An unknown path, an operator the field's type does not
have, or a value that its schema refuses is a 400 with the clause's name: a clause is never ignored,
because a bulk change with an ignored clause would change everything.

Meaning: `eq ne lt lte gt gte between in not_in` compare; `contains` and `starts_with` look for
parts without regard to case; `empty` takes true or false; `has` and `has_any` look into lists;
`under` takes a record and finds what lies below it in a tree, itself included; `within` takes the
name of a period (`last_7_days`), which is told in the caller's time zone each time.

A clause whose key ends in `~1` … `~9` belongs to that group: `open=true&sum[gte]~1=100&vip~1=true`
asks for what is open and either large or from a VIP. With `match=any` it is the other way round:
one of the plain clauses, or all of one group.

What a caller sees masked is compared with nothing, but where a line gives `match`: then with one
whole value, `eq`, in a plain clause that must hold together with all others.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, tzinfo
from typing import Any

import marshmallow as ma

from generator.field_types import FieldType
from generator.field_types._refusals import Words
from generator.kinds import Catalog
from generator.model.text import Label
from rules.permissions import Grant
from runtime.errors import BadRequest, FieldError
from runtime.store.paths import Path, Reader, masked_field
from runtime.store.periods import PERIODS, bounds, is_period

CLAUSE = re.compile(r"([a-z][a-z0-9_.]*)(?:\[([a-z_]+)\])?(?:~([1-9]))?\Z")
MAX_CLAUSES = 20
MAX_VALUES = 500
NAME = re.compile(r"[a-z0-9_]{1,40}")
LISTS = {"in", "not_in"}
"""Operators whose values are bound as one list, however many there are."""
MANY = {"in", "not_in", "between", "has_any"}
RESERVED = {
    "sort",
    "fields",
    "include",
    "limit",
    "after",
    "before",
    "q",
    "view",
    "count",
    "archived",
    "locale",
    "ids",
    "match",
}
"""Query keys with a meaning of their own."""


@dataclass(frozen=True)
class Clause:
    """One condition: its values are in stored form."""

    path: Path
    operator: str
    values: tuple[Any, ...]
    group: int = 0
    """Clauses of one group are asked together; 0 stands alone."""
    through: Grant | None = None
    """The right to look masked values up: with it the clause holds where they are masked, too."""

    @property
    def is_written(self) -> bool:
        """Whether its value stands in the SQL: one of a few, so that each has its own statement.

        PostgreSQL keeps one plan for a prepared statement; the one that is right for a status of
        half the orders would read them all for a status of ten.
        """
        if self.operator != "eq":
            return False
        value = self.values[0]
        return isinstance(value, bool) or (
            self.path.field.type in {"choice", "state"} and NAME.fullmatch(str(value)) is not None
        )

    @property
    def shape(self) -> tuple[Hashable, ...]:
        """What decides its SQL, without the values that are bound."""
        if self.through is not None:
            return (self.path.key, self.operator, "through", self.through.key)
        if self.is_written:
            return (self.path.key, self.operator, str(self.values[0]), self.group)
        fixed = self.operator in LISTS or self.operator == "within"
        return (self.path.key, self.operator, 0 if fixed else len(self.values), self.group)

    def at(self, now: datetime, zone: tzinfo) -> Clause:
        """Return the clause with a named period told as its two ends, the second one outside."""
        if self.operator != "within":
            return self
        first, after = bounds(str(self.values[0]), now.astimezone(zone).date())
        if self.path.field.type == "date":
            return replace(self, values=(first, after))
        ends = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (first, after))
        return replace(self, values=tuple(ends))


def parse_filters(
    query: Mapping[str, tuple[str, ...]], entity: str, reader: Reader
) -> tuple[Clause, ...]:
    """Return the clauses of a query string.

    Raises:
        BadRequest: a clause cannot be understood; every wrong one is named.

    """
    clauses: list[Clause] = []
    errors: list[FieldError] = []
    for key, texts in query.items():
        if key in RESERVED:
            continue
        for text in texts:
            try:
                clauses.append(_clause(key, text, entity, reader))
            except BadRequest as refusal:
                errors += refusal.errors
    if len(clauses) > MAX_CLAUSES:
        errors.append(_error("", "too_many", "At most 20 filters.", "最多 20 个筛选条件。"))
    if errors:
        raise BadRequest(errors[0].message, tuple(errors))
    return tuple(clauses)


def _clause(key: str, text: str, entity: str, reader: Reader) -> Clause:
    written = CLAUSE.match(key)
    if written is None:
        raise _refuse(
            key, "unknown_field", f"There is no field '{key}' here.", f"这里没有字段“{key}”。"
        )
    path = reader.path(entity, written[1])
    kind, seen, through = reader.catalog[path.field.type], *_sight(path, reader)
    if not seen and through is None:
        raise masked_field(path.text)
    operator = written[2] or ("has" if "has" in kind.operators else "eq")
    if operator not in kind.operators:
        known = ", ".join(kind.operators)
        raise _refuse(
            key,
            "unknown_operator",
            f"'{path.text}' cannot be filtered by '{operator}'. It can by: {known}.",
            f"“{path.text}”不支持筛选方式“{operator}”，可用：{known}。",
        )
    group = int(written[3] or 0)
    if operator != "eq" or group:
        through = None
    if not seen and through is None:
        raise masked_field(path.text)
    return Clause(path, operator, _values(key, text, operator, path, kind), group, through)


def _sight(path: Path, reader: Reader) -> tuple[bool, Grant | None]:
    """Return whether some row shows the value, and the right to look it up where it is masked."""
    return reader.is_compared(path), reader.looked_up(path)


def _values(key: str, text: str, operator: str, path: Path, kind: FieldType) -> tuple[Any, ...]:
    if operator == "empty":
        if text not in {"true", "false"}:
            raise _refuse(key, "invalid", "Write true or false.", "请填写 true 或 false。")
        return (text == "true",)
    if operator == "within":
        if not is_period(text):
            known = ", ".join((*PERIODS, "2025", "2025-01"))
            raise _refuse(key, "invalid", f"Write one of: {known}.", f"可用的值：{known}。")
        return (text,)
    texts = text.split(",") if operator in MANY else [text]
    if operator == "between" and len(texts) != 2:
        raise _refuse(key, "invalid", "Write two values with a comma.", "请用逗号分隔两个值。")
    if len(texts) > MAX_VALUES:
        raise _refuse(key, "too_many", "At most 500 values.", "最多 500 个值。")
    return tuple(_value(key, part, operator, path, kind) for part in texts)


def _value(key: str, text: str, operator: str, path: Path, kind: FieldType) -> Any:
    if operator in {"contains", "starts_with", "has", "has_any"}:
        if not text or len(text) > 200 or "\x00" in text:
            raise _refuse(key, "invalid", "Write 1 to 200 characters.", "请输入 1 到 200 个字符。")
        return text
    api = kind.from_text(text, path.field)
    if api is None:
        raise _refuse(key, "invalid", "Write a value.", "请填写值。")
    try:
        return kind.filter_schema(path.field).deserialize(api)
    except ma.ValidationError as error:
        said = error.messages[0] if isinstance(error.messages, list) else str(error)
        zh = said.text("zh") if isinstance(said, Words) else str(said)
        raise _refuse(key, "invalid", str(said), zh) from error


def _error(field: str, code: str, en: str, zh: str) -> FieldError:
    return FieldError(field, code, Label({"en": en, "zh": zh}))


def _refuse(key: str, code: str, en: str, zh: str) -> BadRequest:
    error = _error(key, code, en, zh)
    return BadRequest(error.message, (error,))


Catalogs = Catalog[FieldType]
