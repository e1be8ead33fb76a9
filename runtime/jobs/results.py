"""Files that runs make: bytes in a folder of their own, what is known of them in `sw_job_file`.

A file is written whole under a name that says nothing, and then named in a row; a run that died on
the way leaves bytes nobody names, which `forget` removes with those whose time is over.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from runtime.jobs.outbox import new_id
from runtime.jobs.tables import FILE, RUN
from runtime.jobs.worker import JobRuntime
from runtime.store.engine import read, write

PIECE = 64 * 1024
FOLDER = "results"
"""In the folder of data."""


@dataclass(frozen=True)
class Made:
    """A file that a run made."""

    name: str
    media_type: str
    pieces: Iterator[bytes]
    entity: str
    """Whose records it holds; whoever takes it must be allowed to export them."""
    rows: Callable[[], int]
    """Asked when it is written."""
    keep: timedelta


def keep(working: JobRuntime, run_id: str, made: Made) -> str:
    """Write a file and name it; return its id. One of that name of an earlier attempt goes."""
    assert working.results is not None
    file_id = new_id()
    path = path_of(working.results, run_id, file_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".half")
    size = 0
    try:
        with half.open("wb") as out:
            for piece in made.pieces:
                size += out.write(piece)
            out.flush()
            os.fsync(out.fileno())
        half.replace(path)
    finally:
        # there only where something went wrong; a process that is killed leaves it to `forget`
        half.unlink(missing_ok=True)
    now = working.clock()
    same = (FILE.c.run_id == run_id, FILE.c.name == made.name)
    with write(working.engine) as connection:
        known = connection.execute(sa.select(FILE.c.id).where(*same)).scalars()
        earlier = [str(one) for one in known]
        connection.execute(FILE.delete().where(*same))
        connection.execute(
            FILE.insert().values(
                id=file_id,
                run_id=run_id,
                name=made.name[:255],
                media_type=made.media_type,
                size=size,
                rows=made.rows(),
                entity=made.entity or None,
                created_at=now,
                expires_at=now + made.keep,
            )
        )
    for one in earlier:
        path_of(working.results, run_id, one).unlink(missing_ok=True)
    return file_id


def path_of(folder: Path, run_id: str, file_id: str) -> Path:
    """Return where the bytes of a file lie; both ids are ours and never come from outside."""
    return folder / run_id / file_id


def pieces(path: Path) -> Iterator[bytes]:
    """Yield the bytes of a file, as they are sent."""
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def disposition(name: str) -> str:
    """Return the header that says under which name a file is kept by who takes it."""
    plain = "".join(one if one.isascii() and one not in '"\\' else "_" for one in name)
    return f'attachment; filename="{plain}"'


def forget(engine: sa.Engine, folder: Path, now: datetime) -> int:
    """Remove files whose time is over, and bytes that nobody names; return how many rows."""
    with write(engine) as connection:
        gone = connection.execute(FILE.delete().where(FILE.c.expires_at <= now))
    if not folder.is_dir():
        return gone.rowcount
    with read(engine) as connection:
        named = {str(one) for one in connection.execute(sa.select(FILE.c.id)).scalars()}
        working = set(
            connection.execute(sa.select(RUN.c.id).where(RUN.c.state == "running")).scalars()
        )
    for place in folder.iterdir():
        if place.name in working or not place.is_dir():
            continue
        left = [path for path in place.iterdir() if path.name not in named]
        for path in left:
            path.unlink(missing_ok=True)
        if not any(place.iterdir()):
            shutil.rmtree(place, ignore_errors=True)
    return gone.rowcount
