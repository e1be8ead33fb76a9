"""JSON columns: `jsonb` on PostgreSQL, text on SQLite, and the bounds of any JSON a client sends.

On SQLite the text keeps non-ASCII characters as they are, so that a search finds 衬衫 in it.
"""

from __future__ import annotations

import json
import math
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from generator.field_types._texts import CONTROL_IN_PARAGRAPHS

WHOLE = 2**53 - 1
"""The largest integer that every JSON reader keeps exactly."""


class JsonType(sa.types.TypeDecorator[Any]):
    """A column of JSON; Python's None is SQL's NULL."""

    impl = sa.Text()
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(JSONB(none_as_null=True))
        return dialect.type_descriptor(sa.Text())

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        """Return text for SQLite; psycopg's own type writes the rest."""
        if value is None or dialect.name == "postgresql":
            return value
        return json_text(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        """Return the parsed value."""
        return (
            json.loads(value) if isinstance(value, str) and dialect.name != "postgresql" else value
        )


def json_text(value: Any) -> str:
    """Return compact JSON with its characters as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def parsed(text: str) -> Any:
    """Return the JSON value a text holds; None for an empty text, the text when it is not JSON."""
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def fault(value: Any, depth: int, budget: int) -> str:
    """Return why a JSON value cannot be kept: depth, size, control, number; empty when it can.

    Args:
        value: any value `json.loads` can return.
        depth: the most levels of lists and objects.
        budget: the most characters and items together.

    """
    waiting: list[tuple[Any, int]] = [(value, depth)]
    while waiting:
        item, levels = waiting.pop()
        budget -= len(item) + 1 if isinstance(item, (str, list, dict)) else 8
        if budget < 0:
            return "size"
        if isinstance(item, (list, dict)):
            if levels == 0:
                return "depth"
            parts = [*item.keys(), *item.values()] if isinstance(item, dict) else item
            waiting += [(part, levels - 1) for part in parts]
        elif isinstance(item, str):
            if CONTROL_IN_PARAGRAPHS.search(item):
                return "control"
        elif not _is_plain(item):
            return "number"
    return ""


def _is_plain(item: Any) -> bool:
    if item is None or isinstance(item, bool):
        return True
    if isinstance(item, int):
        return -WHOLE <= item <= WHOLE
    return isinstance(item, float) and math.isfinite(item) and abs(item) <= WHOLE
