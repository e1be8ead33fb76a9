"""Every applied release: its number, its definition files, and what it left in the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from runtime.store.engine import read
from runtime.store.migrate.faults import UnknownRelease
from runtime.store.migrate.renames import Renames, renames_from_json, undo
from runtime.store.system_tables import own_tables

APPLIED = "applied"
TABLE = "sw_release"


@dataclass(frozen=True)
class ReleaseLine:
    """A release in a list."""

    number: int
    applied_at: datetime
    applied_by: str
    digest: str
    returns_to: int | None
    """The release whose definitions it brought back."""


@dataclass(frozen=True)
class Release(ReleaseLine):
    """A release with all that was kept of it."""

    definitions: Mapping[str, str]
    """The text of each definition file by its path below the folder."""
    facts: Mapping[str, Any]
    shape: Mapping[str, Any]
    """The schema as it was left: its difference to the present one is what somebody did by hand."""


def last_release(connection: sa.Connection) -> Release | None:
    """Return the release the database is at, or None when nothing was ever applied to it."""
    if not sa.inspect(connection).has_table(TABLE):
        return None
    number = own_tables().release.c.number
    row = connection.execute(_select(Release).order_by(number.desc()).limit(1)).first()
    return Release(*row) if row else None


def releases(engine: sa.Engine) -> tuple[ReleaseLine, ...]:
    """Return all releases, the latest first."""
    with read(engine) as connection:
        if not sa.inspect(connection).has_table(TABLE):
            return ()
        rows = connection.execute(
            _select(ReleaseLine).order_by(own_tables().release.c.number.desc())
        )
        return tuple(ReleaseLine(*row) for row in rows)


def find_release(engine: sa.Engine, number: int) -> Release:
    """Return a release by its number.

    Raises:
        UnknownRelease: there is none of that number.

    """
    with read(engine) as connection:
        row = None
        if sa.inspect(connection).has_table(TABLE):
            chosen = _select(Release).where(own_tables().release.c.number == number)
            row = connection.execute(chosen).first()
    if row is None:
        raise UnknownRelease(number)
    return Release(*row)


def retimed(engine: sa.Engine, number: int) -> Mapping[str, Any]:
    """Return what became of timers when a release was applied: choice, moved, armed, spread."""
    table = own_tables().release.c
    with read(engine) as connection:
        plan = connection.execute(sa.select(table.plan).where(table.number == number)).scalar()
    found: Mapping[str, Any] = (plan or {}).get("retimed", {})
    return found


def undone_renames(connection: sa.Connection, number: int) -> Renames:
    """Return the renames that lead from the present names back to those of a release."""
    table = own_tables().release.c
    since = sa.select(table.renames).where(table.number > number).order_by(table.number.desc())
    return undo([renames_from_json(kept) for kept in connection.execute(since).scalars()])


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


def _select(kind: type[ReleaseLine]) -> sa.Select[Any]:
    columns = own_tables().release.c
    return sa.select(*(columns[one.name] for one in fields(kind))).where(columns.status == APPLIED)
