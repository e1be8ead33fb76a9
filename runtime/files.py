"""Uploaded files and pictures: bytes in, an id out that a record's field can hold.

The bytes lie in a folder under the hash of their content, so one picture is kept once however often
it is uploaded, and a name from outside never becomes a path. What a file is called and what it is
stands in `sw_file`. What a picture is, its bytes decide, not its name or what a browser claims.
"""

from __future__ import annotations

import hashlib
import mimetypes
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from PIL import Image, UnidentifiedImageError

from runtime.store.engine import read, write

PICTURES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}
NO_SIGNS = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Categories of Unicode that no name of a file holds: controls, formats, what is no sign."""
LONGEST_NAME = 200
MOST_PIXELS = 50_000_000
"""A larger picture is refused: a few kilobytes of it may unfold into gigabytes."""


class FileRefused(ValueError):
    """The bytes are not what their name says, or are too much."""


@dataclass(frozen=True)
class StoredFile:
    """What is known of a file."""

    id: str
    name: str
    media_type: str
    size: int
    sha256: str
    width: int | None
    height: int | None


class FileStore:
    """The folder of files and the table about them."""

    def __init__(
        self,
        folder: Path,
        engine: sa.Engine,
        table: sa.Table,
        clock: Callable[[], datetime],
        make_id: Callable[[], str],
    ) -> None:
        self.folder, self.engine, self.table = folder, engine, table
        self.clock, self.make_id = clock, make_id

    def keep(self, name: str, content: bytes, by: int) -> StoredFile:
        """Keep a file; return what is known of it.

        Args:
            name: what people call it; only its last part counts.
            content: the bytes.
            by: the id of the person.

        Raises:
            FileRefused: a name of a picture over bytes that are none, or a picture too large.

        """
        stored = self.take(name, content)
        with write(self.engine) as connection:
            connection.execute(self.table.insert(), self.row(stored, by))
        return stored

    def take(self, name: str, content: bytes) -> StoredFile:
        """Keep the bytes of a file whose row the caller writes (see `row`)."""
        short = plain_name(name)
        media_type, width, height = _look(short, content)
        digest = hashlib.sha256(content).hexdigest()
        stored = StoredFile(self.make_id(), short, media_type, len(content), digest, width, height)
        self._write(self.path(stored), content)
        return stored

    def row(self, stored: StoredFile, by: int) -> dict[str, Any]:
        """Return the row that names a file."""
        return {**stored.__dict__, "created_at": self.clock(), "created_by": by}

    def find(self, file_id: str) -> StoredFile | None:
        """Return what is known of a file, or None."""
        columns = [self.table.c[name] for name in StoredFile.__dataclass_fields__]
        with read(self.engine) as connection:
            row = connection.execute(sa.select(*columns).where(self.table.c.id == file_id)).first()
        return None if row is None else StoredFile(*row)

    def find_many(
        self, ids: Collection[str], by: int, held: Collection[str]
    ) -> dict[str, StoredFile]:
        """Return what is known of those files that a person uploaded or that are held anyway."""
        columns = [self.table.c[name] for name in StoredFile.__dataclass_fields__]
        known = sa.or_(self.table.c.created_by == by, self.table.c.id.in_(list(held)))
        statement = sa.select(*columns).where(self.table.c.id.in_(list(ids)), known)
        with read(self.engine) as connection:
            return {row.id: StoredFile(*row) for row in connection.execute(statement)}

    def path(self, stored: StoredFile) -> Path:
        """Return where the bytes lie."""
        return self.folder / stored.sha256[:2] / stored.sha256

    def _write(self, path: Path, content: bytes) -> None:
        """Write the bytes whole or not at all: a reader never finds half a file."""
        if path.exists():
            path.touch()  # whoever tidies sees that it is wanted again
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_name(f"{path.name}.{self.make_id()}")
        half.write_bytes(content)
        half.replace(path)


def plain_name(name: str) -> str:
    """Return what a file may be called here: the last part, of signs that are only signs.

    What turns the direction of a text shows `exe.png` for a program, and no database keeps U+0000.
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    kept = "".join(one for one in last if unicodedata.category(one) not in NO_SIGNS)
    head, dot, end = kept.strip(" .").rpartition(".")
    end = end[:LONGEST_NAME]
    return f"{head[: LONGEST_NAME - len(end) - len(dot)]}{dot}{end}".strip(" .") or "file"


def _look(name: str, content: bytes) -> tuple[str, int | None, int | None]:
    """Return the media type of a file, and of a picture its width and height."""
    guessed = mimetypes.guess_type(name)[0] or "application/octet-stream"
    try:
        with Image.open(BytesIO(content), formats=tuple(PICTURES)) as picture:
            if picture.format in PICTURES:
                if picture.width * picture.height > MOST_PIXELS:
                    raise FileRefused(f"'{name}' has more than {MOST_PIXELS} pixels.")
                picture.verify()
                return PICTURES[picture.format], picture.width, picture.height
    except Image.DecompressionBombError as error:
        raise FileRefused(f"'{name}' has more than {MOST_PIXELS} pixels.") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        if isinstance(error, FileRefused):
            raise
        if guessed in PICTURES.values():
            raise FileRefused(f"'{name}' is not a picture.") from error
    if guessed in PICTURES.values():
        raise FileRefused(f"'{name}' is not a picture of that kind.")
    return guessed, None, None
