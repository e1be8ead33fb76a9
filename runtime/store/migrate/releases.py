"""Every applied release: its number, its definition files, and what it left in the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from runtime.store.engine import read
from runtime.store.migrate.faults import UnknownRelease
from runtime.store.system_tables import own_tables

APPLIED = "applied"


@dataclass(frozen=True)
class Release:
    """One row of `sw_release`."""

    number: int
    applied_at: datetime
    applied_by: str
    digest: str
    definitions: Mapping[str, str]
    """The text of each definition file by its path below the folder."""
    facts: Mapping[str, Any]
    shape: Mapping[str, Any]
    """The schema as it was left: its difference to the present one is what somebody did by hand."""
    returns_to: int | None = None


def last_release(connection: sa.Connection) -> Release | None:
    """Return the release the database is at, or None on a database without any."""
    if not sa.inspect(connection).has_table("sw_release"):
        return None
    table = own_tables().release
    row = connection.execute(_select().order_by(table.c.number.desc()).limit(1)).first()
    return Release(*row) if row else None


def releases(engine: sa.Engine) -> tuple[Release, ...]:
    """Return all releases, the latest first."""
    with read(engine) as connection:
        if not sa.inspect(connection).has_table("sw_release"):
            return ()
        rows = connection.execute(_select().order_by(own_tables().release.c.number.desc()))
        return tuple(Release(*row) for row in rows)


def find_release(engine: sa.Engine, number: int) -> Release:
    """Return a release by its number.

    Raises:
        UnknownRelease: there is none of that number.

    """
    found = next((one for one in releases(engine) if one.number == number), None)
    if found is None:
        raise UnknownRelease(number)
    return found


def write_release(release: Release, folder: Path) -> None:
    """Write the definition files of a release into a folder that is empty or new.

    Raises:
        FileExistsError: the folder holds something; nothing is written over.

    """
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty")
    for file, text in release.definitions.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def _select() -> sa.Select[Any]:
    columns = own_tables().release.c
    return sa.select(*(columns[name] for name in Release.__dataclass_fields__)).where(
        columns.status == APPLIED
    )
