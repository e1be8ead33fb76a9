"""Record ids: UUIDv7, made in the application, a `str` of 36 lower-case characters in Python."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID

from generator.field_types._refusals import ApiField, Words

WRITTEN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class _Id(sa.types.TypeDecorator[str]):
    """`uuid` on PostgreSQL, text of 36 characters on SQLite; the same `str` in Python."""

    impl = sa.String(36)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(UUID(as_uuid=False))
        return dialect.type_descriptor(sa.String(36))


def id_type() -> sa.types.TypeEngine[str]:
    """Return the column type of an id."""
    return _Id()


class RecordId(ApiField[str]):
    """The id of a record, exactly as the API gives it."""

    default_error_messages = {"invalid": Words("Send the id of a record.", "请选择记录。")}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or not WRITTEN.fullmatch(value):
            raise self.make_error("invalid")
        return value
