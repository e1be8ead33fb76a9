"""Files that were uploaded and never held by any record go, after a while.

Somebody picks a file, the form is refused, and they never come back: the bytes stay. Once an hour
the oldest uploads are looked at; one that no field and no attachment holds, and that no write of
its uploader ever named, is forgotten with its bytes. One that a record held once stays, because the
record's history can bring it back.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from generator.build.tables import has_column
from runtime.files import FileStore
from runtime.runtime import Runtime
from runtime.store.engine import read, write
from runtime.store.guard import system

OLD = timedelta(days=7)
BATCH = 200
FRESH_SECONDS = 3600
"""Bytes touched so lately may be those of an upload under way."""
FILE_TYPES = frozenset({"file", "image"})


def tidy_files(runtime: Runtime, files: FileStore, older_than: timedelta = OLD) -> int:
    """Forget uploads nothing holds; return how many.

    A batch of the oldest is looked at, one statement for each field that can hold a file. The rows
    go first and the bytes after them, so what is left after a crash is bytes nobody names.
    """
    before = runtime.clock() - older_than
    table, gone = runtime.system.file, 0
    last = ""
    while True:
        with read(runtime.engine) as connection:
            rows = connection.execute(
                sa.select(table.c.id, table.c.sha256, table.c.created_by)
                .where(table.c.created_at < before, table.c.id > last)
                .order_by(table.c.id)
                .limit(BATCH)
            ).all()
            free = _unheld(connection, runtime, rows)
        gone += _forget(runtime, files, free)
        if len(rows) < BATCH:
            return gone
        last = rows[-1].id


def _unheld(connection: sa.Connection, runtime: Runtime, rows: Sequence[Any]) -> list[Any]:
    ids = [str(row.id) for row in rows]
    if not ids:
        return []
    held: set[str] = set()
    for column in _places(runtime):
        held |= {
            str(found)
            for found in connection.execute(
                system(sa.select(column).where(column.in_(ids)), "which files are held")
            ).scalars()
        }
    return [
        row for row in rows if str(row.id) not in held and not _was_named(connection, runtime, row)
    ]


def _places(runtime: Runtime) -> Iterator[Any]:
    """Yield every column that can hold a file's id."""
    yield runtime.system.attachment.c.file_id
    for entity in runtime.app.entities.values():
        for field in entity.fields.values():
            if field.type in FILE_TYPES and has_column(field, runtime.compiled.field_types):
                yield runtime.schema.tables[entity.name].c[field.name]


def _was_named(connection: sa.Connection, runtime: Runtime, row: Any) -> bool:
    """Return whether a write of its uploader ever named the file: found by who and when."""
    audit = runtime.system.audit
    named = (
        sa.select(audit.c.id)
        .where(
            audit.c.actor_id == row.created_by,
            audit.c.id > str(row.id),
            sa.cast(audit.c.after, sa.Text).contains(str(row.id)),
        )
        .limit(1)
    )
    return connection.execute(named).first() is not None


def _forget(runtime: Runtime, files: FileStore, rows: Sequence[Any]) -> int:
    if not rows:
        return 0
    table = runtime.system.file
    digests = {row.sha256 for row in rows}
    with write(runtime.engine) as connection:
        # looked at again under the write: a form may have taken one meanwhile
        free = [row.id for row in _unheld(connection, runtime, rows)]
        connection.execute(table.delete().where(table.c.id.in_(free)))
        still = sa.select(table.c.sha256).where(table.c.sha256.in_(digests))
        named = set(connection.execute(still).scalars())
    for digest in digests - named:
        _remove(files, digest)
    return len(free)


def _remove(files: FileStore, digest: str) -> None:
    """Remove the bytes and the smaller copies of a picture, unless they were touched just now."""
    folder = files.folder / digest[:2]
    original = folder / digest
    if original.is_file() and time.time() - original.stat().st_mtime < FRESH_SECONDS:
        return
    for path in folder.glob(f"{digest}*"):
        path.unlink(missing_ok=True)
