"""Imports over REST: a file is sent, told what its columns are, tried, and imported by a run.

GET  /api/v1/imports/ENTITY            what its columns may fill, the maps that are known, the modes
POST /api/v1/imports/ENTITY            a file (201): multipart `file`, and `archive` with pictures,
                                       or the bytes alone with `?name=`
GET  /api/v1/imports/ENTITY/FILE       what it is taken for; `map`, `mapping` or `again` name how
POST /api/v1/imports/ENTITY/FILE/runs  tries it (202), or imports it with {"trial": false}; with
                                       {"tried": RUN} what that trial tried, once

The pages of an import do the same through `screens/import_desk.py`. A run is followed at
`/api/v1/jobs/runs/ID`: how far it is, its verdicts below `rows`, and the refused rows as a file to
mend. It has the caller's rights, and of a token no more than its scopes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import sqlalchemy as sa
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import MultiPartParser
from werkzeug.http import parse_options_header

from generator.model.entity import Entity
from generator.model.text import Label
from runtime.errors import BadRequest, FieldError, Invalid, RequestError
from runtime.files import FileStore
from runtime.importing.asked import Asked as Import
from runtime.importing.asked import opened
from runtime.importing.csv_table import CsvTable
from runtime.importing.faults import FileFault
from runtime.importing.sheet_table import SheetTable
from runtime.importing.tables import Table
from runtime.messages import Actor, Incoming
from runtime.pipeline import nothing_here
from runtime.store import idempotency
from runtime.store.engine import write
from runtime.web.context import Web
from runtime.web.rest_asking import NO_KEY, read_key
from runtime.web.rest_exports import accepted
from runtime.web.rest_files import ENVELOPE, MOST_PARTS, MULTIPART
from runtime.web.rest_import_words import NAMED, READ, body_of_run, named_by, read_as, said
from runtime.web.rest_plain import answer_of, method_of, wrong
from runtime.web.screens import import_columns, import_desk, import_kept, import_page
from runtime.web.screens.import_desk import Named
from runtime.web.screens.visit import Visit
from runtime.web.urls import API
from runtime.web.wire import Answer, Asked

IMPORTS = "imports"
FILE, ARCHIVE = "file", "archive"


class _Call(NamedTuple):
    """Who asks, about what."""

    asked: Asked
    visit: Visit
    entity: Entity
    files: FileStore
    most: int
    """Bytes of a file."""


def answer(asked: Asked, here: Web, actor: Actor) -> Answer:
    """Answer a request below `/api/v1/imports`."""
    parts = asked.path.split("/")[1:]
    visit = Visit(here.runtime, actor, asked.request_id, asked.address)
    if not 1 <= len(parts) <= 3 or parts[0] not in visit.app.entities:
        raise nothing_here()
    entity = visit.app.entities[parts[0]]
    import_desk.ask(visit, entity)
    runtime = here.runtime
    files = FileStore(
        here.settings.files, runtime.engine, runtime.system.file, runtime.clock, runtime.make_id
    )
    call = _Call(asked, visit, entity, files, here.settings.max_upload)
    try:
        if len(parts) == 1:
            if method_of(asked, "GET", "POST") == "POST":
                return _sent(call)
            return answer_of({"data": _known(visit, entity)})
        upload = import_desk.upload(visit, files, entity, parts[1])
        if len(parts) == 2:
            method_of(asked, "GET")
            return answer_of({"data": _looked_at(call, upload)})
        if parts[2] != "runs":
            raise nothing_here()
        method_of(asked, "POST")
        return _begun(call, upload)
    except FileFault as fault:
        raise Invalid(fault.message, (FieldError(FILE, "unreadable", fault.message),)) from fault


def _known(visit: Visit, entity: Entity) -> dict[str, Any]:
    """Return what may be said of a file before there is one."""
    return {
        "targets": [
            {"path": one.path, "label": one.label} for one in import_columns.targets(visit, entity)
        ],
        "template": import_page.template_columns(visit, entity),
        "modes": list(import_page.modes_of(visit, entity)),
        "maps": [
            {"name": one.name, "label": visit.text(one.label)}
            for one in import_columns.maps_of(visit, entity)
        ],
        "mappings": [one.name for one in import_kept.load(visit, entity)],
    }


def _sent(call: _Call) -> Answer:
    """Keep a file, unless nobody could read a table out of it."""
    parts = _bodies(call)
    taken = [import_desk.take(call.files, *parts[FILE])]
    if ARCHIVE in parts:
        taken.append(import_desk.take_archive(call.files, *parts[ARCHIVE]))
    same = [{"name": one.name, "sha256": one.sha256} for one in taken]

    def keep(connection: sa.Connection) -> list[str]:
        import_desk.keep(connection, call.visit, call.files, *taken)
        return [one.id for one in taken]

    file, *archive = _once(call, "import_file", same, keep)
    upload = import_desk.upload(call.visit, call.files, call.entity, file)
    upload = upload.but(archive=archive[0] if archive else "")
    told = answer_of({"data": _told(call, upload, Named())}, 201)
    told.headers["Location"] = f"{API}{IMPORTS}/{call.entity.name}/{file}"
    return told


def _bodies(call: _Call) -> Mapping[str, tuple[str, bytes]]:
    """Return what a request sends, by what it is called: the name and the bytes of each.

    Raises:
        BadRequest: the body cannot be read.
        TooLarge: it is longer than any file may be.
        Invalid: there is no file in it, or something else beside it.

    """
    asked = call.asked
    media, options = parse_options_header(asked.headers.get("content-type", ""))
    query = _query(asked, ("name",))
    if media != MULTIPART:
        return {FILE: (query["name"] or FILE, asked.body(call.most))}
    if not options.get("boundary"):
        raise _no_form()
    body = asked.body(call.most + ENVELOPE)
    try:
        parser = MultiPartParser(max_form_memory_size=ENVELOPE, max_form_parts=MOST_PARTS)
        texts, found = parser.parse(BytesIO(body), options["boundary"].encode(), len(body))
    except (ValueError, RequestEntityTooLarge) as error:
        raise _no_form() from error
    for name in (*texts, *found):
        if name not in (FILE, ARCHIVE) or name in texts or len(found.getlist(name)) > 1:
            en = f"Send a file called '{FILE}', and '{ARCHIVE}' if there is one."
            zh = f"请提交名为“{FILE}”的文件，可另附“{ARCHIVE}”。"
            raise wrong(name, en, zh, "unknown_field")
    if FILE not in found:
        raise wrong(FILE, "Send one file.", "请提交一个文件。", "required")
    return {
        name: (found[name].filename or name, found[name].stream.read())
        for name in (FILE, ARCHIVE)
        if name in found
    }


def _no_form() -> RequestError:
    return BadRequest(
        Label({"en": f"This is not {MULTIPART}.", "zh": f"内容不是有效的 {MULTIPART}。"})
    )


def _looked_at(call: _Call, upload: Import) -> dict[str, Any]:
    query = _query(call.asked, (*READ, *NAMED, ARCHIVE))
    return _told(call, read_as(call.visit, call.files, upload, query), named_by(query))


def _begun(call: _Call, upload: Import) -> Answer:
    """Begin a run that tries a file or imports it.

    Raises:
        Invalid: what was said of it makes no sense.

    """
    body = body_of_run(call.asked)
    visit, entity = call.visit, call.entity
    if body.get("tried"):
        others = sorted(body.keys() - {"tried"})
        if others:
            raise wrong(
                others[0], "What was tried is imported as it was.", "试导入的内容按原样导入。"
            )
        run = str(body["tried"])
        same = {"tried": run, "file": upload.file}
        (run_id,) = _once(
            call,
            "import_run",
            same,
            lambda c: [import_desk.carry_out(visit, entity, upload.file, run, c)],
        )
        return accepted(run_id)
    asked = read_as(call.visit, call.files, upload, body)
    with opened(call.files, upload.file) as path:
        seems, table = import_desk.taken_for(visit, entity, asked, path, named_by(body))
        wish = said(visit, entity, seems, table, body)
        settled, doubt = import_desk.settled(visit, entity, wish, table)
    if doubt:
        raise wrong("columns", doubt, doubt)
    if body.get("keep") and not settled.map_name:
        import_kept.keep(visit, entity, str(body["keep"]), settled)
    wanted = settled.but(dry_run=body.get("trial", True))
    (run_id,) = _once(
        call,
        "import_run",
        {"file": upload.file, "body": dict(body)},
        lambda c: [import_desk.begin(visit, wanted, connection=c)],
    )
    return accepted(run_id)


def _once(
    call: _Call, operation: str, same: Any, do: Callable[[sa.Connection], list[str]]
) -> list[str]:
    """Do something in a transaction; with an `Idempotency-Key` once, and answer alike again."""
    incoming = Incoming(
        operation,
        call.entity.name,
        call.visit.actor,
        idempotency_key=read_key(call.asked.headers.get("idempotency-key", NO_KEY)),
        same=same,
    )
    runtime = call.visit.runtime
    table, now = runtime.system.idempotency, runtime.clock()
    with write(runtime.engine) as connection:
        earlier = idempotency.take(connection, table, incoming, now)
        if earlier is not None:
            return list(earlier["ids"])
        ids = do(connection)
        idempotency.remember(connection, table, incoming, {"ids": ids})
    return ids


def _told(call: _Call, asked: Import, named: Named) -> dict[str, Any]:
    """Return an upload and what it is taken for."""
    visit, entity = call.visit, call.entity
    with opened(call.files, asked.file) as path:
        seems, table = import_desk.taken_for(visit, entity, asked, path, named)
        return {
            "id": asked.file,
            "name": asked.name,
            "archive": seems.archive or None,
            **_form(table),
            "rows": sum(1 for _ in table.rows()),
            "columns": _columns(seems, table),
            "map": seems.map_name or None,
            "maps": [one.name for one in import_columns.fitting(visit, entity, table.columns)],
            "mappings": [
                one.name for one in import_kept.load(visit, entity) if one.fits(table.columns)
            ],
            "mode": seems.mode,
            "modes": list(import_page.modes_of(visit, entity)),
            "numbers": seems.numbers,
            "days": seems.days,
            "key": list(seems.key),
            "keys": [
                list(one)
                for one in import_columns.keys(entity, (*seems.columns.values(), import_columns.ID))
            ],
            "create": list(import_page.created(visit, entity, seems, table)),
            "targets": _known(visit, entity)["targets"],
        }


def _form(table: Table) -> dict[str, Any]:
    """Return what kind of file a table is in, and how it is read."""
    if isinstance(table, CsvTable):
        return {"format": "csv", "encoding": table.encoding, "delimiter": table.delimiter}
    if isinstance(table, SheetTable):
        return {"format": "workbook", "sheet": table.sheet.name, "sheets": list(table.sheets)}
    return {"format": "json"}


def _columns(asked: Import, table: Table) -> list[dict[str, Any]]:
    rows = list(islice(table.rows(), import_page.SAMPLE))
    found = []
    for place, name in enumerate(table.columns):
        if not name:
            continue
        texts = (str(one.cells[place]).strip() for one in rows if place < len(one.cells))
        samples = [one[: import_page.LONGEST_CELL] for one in dict.fromkeys(texts) if one]
        fills = "" if asked.map_name else asked.columns.get(name, "")
        found.append({"name": name, "samples": samples, "fills": fills or None})
    return found


def _query(asked: Asked, known: tuple[str, ...]) -> dict[str, str]:
    """Return the query, the last of what is said twice.

    Raises:
        Invalid: it has a key that is not known.

    """
    given = parse_qs(asked.query, keep_blank_values=True)
    for key in given:
        if key not in known:
            raise wrong(key, f"There is no '{key}' here.", f"这里没有“{key}”。", "unknown_field")
    return {key: given.get(key, [""])[-1] for key in known}
