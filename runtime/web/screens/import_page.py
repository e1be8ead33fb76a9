"""An import on screens: the page that takes a file, and the one that says what its columns are.

In: an entity, an upload, what was chosen so far. Out: frozen values for the templates, and `Asked`,
which a run is started with. Nothing is written here: a file is tried first, by a run like others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from generator.field_types._ids import WRITTEN
from generator.model.entity import Entity, Field
from generator.model.importmap import ImportMap, ImportTarget
from runtime.importing.asked import Asked
from runtime.importing.choosing import by_steps, creatable, pictured
from runtime.importing.csv_table import DELIMITERS, CsvTable
from runtime.importing.faults import FileFault
from runtime.importing.headers import target_from_header
from runtime.importing.made_columns import names_of
from runtime.importing.mending import WHY
from runtime.importing.sheet_table import SheetTable
from runtime.importing.tables import Table, open_table
from runtime.importing.values import holes
from runtime.importing.written import DAYS, NUMBERS
from runtime.operations._import_item import MODES
from runtime.web.screens import import_columns, import_formats, import_kept
from runtime.web.screens.visit import Visit, plural

SAMPLE = 3
LONGEST_CELL = 60
LOOKED_AT = 20
"""Rows that say whether a column of pictures is one of ids."""
ENCODINGS = ("utf-8", "gb18030", "big5", "latin-1", "cp1252", "utf-16", "shift_jis", "euc_kr")
ACCEPTED = ".csv,.tsv,.txt,.xlsx,.xls,.ods,.json,.jsonl,.ndjson,.gz"
KEPT = "kept:"
"""What marks a mapping somebody kept among the import maps of the definitions."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several."""

    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class ImportPage:
    """Everything `import.html` draws."""

    title: str
    entity: str
    action: str
    back: str
    accepted: str
    template_url: str
    takes_files: bool
    """Rows may name pictures or files of their own."""
    maps: tuple[tuple[str, str], ...]
    """Files of others that are known here: what they are, and what is said of them."""
    again: str
    """The run whose columns are taken again."""
    error: str = ""


@dataclass(frozen=True, slots=True)
class ColumnLine:
    """A column of the file."""

    name: str
    control: str
    samples: tuple[str, ...]
    fills: str
    """What it fills by an import map, in words."""
    options: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class ColumnsPage:
    """Everything `import_columns.html` draws."""

    title: str
    entity: str
    action: str
    back: str
    file: str
    told: str
    """What the file is, and how many rows it has."""
    columns: tuple[ColumnLine, ...]
    maps: tuple[Choice, ...]
    map_help: str
    by_map: bool
    encodings: tuple[Choice, ...]
    delimiters: tuple[Choice, ...]
    sheets: tuple[Choice, ...]
    modes: tuple[Choice, ...]
    keys: tuple[Choice, ...]
    numbers: tuple[Choice, ...]
    numbers_help: str
    """How one of its numbers is read."""
    days: tuple[Choice, ...]
    days_help: str
    missing: tuple[Choice, ...]
    """What may be created when a row names it and it is not there."""
    pictures: bool
    """The map names pictures, so somebody says whether they are taken."""
    takes_pictures: bool
    archive: str
    """What the ZIP beside the table is called; empty where there is none."""
    whole: bool
    error: str = ""


def start_page(visit: Visit, entity: Entity, again: str = "", error: str = "") -> ImportPage:
    """Return the page that takes a file."""
    maps = import_columns.maps_of(visit, entity)
    return ImportPage(
        title=plural(visit, entity),
        entity=entity.name,
        action=f"/{entity.name}/import",
        back=f"/{entity.name}/",
        accepted=ACCEPTED,
        template_url=f"/{entity.name}/import/template.csv",
        takes_files=any(one.is_file for one in import_columns.targets(visit, entity)),
        maps=tuple(
            (visit.text(one.label), visit.text(one.help) if one.help else "") for one in maps
        ),
        again=again,
        error=error,
    )


def template_columns(visit: Visit, entity: Entity) -> list[str]:
    """Return the heading of an empty file that is understood without being told anything."""
    found = import_columns.targets(visit, entity)
    passed = {import_columns.ID, *import_columns.drawn(visit, entity)}
    return [one.path for one in found if one.path not in passed]


def columns_url(asked: Asked, **more: str) -> str:
    """Return the address of the page of an upload."""
    given = {key: value for key, value in {"archive": asked.archive, **more}.items() if value}
    return f"/{asked.entity}/import/{asked.file}" + (f"?{urlencode(given)}" if given else "")


def seeming(visit: Visit, entity: Entity, asked: Asked, path: Path) -> tuple[Asked, Table]:
    """Return what is asked of a file that nobody has said anything about, and its table.

    Raises:
        FileFault: it cannot be read.

    """
    table = open_table(path, asked.reading)
    fitting = import_columns.fitting(visit, entity, table.columns)
    known = import_columns.targets(visit, entity)
    modes = modes_of(visit, entity)
    asked = asked.but(mode=modes[0] if modes else "")
    kept = import_kept.fitting(visit, entity, table.columns)
    columns = kept.columns if kept else import_columns.guesses(_own(table.columns), known, entity)
    columns = _without_ids(columns, known, table)
    asked = asked.but(key=import_columns.key_of(entity, tuple(columns.values())))
    if "update" in modes and {*asked.key} <= {*import_columns.drawn(visit, entity)} & {
        *columns.values()
    }:
        # a number that we drew names a record of ours; another would be created again each time
        asked = asked.but(mode="update")
    written = import_formats.found_out(visit, entity, columns, table)
    said = asked
    asked = asked.but(numbers=written.numbers or NUMBERS[0], days=written.days or DAYS[0])
    if kept is not None:
        by = by_kept(asked, kept)
        asked = by.but(columns=columns, mode=kept.mode if kept.mode in modes else asked.mode)
    asked = asked.but(numbers=said.numbers or asked.numbers, days=said.days or asked.days)
    if kept is None and fitting and not set(entity.key) & {*columns.values()}:
        # a file of another program says nothing we know by our own names
        asked = asked.but(map_name=fitting[0].name)
    return asked.but(columns=columns), table


def by_kept(asked: Asked, kept: import_kept.Kept) -> Asked:
    """Return what is asked with a mapping somebody kept, in its formats where it says them."""
    return asked.but(
        columns=kept.columns,
        mode=kept.mode,
        key=kept.key,
        numbers=kept.numbers or asked.numbers,
        days=kept.days or asked.days,
    )


def _without_ids(
    columns: Mapping[str, str], known: Sequence[import_columns.Target], table: Table
) -> Mapping[str, str]:
    """Return what columns fill without files that stand there by an id, as our own exports do."""
    files = {one.path for one in known if one.is_file}
    places = [at for at, name in enumerate(table.columns) if columns.get(name) in files]
    if not places:
        return columns
    rows = list(islice(table.rows(), LOOKED_AT))
    ids = {
        table.columns[at]
        for at in places
        if any(WRITTEN.fullmatch(str(row.cells[at]).strip()) for row in rows if not row.torn)
    }
    return {name: path for name, path in columns.items() if name not in ids}


def page(
    visit: Visit,
    entity: Entity,
    asked: Asked,
    table: Table,
    error: str = "",
    archive: str = "",
) -> ColumnsPage:
    """Return the page that says what the columns of a file are.

    Raises:
        FileFault: the file cannot be read to its end.

    """
    known = import_columns.targets(visit, entity)
    rows = list(islice(table.rows(), SAMPLE))
    count = len(rows) if len(rows) < SAMPLE else sum(1 for _ in table.rows())
    importmap = visit.app.importmaps.get(asked.map_name)
    return ColumnsPage(
        title=plural(visit, entity),
        entity=entity.name,
        action=columns_url(asked),
        back=f"/{entity.name}/import",
        file=asked.name,
        told=f"{_kind(visit, table)} · {visit.t('{n} row', many='{n} rows', n=count)}",
        columns=tuple(
            _column(visit, number, name, rows, asked, importmap, known)
            for number, name in enumerate(table.columns)
            if name
        ),
        maps=_maps(visit, entity, asked, table),
        map_help=visit.text(importmap.help) if importmap and importmap.help else "",
        by_map=importmap is not None,
        encodings=_encodings(visit, asked, table),
        delimiters=_delimiters(visit, asked, table),
        sheets=_sheets(asked, table),
        modes=_modes(visit, entity, asked),
        keys=_keys(visit, entity, asked),
        numbers=tuple(
            Choice(one, words, one == asked.numbers)
            for one, words in import_formats.numbers(visit, entity, known)
        ),
        numbers_help=import_formats.sample_number(visit, entity, asked, table),
        days=tuple(
            Choice(one, words, one == asked.days)
            for one, words in import_formats.days(visit, entity, known)
        ),
        days_help=import_formats.sample_day(visit, entity, asked, table),
        missing=_missing(visit, entity, asked, table),
        pictures=importmap is not None and _names_pictures(visit, importmap),
        takes_pictures=asked.pictures or bool(asked.archive),
        archive=archive,
        whole=asked.whole,
        error=error,
    )


def modes_of(visit: Visit, entity: Entity) -> tuple[str, ...]:
    """Return the modes that somebody's rights allow, the most useful first."""
    found = ("upsert", "create", "update")
    return tuple(one for one in found if all(visit.may(each, entity.name) for each in MODES[one]))


def sent(visit: Visit, entity: Entity, asked: Asked, table: Table, form: Any) -> Asked:
    """Return what somebody chose on the page of columns."""
    known = {one.path for one in import_columns.targets(visit, entity)}
    columns = {
        name: form.get(f"col-{number}", "")
        for number, name in enumerate(table.columns)
        if name and form.get(f"col-{number}", "") in known
    }
    modes = modes_of(visit, entity)
    mode = form.get("mode", "")
    offered = import_columns.keys(entity, tuple(columns.values()))
    key = tuple(form.get("key", "").split("+"))
    return asked.but(
        columns=columns,
        mode=mode if mode in modes else modes[0] if modes else "",
        key=key if key in offered else offered[0],
        numbers=form.get("numbers", "") if form.get("numbers", "") in NUMBERS else NUMBERS[0],
        days=form.get("days", "") if form.get("days", "") in DAYS else DAYS[0],
        create=tuple(form.getlist("create")),
        # by its columns whoever says that one is a picture wants it
        pictures=form.get("pictures") == "1" or not asked.map_name,
        whole=form.get("whole") == "1",
    )


def created(visit: Visit, entity: Entity, asked: Asked, table: Table) -> tuple[str, ...]:
    """Return the fields whose record an import of a file may create, in the person's rights."""
    if asked.map_name:
        targets = visit.app.importmaps[asked.map_name].targets
    else:
        try:
            targets = (
                target_from_header(
                    entity, table.columns, table.name, visit.app, visit.catalog, meant=asked.columns
                ),
            )
        except FileFault:
            return ()
    found: dict[str, None] = {}
    for target in targets:
        fields = visit.app.entities[target.entity].fields
        for name in creatable(target, visit.app, visit.catalog):
            if visit.may("create", fields[name].target):
                found[name] = None
    return tuple(found)


def doubts(visit: Visit, entity: Entity, asked: Asked) -> str:
    """Return why a file cannot be tried as it was said; empty when it can."""
    t = visit.t
    if asked.map_name:
        return ""
    if not asked.columns:
        return t("Say of at least one column what it fills.")
    twice = [one for one in asked.columns.values() if [*asked.columns.values()].count(one) > 1]
    if twice:
        labels = {one.path: one.label for one in import_columns.targets(visit, entity)}
        return t("Two columns fill “{name}”; leave one of them out.", name=labels[twice[0]])
    filled = {path.partition(".")[0] for path in asked.columns.values()}
    lacking = [one for one in asked.key if one not in filled]
    if asked.mode == "upsert":
        # what the engine draws is missing from rows that are new
        lacking = [one for one in lacking if entity.fields[one].required]
    if asked.mode == "create" or not lacking:
        return ""
    names = [visit.text(entity.fields[one].label) for one in lacking]
    return t(
        "Records are found by “{name}”, and no column fills it.",
        name=("、" if visit.chinese() else ", ").join(names),
    )


def _names_pictures(visit: Visit, importmap: ImportMap) -> bool:
    return any(pictured(one, visit.app, visit.catalog) for one in importmap.targets)


def _own(columns: Sequence[str]) -> list[str]:
    """Return the columns without that of reasons, which a fix file has."""
    return [one for one in columns if one not in WHY.values()]


def _kind(visit: Visit, table: Table) -> str:
    if isinstance(table, CsvTable):
        return visit.t("Delimited text")
    return visit.t("Workbook") if isinstance(table, SheetTable) else "JSON"


def _sign(visit: Visit, delimiter: str) -> str:
    t = visit.t
    return {
        ",": t("Comma", "sign"),
        ";": t("Semicolon", "sign"),
        "\t": t("Tab", "sign"),
        "|": t("Bar", "sign"),
    }.get(delimiter, delimiter)


def _encodings(visit: Visit, asked: Asked, table: Table) -> tuple[Choice, ...]:
    if not isinstance(table, CsvTable):
        return ()
    first = Choice("", visit.t("Found out: {name}", name=table.encoding.upper()))
    if asked.encoding:
        first = Choice("", visit.t("Find it out"))
    more = (Choice(one, one.upper(), one == asked.encoding) for one in ENCODINGS)
    return (first, *more)


def _delimiters(visit: Visit, asked: Asked, table: Table) -> tuple[Choice, ...]:
    if not isinstance(table, CsvTable):
        return ()
    first = Choice("", visit.t("Found out: {name}", name=_sign(visit, table.delimiter)))
    if asked.delimiter:
        first = Choice("", visit.t("Find it out"))
    more = (Choice(one, _sign(visit, one), one == asked.delimiter) for one in DELIMITERS)
    return (first, *more)


def _sheets(asked: Asked, table: Table) -> tuple[Choice, ...]:
    if not isinstance(table, SheetTable) or len(table.sheets) < 2:
        return ()
    return tuple(Choice(one, one, one == table.sheet.name) for one in table.sheets)


def _maps(visit: Visit, entity: Entity, asked: Asked, table: Table) -> tuple[Choice, ...]:
    own = Choice("", visit.t("By the columns below"), not asked.map_name)
    maps = import_columns.fitting(visit, entity, table.columns)
    found = [Choice(one.name, visit.text(one.label), one.name == asked.map_name) for one in maps]
    kept = import_kept.load(visit, entity)
    mine = [Choice(f"{KEPT}{one.name}", one.name) for one in kept if one.fits(table.columns)]
    return (own, *found, *mine) if found or mine else ()


def _modes(visit: Visit, entity: Entity, asked: Asked) -> tuple[Choice, ...]:
    t = visit.t
    words = {
        "upsert": t("Create what is new, change what is there"),
        "create": t("Only create; what is there is refused"),
        "update": t("Only change; what is new is refused"),
    }
    return tuple(Choice(one, words[one], one == asked.mode) for one in modes_of(visit, entity))


def _keys(visit: Visit, entity: Entity, asked: Asked) -> tuple[Choice, ...]:
    found = []
    for one in import_columns.keys(entity, (*asked.columns.values(), import_columns.ID)):
        label = " + ".join(visit.text(entity.fields[name].label) for name in one)
        found.append(Choice("+".join(one), label, one == asked.key))
    return tuple(found)


def _missing(visit: Visit, entity: Entity, asked: Asked, table: Table) -> tuple[Choice, ...]:
    chosen = asked.create if asked.create is not None else ("*" if asked.map_name else ())
    by_map = visit.app.importmaps.get(asked.map_name)
    about = [visit.app.entities[one.entity] for one in by_map.targets] if by_map else [entity]
    found = []
    for name in created(visit, entity, asked, table):
        model = next(one.fields[name] for one in about if name in one.fields)
        label = visit.text(visit.app.entities[model.target].label)
        found.append(Choice(name, label, "*" in chosen or name in chosen))
    return tuple(found)


def _column(
    visit: Visit,
    number: int,
    name: str,
    rows: Sequence[Any],
    asked: Asked,
    importmap: ImportMap | None,
    known: Sequence[import_columns.Target],
) -> ColumnLine:
    texts = [str(row.cells[number]).strip() for row in rows if number < len(row.cells)]
    samples = tuple(dict.fromkeys(_short(one) for one in texts if one))
    if importmap is not None:
        return ColumnLine(name, "", samples, _filled(visit, importmap, name), ())
    fills = asked.columns.get(name, "")
    nothing = Choice("", visit.t("– not imported –"), not fills)
    options = (Choice(one.path, one.label, one.path == fills) for one in known)
    return ColumnLine(name, f"col-{number}", samples, "", (nothing, *options))


def _filled(visit: Visit, importmap: ImportMap, column: str) -> str:
    """Return in words what a column fills by an import map."""
    found: dict[str, None] = {}
    for target in importmap.targets:
        states = by_steps(target, visit.app, visit.catalog)
        for source in target.fields:
            if names_of(target.columns, column) & {*source.columns, *holes(source)}:
                words = _path_words(visit, target, source.path)
                if source in states:
                    words = visit.t("– not imported: only steps change “{name}” –", name=words)
                found[words] = None
    return ("、" if visit.chinese() else ", ").join(found)


def _path_words(visit: Visit, target: ImportTarget, path: Sequence[str]) -> str:
    entity: Entity | None = visit.app.entities[target.entity]
    words: list[str] = []
    before: Field | None = None
    for name in path:
        model = entity.fields.get(name) if entity is not None else None
        if model is not None:
            words.append(visit.text(model.label))
        else:
            words.append(import_columns.part_label(visit, before, name) if before else name)
        before = model
        entity = visit.app.entities.get(model.target) if model is not None else None
    return import_columns.BETWEEN.join(words)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}…"


def start_input(visit: Visit, asked: Asked) -> Mapping[str, Any]:
    """Return what a run of the import is told."""
    return {
        **asked.told(),
        "time_zone": visit.actor.time_zone,
        "locale": visit.actor.locale,
        # what a token was not given its import does not do either
        "scopes": None if visit.actor.scopes is None else sorted(visit.actor.scopes),
    }
