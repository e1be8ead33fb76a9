"""Taking a backup: one state of the database, its files, and the definitions it is at.

The database is copied first. A file lies under the hash of its bytes and is never changed, so
whatever the copied rows name is still there when the files follow.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from runtime.backup.archive import (
    DATABASE,
    DEFINITIONS,
    FILES,
    SUFFIX,
    BadArchive,
    Manifest,
    Writer,
    unpack,
)
from runtime.store.copies import copy_out, try_load
from runtime.store.engine import read
from runtime.store.migrate.releases import last_release

NAME = "backup-"
FOLDER = "backups"
"""In the folder of data."""
SCRATCH = "sw_restore_test"


@dataclass(frozen=True)
class Taken:
    """A backup that was made."""

    path: Path
    manifest: Manifest
    size: int
    """Bytes."""

    @property
    def rows(self) -> int:
        """How many rows it holds."""
        return sum(self.manifest.rows.values())

    @property
    def files(self) -> int:
        """How many uploaded files it holds."""
        return sum(name.startswith(f"{FILES}/") for name in self.manifest.members)


def take(engine: sa.Engine, app: str, files: Path, folder: Path, now: datetime) -> Taken:
    """Write a backup into a folder and return it.

    Args:
        engine: the database.
        app: the name of the back office, for whoever finds the file later.
        files: the folder of uploaded files.
        folder: where the archive goes; made if it is not there.
        now: the time it is named by.

    Raises:
        BadArchive: nothing was ever applied to this database.

    """
    with read(engine) as connection:
        release = last_release(connection)
    if release is None:
        raise BadArchive("nothing was ever applied to this database")
    folder.mkdir(parents=True, exist_ok=True)
    writer = Writer(folder / f"{NAME}{now:%Y%m%dT%H%M%SZ}{SUFFIX}")
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".copy-") as place:
            rows = copy_out(engine, Path(place))
            for path in sorted(Path(place).iterdir()):
                writer.add(f"{DATABASE}/{path.name}", path)
        for path in sorted(files.rglob("*")) if files.is_dir() else ():
            if path.is_file():
                writer.add(f"{FILES}/{path.relative_to(files).as_posix()}", path)
        for name, text in release.definitions.items():
            writer.add_text(f"{DEFINITIONS}/{name}", text)
        manifest = writer.finish(
            made_at=now.isoformat(),
            database=engine.dialect.name,
            app=app,
            digest=release.digest,
            rows=rows,
        )
    except BaseException:
        writer.give_up()
        raise
    return Taken(writer.path, manifest, writer.path.stat().st_size)


def prove(engine: sa.Engine, path: Path) -> Manifest:
    """Unpack a backup and load it beside the shop's own tables, which it does not touch.

    Raises:
        BadArchive: it is damaged.
        CopyDoesNotFit: it cannot be loaded.

    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".try-") as place:
        manifest = unpack(path, Path(place))
        try_load(engine, Path(place) / DATABASE, manifest.rows, SCRATCH)
    return manifest


def forget_old(folder: Path, keep: int) -> int:
    """Remove all but the latest backups of a folder; return how many went."""
    found = sorted(folder.glob(f"{NAME}*{SUFFIX}"))
    old = found[:-keep] if keep else []
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
