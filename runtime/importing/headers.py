"""A header → the target it describes, when no import map says what the columns are.

Columns name the fields: `code`, `name.zh` (or `name[zh]`), `owner.code`, `lines.quantity`, or a
field's label. Those of our own exports are labels all along: `名称` is the Chinese of a translated
name, `Lines · Quantity` a field of parts, `At (Asia/Shanghai)` a moment told in that zone, and what
only describes a referred record, such as `Customer · Level`, is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from generator.field_types import FieldType
from generator.kinds import Catalog
from generator.model.app import App
from generator.model.entity import Entity, Field
from generator.model.importmap import ImportField, ImportTarget
from generator.resolve.importmaps import LostPath, follow, writable
from generator.suggest import closest
from runtime.importing.faults import FileFault

BRACKETS = re.compile(r"(.+)\[([A-Za-z_]+)\]")
ZONE = re.compile(r" \(((?:[A-Z][A-Za-z_+-]+/)?[A-Z][A-Za-z0-9_/+-]*)\)\Z")
"""Behind the label of a moment: the zone in which it is told."""
BEHIND = " · "
"""Between the labels of a path."""


def target_from_header(
    entity: Entity,
    columns: tuple[str, ...],
    name: str,
    app: App,
    catalog: Catalog[FieldType],
    *,
    mode: str = "upsert",
    key: tuple[str, ...] = (),
    meant: Mapping[str, str] | None = None,
) -> ImportTarget:
    """Return the target that a header describes: its columns are fields, paths or labels.

    Where there are columns of children, rows with one key are one record. A column that only the
    engine writes, such as a computed total of an export, is passed over. `meant` says by column
    which path it fills; then no other column fills any.

    Raises:
        FileFault: a column is none of these.

    """
    fields: list[ImportField] = []
    paths = _paths(columns, entity, app, meant)
    if not key and mode != "create":
        key = _found_by(entity, paths.values())
    for column, path in paths.items():
        if not path:
            continue
        found = follow(path, entity.name, app.entities, catalog) if column else None
        if isinstance(found, LostPath):
            if found.reason == "read_only" and path[0] not in key:
                continue
            if found.reason == "read_only" and len(path) == 1:
                fields.append(ImportField(path=path, columns=(column,)))
                continue
            raise _unknown_column(column, found, name, entity)
        if found is not None:
            fields.append(ImportField(path=path, columns=(column,)))
    if entity.child_of:
        return _of_the_parent(entity, fields, app, mode)
    keys = key or entity.key
    # a number that the engine draws still says which rows belong together
    by = tuple(one for one, path in paths.items() if one and path and path[0] in keys)
    has_children = any(_holds_children(entity, source, catalog) for source in fields)
    return ImportTarget(
        entity.name,
        entity.name,
        mode,
        keys,
        tuple(fields),
        group_by=by if has_children else (),
        gather=has_children,
    )


def _paths(
    columns: tuple[str, ...], entity: Entity, app: App, meant: Mapping[str, str] | None
) -> dict[str, tuple[str, ...]]:
    """Return what columns fill, as their names say or as somebody did; nothing for some of ours."""
    if meant is None:
        return {column: _path_of(column, entity, app) for column in columns}
    told = {column: meant.get(column, "") for column in columns}
    paths = {column: tuple(path.split(".")) for column, path in told.items() if path}
    further = {path[0] for path in paths.values() if path[1:]}
    for column, path in paths.items():
        # beside more of the same record, what names it is its key
        if not path[1:] and path[0] in further:
            paths[column] = (*path, *_key_of(entity, path[0], app))
    return paths


def _key_of(entity: Entity, name: str, app: App) -> tuple[str, ...]:
    """Return what a link is found by when it is one field; nothing for another field."""
    model = entity.fields.get(name)
    key = app.entities[model.target].key if model is not None and model.target else ()
    return key if len(key) == 1 else ()


def _found_by(entity: Entity, paths: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Return what records are found by where nobody said it and the file lacks their key.

    Our own exports of lists hold the number that the engine drew rather than the key of a source.
    """
    named = dict.fromkeys(path[0] for path in paths if path)
    if entity.key and {*entity.key} <= named.keys():
        return entity.key
    fields = (entity.fields[name] for name in named if name in entity.fields)
    return next(((one.name,) for one in fields if one.type == "sequence" or one.unique), ())


def _holds_children(entity: Entity, source: ImportField, catalog: Catalog[FieldType]) -> bool:
    return catalog[entity.fields[source.path[0]].type].relation == "children"


def _of_the_parent(
    entity: Entity, fields: Iterable[ImportField], app: App, mode: str
) -> ImportTarget:
    """Return the target for a file of parts: their records are found, the parts put into them."""
    parent = app.entities[entity.child_of]
    holder = next(
        one.name
        for one in parent.fields.values()
        if one.type == "children" and one.target == entity.name
    )
    moved, by = [], []
    for source in fields:
        if source.path[0] == entity.child_of:
            by.append(source.columns[0])
            moved.append(replace(source, path=source.path[1:] or parent.key))
        else:
            moved.append(replace(source, path=(holder, *source.path)))
    return ImportTarget(
        entity.name,
        parent.name,
        "update",
        parent.key,
        tuple(moved),
        group_by=tuple(by),
        gather=True,
        keep=(holder,) if mode != "create" else (),
    )


def zone_of(columns: Iterable[str], known: Collection[str]) -> str:
    """Return the zone in which the moments of a file of ours are told; empty for another file."""
    found = {match[1] for column in columns if (match := ZONE.search(column))} & {*known}
    return found.pop() if len(found) == 1 else ""


def _path_of(column: str, entity: Entity, app: App) -> tuple[str, ...]:
    bracket = BRACKETS.fullmatch(column)
    text = f"{bracket[1]}.{bracket[2]}" if bracket else column
    path = tuple(text.split("."))
    if path[0] in entity.fields:
        return path
    labels = ZONE.sub("", column).split(BEHIND)
    for written in (column, *labels[: len(labels) == 1]):
        model = _labelled(written, entity)
        if model is not None:
            return _whole(model, written)
    found = _along(labels, entity, app) if len(labels) > 1 else None
    return path if found is None else found


def _labelled(text: str, entity: Entity) -> Field | None:
    return next((one for one in entity.fields.values() if text in one.label.texts.values()), None)


def _whole(model: Field, written: str) -> tuple[str, ...]:
    """Return the path of a field by its label; of a translated one the language of the label."""
    if model.type != "translated":
        return (model.name,)
    languages = [one for one, text in model.label.texts.items() if text == written]
    return (model.name, languages[0]) if len(languages) == 1 else (model.name,)


def _along(labels: Sequence[str], entity: Entity, app: App) -> tuple[str, ...] | None:
    """Return the path that labels lead along; nothing where it only describes another record."""
    steps: list[Field] = []
    here = entity
    for number, text in enumerate(labels):
        model = _labelled(text, here)
        if model is None or (number and not steps[-1].target):
            return None
        steps.append(model)
        here = app.entities.get(model.target, here)
    for number, model in enumerate(steps[:-1]):
        behind = steps[number + 1]
        finds = behind.name in app.entities[model.target].key or behind.unique
        if model.type != "children" and (len(steps) > number + 2 or not finds):
            return ()
    return (*(one.name for one in steps[:-1]), *_whole(steps[-1], labels[-1]))


def _unknown_column(column: str, lost: LostPath, name: str, entity: Entity) -> FileFault:
    nearest = closest(lost.name, lost.known or writable(entity))
    hint = f" Did you mean '{nearest}'?" if nearest else ""
    hint_zh = f"是否指“{nearest}”？" if nearest else ""
    return FileFault(
        f"'{name}' has the column '{column}', which is no field of '{entity.name}'.{hint}",
        f"文件“{name}”中的列“{column}”不是“{entity.label.text('zh')}”的字段。{hint_zh}",
    )
