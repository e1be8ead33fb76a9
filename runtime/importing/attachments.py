"""Files that a table names, such as `pictures/mug.webp`: kept beside the records, each once.

Only files in the folder of the table are taken; what a cell names besides stays a text, which the
field's schema refuses.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa

from generator.model.entity import Field
from runtime.files import FileRefused, FileStore
from runtime.store import inserts
from runtime.store.engine import read


class Files(Protocol):
    """What keeps the files that cells name."""

    def keep(self, text: str, model: Field) -> str | None:
        """Return the id of the file a cell names; None where it says nothing."""

    def write(self, connection: sa.Connection) -> None:
        """Write the rows of what was named since the last time, in the caller's transaction."""


class Attachments:
    """The files of one import."""

    def __init__(self, store: FileStore, folder: Path, by: int) -> None:
        self.store, self.by = store, by
        self.folder = folder.resolve()
        self.ids: dict[str, str] = {}
        self.pending: list[dict[str, Any]] = []

    def keep(self, text: str, model: Field) -> str | None:
        """Return the id of the file a cell names; the text itself when there is none."""
        if text not in self.ids:
            path = (self.folder / text).resolve()
            if not path.is_relative_to(self.folder) or not path.is_file():
                return text
            try:
                self.ids[text] = self._id(path)
            except FileRefused:
                return text
        return self.ids[text]

    def _id(self, path: Path) -> str:
        """Return the id a file has already under this name, or a new one."""
        content = path.read_bytes()
        table, digest = self.store.table, hashlib.sha256(content).hexdigest()
        same = sa.select(table.c.id).where(table.c.sha256 == digest, table.c.name == path.name)
        with read(self.store.engine) as connection:
            found = connection.execute(same).scalars().first()
        if found is not None:
            return str(found)
        stored = self.store.take(path.name, content)
        self.pending.append(self.store.row(stored, self.by))
        return stored.id

    def write(self, connection: sa.Connection) -> None:
        """Write the rows of what was named since the last time, in the caller's transaction."""
        inserts.insert_many(connection, self.store.table, self.pending)
        self.pending = []


class NoAttachments:
    """Where files are not kept: cells that name one say nothing."""

    def keep(self, text: str, model: Field) -> str | None:
        """Return nothing."""
        return None

    def write(self, connection: sa.Connection) -> None:
        """Write nothing."""
