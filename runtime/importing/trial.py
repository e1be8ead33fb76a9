"""A back office on a copy of the database, for an import that is only tried.

SQLite has one writer. A dry run writes as the real one would and takes it back, so in the shop's
own file it would keep everybody else from saving for as long as it lasts, and could not even say
how far it is. The copy is one consistent state, made while others go on, and is gone afterwards.
PostgreSQL needs none: its transactions do not wait for each other. Where the disk has no room for
a copy the shop's own file is used.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from runtime.runtime import Runtime
from runtime.store.engine import make_engine

ROOM = 2
"""So many times the size of the database must be free."""
FILE = "trial.db"


@contextmanager
def trial(office: Runtime, folder: Path) -> Iterator[Runtime]:
    """Give the back office to try in; `folder` is only for it, and is removed.

    What stands in the copy reaches nobody: it has neither mail nor connectors.
    """
    where = office.engine.url.database
    if office.engine.dialect.name != "sqlite" or not where or not _has_room(Path(where)):
        yield office
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    try:
        copied = folder / FILE
        with closing(sqlite3.connect(where)) as source, closing(sqlite3.connect(copied)) as target:
            # in one step: between two of them somebody's write would make it begin again
            source.backup(target, pages=-1)
        engine = make_engine(f"sqlite:///{copied}")
        try:
            yield Runtime(
                office.compiled,
                engine,
                office.schema,
                office.system,
                clock=office.clock,
                make_id=office.make_id,
                audit_key=office.audit_key,
                old_audit_keys=office.old_audit_keys,
            )
        finally:
            engine.dispose()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _has_room(database: Path) -> bool:
    if not database.is_file():
        return False
    return shutil.disk_usage(database.parent).free > ROOM * database.stat().st_size
