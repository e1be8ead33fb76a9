"""What is done with an upload, whoever asks: the pages of an import and REST call the same here.

In: who imports, an entity, a file they sent, what they said of it. Out: the upload, what it is
taken for, and a run that tries it or imports it in their rights. Nothing else begins an import.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from generator.field_types._ids import WRITTEN
from generator.model.entity import Entity
from generator.model.text import Label
from runtime.errors import BadRequest, FieldError, NotFound
from runtime.files import FileRefused, FileStore, StoredFile
from runtime.importing.asked import Asked, asked_of, under_its_name
from runtime.importing.faults import FileFault
from runtime.importing.picture_archive import PictureArchive
from runtime.importing.tables import Reading, Table, open_table
from runtime.jobs import desk as work
from runtime.jobs.starting import start_run
from runtime.jobs.work.import_rows import NAME
from runtime.messages import Incoming
from runtime.operations import _sensitive
from runtime.web.screens import doors, import_columns, import_kept, import_page, uploads
from runtime.web.screens.visit import Visit


@dataclass(frozen=True)
class Named:
    """What stands for columns that nobody spells out; empty for what the file seems to be."""

    map_name: str = ""
    """An import map of the definitions; `-` for the columns by themselves."""
    kept: str = ""
    """A mapping the person kept."""
    again: str = ""
    """A run of theirs whose columns are taken again, and its pictures where no others are sent."""


def may_import(visit: Visit, entity: Entity) -> bool:
    """Return whether somebody may import records of an entity in any mode."""
    return visit.may("import", entity.name) and bool(import_page.modes_of(visit, entity))


def maps(visit: Visit, entity: Entity) -> tuple[str, ...]:
    """Return the names of the import maps that somebody may import records of an entity by."""
    return tuple(one.name for one in import_columns.maps_of(visit, entity))


def ask(visit: Visit, entity: Entity) -> None:
    """Refuse whoever may not import, as the pipeline does.

    Raises:
        RequestError: they may not.

    """
    if not may_import(visit, entity):
        doors.ask(visit, "import", entity.name, values={"records": []})
        raise NotFound


def take(files: FileStore, name: str, content: bytes) -> StoredFile:
    """Take the bytes of a file, unless nobody could read a table out of it; see `keep`.

    Raises:
        FileFault: it is empty, or no table.

    """
    if not name or not content:
        raise FileFault("Choose a file that is not empty.", "请选择一个非空的文件。")
    try:
        stored = files.take(name, content)
    except FileRefused as refusal:
        raise FileFault(
            "This is no table; send a CSV, an Excel workbook or JSON lines.",
            "这不是表格，请使用 CSV、Excel 工作簿或 JSON Lines 文件。",
        ) from refusal
    with under_its_name(files, stored) as path:
        open_table(path, Reading())
    return stored


def take_archive(files: FileStore, name: str, content: bytes) -> StoredFile:
    """Take the ZIP of files sent beside a table; see `keep`.

    Raises:
        FileFault: it is none, or one that nobody should open.

    """
    try:
        stored = files.take(name, content)
    except FileRefused as refusal:
        raise FileFault(
            "The pictures are no ZIP archive, or one that is torn.",
            "图片文件不是 ZIP 压缩包，或压缩包已损坏。",
        ) from refusal
    PictureArchive(files.path(stored)).close()
    return stored


def keep(connection: sa.Connection, visit: Visit, files: FileStore, *some: StoredFile) -> None:
    """Keep what was taken as uploads of this person, in the caller's transaction."""
    for one in some:
        connection.execute(files.table.insert(), files.row(one, visit.actor.id))


def upload(visit: Visit, files: FileStore, entity: Entity, file_id: str) -> Asked:
    """Return an upload of this person as something to import.

    Raises:
        NotFound: there is none, or it is somebody else's.

    """
    stored = files.find(file_id) if WRITTEN.fullmatch(file_id) else None
    if stored is None or not is_theirs(visit, files, file_id):
        raise NotFound
    return Asked(
        entity.name,
        file_id,
        stored.name,
        locale=visit.actor.locale,
        time_zone=visit.actor.time_zone,
    )


def is_theirs(visit: Visit, files: FileStore, file_id: str) -> bool:
    """Return whether somebody uploaded a file."""
    if not WRITTEN.fullmatch(file_id):
        return False
    return uploads.uploaded_by(files, file_id) == visit.actor.id


def archive_name(files: FileStore, asked: Asked) -> str:
    """Return what the ZIP beside a table is called; empty where there is none."""
    stored = files.find(asked.archive) if asked.archive else None
    return "" if stored is None else stored.name


def taken_for(
    visit: Visit, entity: Entity, asked: Asked, path: Path, named: Named
) -> tuple[Asked, Table]:
    """Return what a file is taken for, by itself or by what was named, and its table.

    Raises:
        FileFault: it cannot be read.
        NotFound: the run that is named is not there, or not theirs.
        BadRequest: there is no such map or mapping.

    """
    seems, table = import_page.seeming(visit, entity, asked, path)
    if named.again:
        before = tried(visit, entity, named.again)
        columns = {**seems.columns, **before.columns} if before.map_name else before.columns
        return seems.but(
            map_name=before.map_name,
            columns=columns,
            mode=before.mode,
            key=before.key,
            numbers=before.numbers,
            days=before.days,
            create=before.create,
            pictures=before.pictures,
            whole=before.whole,
            archive=asked.archive or before.archive,
        ), table
    if named.kept:
        kept = import_kept.load(visit, entity)
        found = next((one for one in kept if one.name == named.kept), None)
        if found is None:
            raise _unknown("mapping", named.kept)
        return import_page.by_kept(seems, found).but(map_name=""), table
    if named.map_name == NO_MAP:
        return seems.but(map_name=""), table
    if named.map_name:
        if named.map_name not in maps(visit, entity):
            raise _unknown("map", named.map_name)
        return seems.but(map_name=named.map_name), table
    return seems, table


NO_MAP = "-"
"""Stands for no import map, also where one fits."""


def settled(visit: Visit, entity: Entity, asked: Asked, table: Table) -> tuple[Asked, str]:
    """Return what was chosen within the person's rights, and why it cannot be tried, if so."""
    known = import_page.created(visit, entity, asked, table)
    if asked.create is not None:
        asked = asked.but(create=tuple(one for one in asked.create if one in known))
    return asked, import_page.doubts(visit, entity, asked)


def tried(visit: Visit, entity: Entity, run_id: str) -> Asked:
    """Return what a run of this person was asked for.

    Raises:
        NotFound: there is none, it is about something else, or somebody else's.

    """
    if not WRITTEN.fullmatch(run_id):
        raise NotFound(work.GONE)
    run = work.find_run(visit.runtime, visit.actor, run_id)
    if run.job != NAME or str(run.created_by) != str(visit.actor.id):
        raise NotFound(work.GONE)
    asked = asked_of(run.input)
    if asked.entity != entity.name:
        raise NotFound(work.GONE)
    return asked


def begin(
    visit: Visit, asked: Asked, key: str | None = None, connection: sa.Connection | None = None
) -> str:
    """Begin a run that tries or imports a file; return its id. With one key it is one run.

    Raises:
        RequestError: what the definitions ask for before an import is missing.

    """
    if not asked.dry_run:
        incoming = Incoming("import", asked.entity, visit.actor)
        _sensitive.ask_to_begin(visit.runtime, incoming, "import")
    given = import_page.start_input(visit, asked)
    return start_run(
        visit.runtime, NAME, given, by=visit.actor, unique_key=key, connection=connection
    )


def carry_out(
    visit: Visit,
    entity: Entity,
    file_id: str,
    run_id: str,
    connection: sa.Connection | None = None,
) -> str:
    """Import what a dry run has tried; asked for twice, it is one import.

    Raises:
        NotFound: it was of another file, or no dry run.

    """
    asked = tried(visit, entity, run_id)
    if asked.file != file_id or not asked.dry_run:
        raise NotFound(work.GONE)
    return begin(visit, asked.but(dry_run=False), f"import:{run_id}", connection)


def _unknown(key: str, name: str) -> BadRequest:
    message = Label({"en": f"There is no '{name}' here.", "zh": f"这里没有“{name}”。"})
    return BadRequest(message, (FieldError(key, "unknown", message),))
