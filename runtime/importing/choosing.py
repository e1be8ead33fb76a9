"""What a person asked to import → the table and the targets: by a map, or by the header alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from generator.field_types import FieldType
from generator.kinds import Catalog
from generator.model.app import App
from generator.model.entity import FILES, Entity
from generator.model.importmap import ImportField, ImportMap, ImportTarget
from generator.resolve.fields import STATE
from generator.resolve.importmaps import LostPath, follow
from generator.suggest import closest
from generator.zones import every_zone
from runtime.importing.faults import FileFault
from runtime.importing.formats import AS_ALWAYS, Formats, formatted
from runtime.importing.headers import target_from_header, zone_of
from runtime.importing.tables import Reading, Table, open_table
from runtime.runtime import Runtime

LINKS = {"reference", "references"}


@dataclass(frozen=True)
class Wish:
    """What was asked for; empty where it was left open."""

    entity: str
    map_name: str
    mode: str
    key: tuple[str, ...]
    reading: Reading
    meant: Mapping[str, str] | None = None
    """By column: the path it fills, where somebody said so; a column without one is passed over."""
    create: tuple[str, ...] | None = None
    """Fields whose record is created when it is not there; None for what a map says by itself."""
    pictures: bool = False
    """By a map: the fields that hold pictures and other files are filled too."""
    formats: Formats = AS_ALWAYS
    """Without a map: how the cells are written; a map says it itself."""


@dataclass(frozen=True)
class Chosen:
    """A table and what becomes of its rows."""

    table: Table
    targets: tuple[ImportTarget, ...]
    time_zone: str
    locale: str


def choose(wish: Wish, file: Path, runtime: Runtime) -> Chosen:
    """Return what to import.

    Raises:
        FileFault: a name is unknown, or nothing says what the rows are.

    """
    app = runtime.app
    if wish.map_name:
        if wish.map_name not in app.importmaps:
            raise _unknown("import map", "导入模板", wish.map_name, app.importmaps)
        return _by_map(wish, file, app.importmaps[wish.map_name], runtime)
    if not wish.entity:
        raise FileFault(
            "Say what the rows are: --entity NAME or --map NAME.",
            "请用 --entity 或 --map 指明导入内容。",
        )
    if wish.entity not in app.entities:
        raise _unknown("entity", "实体", wish.entity, app.entities)
    entity = app.entities[wish.entity]
    strange = [name for name in wish.key if name not in entity.fields]
    if strange:
        raise _unknown("field", "字段", strange[0], entity.fields)
    table = open_table(file, wish.reading)
    target = target_from_header(
        entity,
        table.columns,
        table.name,
        app,
        runtime.compiled.field_types,
        mode=wish.mode or "upsert",
        key=wish.key,
        meant=wish.meant,
    )
    target = formatted(target, wish.formats, app, runtime.compiled.field_types)
    told = "" if wish.meant is not None else zone_of(table.columns, every_zone())
    made = _created(wish, (target,), entity, runtime)
    return Chosen(table, (replace(target, create=made),), told, "")


def creatable(target: ImportTarget, app: App, catalog: Catalog[FieldType]) -> tuple[str, ...]:
    """Return the references of a target whose record may be created: the definition says which.

    An import map says it itself. By a header, the field does, and the columns must tell enough of
    the record: all that it requires.
    """
    if target.create:
        return tuple(dict.fromkeys(path.partition(".")[0] for path in target.create))
    entity = app.entities[target.entity]
    told: dict[str, set[str]] = {}
    for source in target.fields:
        model = entity.fields[source.path[0]]
        if catalog[model.type].relation in LINKS and model.args.get("if_missing") == "create":
            other = app.entities[model.target]
            told.setdefault(model.name, set()).update(source.path[1:2] or other.key)
    return tuple(
        name
        for name, parts in told.items()
        if needed(app.entities[entity.fields[name].target]) <= parts
    )


def needed(entity: Entity) -> set[str]:
    """Return what a new record must be told."""
    return {
        name
        for name, model in entity.fields.items()
        if (model.required or name in entity.key)
        and not model.readonly
        and model.default is None
        and model.default_expression is None
    }


def _created(
    wish: Wish, targets: Iterable[ImportTarget], entity: Entity, runtime: Runtime
) -> tuple[str, ...]:
    """Return the fields of an entity whose record is created, as somebody asked.

    Raises:
        FileFault: one of them may not be, or the file does not say enough of its record.

    """
    known = [
        name
        for one in targets
        for name in creatable(one, runtime.app, runtime.compiled.field_types)
    ]
    for name in wish.create or ():
        if name not in known:
            raise FileFault(
                f"What '{name}' of '{entity.name}' names is not created by this import.",
                f"此导入不能新建“{entity.name}”的“{name}”所指的记录。",
            )
    return wish.create or ()


def by_steps(
    target: ImportTarget, app: App, catalog: Catalog[FieldType]
) -> tuple[ImportField, ...]:
    """Return the fields of a target that hold states: only steps change them."""
    found = []
    for source in target.fields:
        steps = follow(source.path, target.entity, app.entities, catalog)
        fields = [] if isinstance(steps, LostPath) else [step.field for step in steps]
        if any(one is not None and one.type == STATE for one in fields):
            found.append(source)
    return tuple(found)


def without_states(
    targets: Iterable[ImportTarget], app: App, catalog: Catalog[FieldType]
) -> tuple[ImportTarget, ...]:
    """Return targets as people import them: a record begins where its workflow does."""
    found = []
    for target in targets:
        states = by_steps(target, app, catalog)
        kept = tuple(one for one in target.fields if one not in states)
        found.append(replace(target, fields=kept))
    return tuple(found)


def pictured(
    target: ImportTarget, app: App, catalog: Catalog[FieldType]
) -> tuple[ImportField, ...]:
    """Return the fields of a target that hold pictures or other files."""
    found = []
    for source in target.fields:
        steps = follow(source.path, target.entity, app.entities, catalog)
        fields = [] if isinstance(steps, LostPath) else [step.field for step in steps]
        if any(one is not None and one.type in FILES for one in fields):
            found.append(source)
    return tuple(found)


def _by_map(wish: Wish, file: Path, chosen: ImportMap, runtime: Runtime) -> Chosen:
    targets = chosen.targets
    if wish.entity:
        targets = tuple(one for one in targets if wish.entity in (one.name, one.entity))
        if not targets:
            raise _unknown(
                f"part in '{chosen.name}'", "部分", wish.entity, [t.name for t in chosen.targets]
            )
    if wish.mode:
        targets = tuple(replace(one, mode=wish.mode) for one in targets)
    if wish.key:
        targets = tuple(replace(one, key=wish.key) for one in targets)
    if wish.create is not None:
        targets = tuple(_but_created(one, wish.create) for one in targets)
    if not wish.pictures:
        targets = tuple(_but_pictures(one, runtime) for one in targets)
    reading = Reading(
        wish.reading.encoding or chosen.encoding,
        wish.reading.delimiter or chosen.delimiter,
        wish.reading.sheet or chosen.sheet,
        chosen.nested,
    )
    table = open_table(file, reading)
    if len(table.columns) == 1 and chosen.delimiter and not wish.reading.delimiter:
        # a spreadsheet that saved the file again writes a delimiter of its own
        found = open_table(file, replace(reading, delimiter=""))
        table = found if len(found.columns) > 1 else table
    return Chosen(table, targets, chosen.time_zone, chosen.locale)


def _but_pictures(target: ImportTarget, runtime: Runtime) -> ImportTarget:
    """Return a target that leaves pictures and other files as they are."""
    gone = pictured(target, runtime.app, runtime.compiled.field_types)
    return replace(target, fields=tuple(one for one in target.fields if one not in gone))


def _but_created(target: ImportTarget, wanted: tuple[str, ...]) -> ImportTarget:
    kept = tuple(path for path in target.create if path.partition(".")[0] in wanted)
    return replace(target, create=kept)


def _unknown(noun: str, noun_zh: str, written: str, known: Iterable[str]) -> FileFault:
    names = sorted(known)
    nearest = closest(written, names)
    hint = f"Did you mean '{nearest}'?" if nearest else f"There are: {', '.join(names) or 'none'}."
    hint_zh = f"是否指“{nearest}”？" if nearest else f"现有：{'、'.join(names) or '无'}。"
    return FileFault(
        f"There is no {noun} '{written}'. {hint}", f"没有{noun_zh}“{written}”。{hint_zh}"
    )
