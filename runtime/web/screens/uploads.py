"""Who uploaded a file, and smaller copies of a picture.

Who uploaded a file is remembered, because until a record holds it, it is theirs alone. A file's own
id opens nothing: the record that holds it decides.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import sqlalchemy as sa
from PIL import Image

from runtime.files import FileStore, StoredFile
from runtime.keeping import pixels
from runtime.store.engine import read

SIDES = {"small": 160, "large": 800}
"""Sizes a picture is also offered in."""


def uploaded_by(files: FileStore, file_id: str) -> int | None:
    """Return who uploaded a file; None when there is no such file."""
    with read(files.engine) as connection:
        statement = sa.select(files.table.c.created_by).where(files.table.c.id == file_id)
        found: int | None = connection.execute(statement).scalar_one_or_none()
    return found


def smaller(files: FileStore, stored: StoredFile, side: int) -> Path:
    """Return where a smaller copy of a picture lies; it is made when first asked for."""
    original = files.path(stored)
    wanted = original.with_name(f"{stored.sha256}.{side}.webp")
    if not wanted.exists():
        with Image.open(original) as picture:
            picture.thumbnail((side, side))
            held = BytesIO()
            pixels(picture).save(held, "WEBP", quality=82)
        half = wanted.with_name(f"{wanted.name}.{files.make_id()}")
        half.write_bytes(held.getvalue())
        half.replace(wanted)
    return wanted
