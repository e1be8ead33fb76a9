"""Lists of values bound as one parameter: an array on PostgreSQL, a JSON text on SQLite.

With `IN (?, ?, …)` every number of values is another statement; with one parameter the statement
is the same for one id and for two hundred, so it is compiled and prepared once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql


class _JsonList(sa.types.TypeDecorator[list[Any]]):
    """A list whose items are bound as the column they are compared with would bind them."""

    impl = sa.Text()
    cache_ok = True

    def __init__(self, item: sa.types.TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[Any], str]:
        """Return the function from a list to its JSON text."""
        process = self.item.dialect_impl(dialect).bind_processor(dialect)

        def text(values: Sequence[Any]) -> str:
            items = list(values) if process is None else [process(value) for value in values]
            return orjson.dumps(items).decode()

        return text


def is_one_of(column: Any, name: str, dialect: str) -> Any:
    """Return "the column is one of the values bound under `name`"."""
    if dialect == "postgresql":
        return column == sa.any_(_array(name, column.type))
    return column.in_(_json_values(name, column.type))


def is_none_of(column: Any, name: str, dialect: str) -> Any:
    """Return "the column is none of the values bound under `name`"; unknown for null."""
    if dialect == "postgresql":
        return column != sa.all_(_array(name, column.type))
    return column.not_in(_json_values(name, column.type))


def _array(name: str, item: sa.types.TypeEngine[Any]) -> Any:
    return sa.bindparam(name, type_=postgresql.ARRAY(item))


def _json_values(name: str, item: sa.types.TypeEngine[Any]) -> Any:
    each = sa.func.json_each(sa.bindparam(name, type_=_JsonList(item))).table_valued("value")
    return sa.select(each.c.value)
