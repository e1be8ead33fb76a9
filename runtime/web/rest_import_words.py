"""What a program says of a file it sent → `Asked`, as the page of its columns would have it.

In: the object of a request, who sent it, the file and what it is taken for. Out: the same with what
was said in place of what it seemed; what is not there is refused by its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from generator.model.entity import Entity
from runtime.files import FileStore
from runtime.importing.asked import Asked as Import
from runtime.importing.tables import Table
from runtime.importing.written import DAYS, NUMBERS
from runtime.web.rest_plain import body_of, wrong
from runtime.web.screens import import_columns, import_desk, import_page
from runtime.web.screens.import_desk import Named
from runtime.web.screens.visit import Visit
from runtime.web.wire import Asked

READ = ("encoding", "delimiter", "sheet")
"""How the file is read."""
NAMED = ("map", "mapping", "again")
"""What stands for columns that are not spelt out."""
WRITTEN = {"numbers": NUMBERS, "days": DAYS}
"""How numbers and days are written."""
TEXTS = (*READ, *NAMED, *WRITTEN, "mode", "tried", "keep", "archive")
SWITCHES = ("pictures", "whole", "trial")
LISTS = ("key", "create")
WANTED = (*TEXTS, "columns", *LISTS, *SWITCHES)
LONGEST = {"delimiter": 1, "encoding": 40, "sheet": 200}


def body_of_run(asked: Asked) -> Mapping[str, Any]:
    """Return what was said of a file.

    Raises:
        Invalid: something of it is of another kind.

    """
    body = body_of(asked, WANTED)
    for name in TEXTS:
        if not isinstance(body.get(name, ""), str):
            raise wrong(name, "Write a text.", "请填写文本。")
    for name in SWITCHES:
        if not isinstance(body.get(name, False), bool):
            raise wrong(name, "Write true or false.", "请填写 true 或 false。")
    for name in LISTS:
        given = body.get(name, [])
        if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
            raise wrong(name, "Send a list of fields.", "请提交字段列表。")
    columns = body.get("columns", {})
    if not isinstance(columns, dict) or not all(isinstance(one, str) for one in columns.values()):
        raise wrong("columns", "Write by column the path it fills.", "请按列填写其对应的字段路径。")
    return body


def read_as(visit: Visit, files: FileStore, upload: Import, given: Mapping[str, Any]) -> Import:
    """Return an upload with how it is read.

    Raises:
        Invalid: something is too long, or the archive is none of theirs.

    """
    for name, most in LONGEST.items():
        if len(given.get(name) or "") > most:
            raise wrong(name, f"At most {most} characters.", f"最多 {most} 个字符。")
    archive = given.get("archive") or ""
    if archive and not import_desk.is_theirs(visit, files, archive):
        raise wrong("archive", "There is no such file.", "没有这个文件。")
    return upload.but(**{name: given.get(name) or "" for name in READ}, archive=archive)


def named_by(given: Mapping[str, Any]) -> Named:
    """Return what stands for the columns."""
    return Named(*(str(given.get(name) or "") for name in NAMED))


def said(
    visit: Visit, entity: Entity, seems: Import, table: Table, body: Mapping[str, Any]
) -> Import:
    """Return what a file is taken for with what was said of it.

    Raises:
        Invalid: it names a column, a path, a mode, a key or a field that is not there.

    """
    modes = import_page.modes_of(visit, entity)
    asked = seems
    if "columns" in body:
        filled = _columns(visit, entity, table, body["columns"])
        key = import_columns.key_of(entity, tuple(filled.values()))
        asked = asked.but(columns=filled, map_name="", mode=modes[0], key=key)
    if "mode" in body:
        asked = asked.but(mode=_one_of("mode", body["mode"], modes))
    if "key" in body:
        asked = asked.but(key=_key(entity, asked, body["key"]))
    for name, formats in WRITTEN.items():
        if body.get(name):
            asked = asked.but(**{name: _one_of(name, body[name], formats)})
    if "create" in body:
        offered = import_page.created(visit, entity, asked, table)
        asked = asked.but(create=tuple(_one_of("create", one, offered) for one in body["create"]))
    elif asked.create is None and not asked.map_name:
        asked = asked.but(create=())
    # by its columns whoever says that one is a picture wants it
    pictures = body.get("pictures", asked.pictures or bool(asked.archive)) or not asked.map_name
    return asked.but(pictures=pictures, whole=body.get("whole", asked.whole))


def _columns(
    visit: Visit, entity: Entity, table: Table, given: Mapping[str, str]
) -> dict[str, str]:
    known = {one.path for one in import_columns.targets(visit, entity)}
    for column, path in given.items():
        place = f"columns.{column}"
        if column not in table.columns:
            raise wrong(place, "The file has no such column.", "文件中没有这一列。")
        if path and path not in known:
            raise wrong(place, f"A column cannot fill '{path}'.", f"列不能对应“{path}”。")
    return {column: path for column, path in given.items() if path}


def _key(entity: Entity, asked: Import, given: list[str]) -> tuple[str, ...]:
    keys = import_columns.keys(entity, (*asked.columns.values(), import_columns.ID))
    offered = ["+".join(one) for one in keys]
    return keys[offered.index(_one_of("key", "+".join(given), offered))]


def _one_of(name: str, written: str, known: Iterable[str]) -> str:
    known = tuple(known)
    if written not in known:
        told = ", ".join(known) or "–"
        raise wrong(name, f"Write one of: {told}.", f"可用的值：{told}。")
    return written
