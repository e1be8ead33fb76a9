"""Restoring a backup into a database that holds nothing yet.

Everything is proved before anything is written. PostgreSQL's tables are made from the definitions
in the archive, then filled in one transaction: a restore that fails leaves an empty shop, never
half of one.
"""

from __future__ import annotations

import shutil
import tempfile
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from generator.compile import compile_definitions
from runtime.backup.archive import DATABASE, DEFINITIONS, FILES, BadArchive, Manifest, unpack
from runtime.store import copies
from runtime.store.copies import SQLITE_FILE
from runtime.store.migrate.apply import create_all


class NotEmpty(Exception):
    """The database, or the folder for the definitions, holds something already."""


def restore(
    path: Path, engine: sa.Engine, files: Path, definitions: Path | None, now: datetime
) -> Manifest:
    """Bring a backup into an empty database and return what it held.

    Args:
        path: the archive.
        engine: a database of the same make as the one it was taken from, without tables.
        files: the folder of uploaded files; those that are there already stay.
        definitions: where to write the definitions; None for nowhere.
        now: the clock.

    Raises:
        NotEmpty: the database has tables, or the folder of definitions has files.
        BadArchive: it is damaged, or of the other database.
        CopyDoesNotFit: its rows do not fit the tables its definitions make.

    """
    if copies.tables_in(engine):
        raise NotEmpty("the database")
    if definitions is not None and definitions.exists() and any(definitions.iterdir()):
        raise NotEmpty(str(definitions))
    with tempfile.TemporaryDirectory(prefix="restore-") as made:
        place = Path(made)
        manifest = unpack(path, place)
        if manifest.database != engine.dialect.name:
            raise BadArchive(f"it was taken from {manifest.database}")
        if engine.dialect.name == "sqlite":
            copies.try_load(engine, place / DATABASE, manifest.rows, "")
            _put_file(engine, place / DATABASE / SQLITE_FILE)
        else:
            create_all(engine, compile_definitions(place / DEFINITIONS), now=now)
            copies.load(engine, place / DATABASE, manifest.rows)
        _add_files(place / FILES, files)
        if definitions is not None:
            shutil.copytree(place / DEFINITIONS, definitions, dirs_exist_ok=True)
    return manifest


def _put_file(engine: sa.Engine, copy: Path) -> None:
    engine.dispose()
    where = engine.url.database
    assert where, "a shop has a database file"
    target = Path(where)
    target.parent.mkdir(parents=True, exist_ok=True)
    for beside in (f"{target.name}-wal", f"{target.name}-shm"):
        target.with_name(beside).unlink(missing_ok=True)
    half = target.with_name(f"{target.name}.half")
    shutil.copyfile(copy, half)
    half.chmod(0o600)
    half.replace(target)


def _add_files(source: Path, target: Path) -> None:
    for path in sorted(source.rglob("*")) if source.is_dir() else ():
        place = target / path.relative_to(source)
        if path.is_file() and not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
