"""A header → the target it describes, when no import map says what the columns are.

Columns name the fields: `code`, `name.zh` (or `name[zh]`), `owner.code`, `lines.quantity`, or a
field's label.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from generator.field_types import FieldType
from generator.kinds import Catalog
from generator.model.app import App
from generator.model.entity import Entity
from generator.model.importmap import ImportField, ImportTarget
from generator.resolve.importmaps import LostPath, follow, writable
from generator.suggest import closest
from runtime.importing.faults import FileFault

BRACKETS = re.compile(r"(.+)\[([A-Za-z_]+)\]")


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
    paths = _paths(columns, entity, meant)
    for column, path in paths.items():
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
    by = tuple(one for one, path in paths.items() if one and path[0] in keys)
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
    columns: tuple[str, ...], entity: Entity, meant: Mapping[str, str] | None
) -> dict[str, tuple[str, ...]]:
    """Return what columns fill, as their names say or as somebody did."""
    if meant is None:
        return {column: _path_of(column, entity) for column in columns}
    told = {column: meant.get(column, "") for column in columns}
    return {column: tuple(path.split(".")) for column, path in told.items() if path}


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


def _path_of(column: str, entity: Entity) -> tuple[str, ...]:
    bracket = BRACKETS.fullmatch(column)
    text = f"{bracket[1]}.{bracket[2]}" if bracket else column
    path = tuple(text.split("."))
    if path[0] in entity.fields:
        return path
    for model in entity.fields.values():
        if column in model.label.texts.values():
            return (model.name,)
    return path


def _unknown_column(column: str, lost: LostPath, name: str, entity: Entity) -> FileFault:
    nearest = closest(lost.name, lost.known or writable(entity))
    hint = f" Did you mean '{nearest}'?" if nearest else ""
    hint_zh = f"是否指“{nearest}”？" if nearest else ""
    return FileFault(
        f"'{name}' has the column '{column}', which is no field of '{entity.name}'.{hint}",
        f"文件“{name}”中的列“{column}”不是“{entity.label.text('zh')}”的字段。{hint_zh}",
    )
