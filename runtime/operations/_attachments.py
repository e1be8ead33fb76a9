"""Attachments as rows: a file beside a record, read with what is known of the file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from runtime.operations.read import not_found
from runtime.runtime import Runtime

MOST = 100
"""Files of one record."""


@dataclass(frozen=True)
class Attachment:
    """A file that is attached to a record."""

    id: str
    at: datetime
    actor_id: int
    actor_name: str
    file: str
    """The file's id."""
    name: str
    media_type: str
    size: int
    """Bytes."""
    width: int | None
    height: int | None


def statement(runtime: Runtime, entity: Any, record_id: Any) -> sa.Select[Any]:
    """Return the statement that reads the attachments of a record, newest first.

    `entity` and `record_id` are texts, or parameters that stand for them.
    """
    beside, file = runtime.system.attachment, runtime.system.file
    return (
        sa.select(
            beside.c.id,
            beside.c.created_at,
            beside.c.actor_id,
            beside.c.actor_name,
            file.c.id.label("file_id"),
            file.c.name,
            file.c.media_type,
            file.c.size,
            file.c.width,
            file.c.height,
        )
        .join_from(beside, file, file.c.id == beside.c.file_id)
        .where(beside.c.entity == entity, beside.c.record_id == record_id)
        .order_by(beside.c.id.desc())
        .limit(MOST)
    )


def attachment(row: Any) -> Attachment:
    """Return a row as a value."""
    record, at, actor_id, actor_name, file, *known = row
    return Attachment(str(record), at, actor_id, actor_name, str(file), *known)


def one(
    connection: sa.Connection, runtime: Runtime, entity: str, record_id: str, attachment_id: str
) -> Attachment:
    """Return one attachment of a record.

    Raises:
        NotFound: it is not there, or another record's.

    """
    beside = runtime.system.attachment
    found = statement(runtime, entity, record_id).where(beside.c.id == attachment_id)
    row = connection.execute(found).first()
    if row is None:
        raise not_found()
    return attachment(row)
