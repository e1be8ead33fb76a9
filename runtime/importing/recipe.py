"""A target of an import map and the columns of a table → how rows become payloads.

Made once for a file. Every column is resolved to the field it fills before the first row is read,
so a wrong column is told at once and a row costs only its cells. Without a map the header names
the fields: `code`, `name.zh` (or `name[zh]`), `owner.code`, `lines.quantity`, or a field's label.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from generator.field_types import FieldType, Viewer
from generator.kinds import Catalog
from generator.model.app import App
from generator.model.entity import Entity, Field
from generator.model.importmap import ImportField, ImportTarget
from generator.resolve.importmaps import LostPath, follow, writable
from generator.suggest import closest
from runtime.importing.faults import FileFault
from runtime.importing.values import NOTHING, CellFunction, Test, cell_function, relative_time, test

BRACKETS = re.compile(r"(.+)\[([A-Za-z_]+)\]")
FILES = {"file", "image"}
TIMES = {"date", "datetime"}

Convert = Callable[[Any], Any]


@dataclass(frozen=True)
class Surroundings:
    """What reading a cell may ask for."""

    app: App
    catalog: Catalog[FieldType]
    viewer: Viewer
    now: datetime
    zone: ZoneInfo
    keep_file: Callable[[str], str | None] | None = None
    """Takes the path of a file beside the table, returns the id it is kept under."""


@dataclass
class _Part:
    """How one field of a payload is made from a row."""

    make: CellFunction
    otherwise: Any
    """The value when the row says nothing; NOTHING leaves the field out."""


@dataclass
class _Builder:
    """How the payload of one record is made from a row."""

    parts: dict[str, _Part] = field(default_factory=dict)
    cells: set[int] = field(default_factory=set)
    """The columns it reads; constants do not make a record."""

    def build(self, cells: Sequence[Any]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, part in self.parts.items():
            value = part.make(cells)
            if value is NOTHING:
                value = part.otherwise
                if value is NOTHING:
                    continue
            made[name] = value
        return made

    def says_something(self, cells: Sequence[Any]) -> bool:
        """Return whether any of its cells is not empty."""
        return any(cells[place] not in ("", None) for place in self.cells)


@dataclass(frozen=True)
class _Children:
    """How rows become the children of a record."""

    builder: _Builder
    skip: tuple[Test, ...]

    def of(self, cells: Sequence[Any]) -> dict[str, Any] | None:
        if not self.builder.says_something(cells) or any(holds(cells) for holds in self.skip):
            return None
        return self.builder.build(cells)


@dataclass(frozen=True)
class Recipe:
    """How the rows of one table become payloads of one entity."""

    target: ImportTarget
    entity: Entity
    root: _Builder
    children: Mapping[str, _Children]
    columns: Mapping[str, str]
    """The column behind each path of a payload, to tell where an error is."""
    places: Mapping[str, int]
    skip: tuple[Test, ...]
    parts: frozenset[str]

    def group(self, cells: Sequence[Any]) -> tuple[str, ...] | None:
        """Return what rows of one record have in common; None when each row is a record."""
        if not self.target.group_by:
            return None
        return self._texts(self.target.group_by, cells)

    def once(self, cells: Sequence[Any]) -> tuple[str, ...] | None:
        """Return what only the first row may say; None when every row counts."""
        return self._texts(self.target.once, cells) if self.target.once else None

    def _texts(self, names: tuple[str, ...], cells: Sequence[Any]) -> tuple[str, ...]:
        return tuple(str(cells[self.places[name]]).strip() for name in names)

    def column_of(self, place: str) -> str:
        """Return the column behind a place such as `lines.2.item`; empty when there is none."""
        path = ".".join(step for step in place.split(".") if not step.isdigit())
        while path:
            if path in self.columns:
                return self.columns[path]
            below = [
                column for known, column in self.columns.items() if known.startswith(f"{path}.")
            ]
            if below:
                return below[0]
            path = path.rpartition(".")[0]
        return ""


def make_recipe(
    target: ImportTarget, columns: tuple[str, ...], name: str, around: Surroundings
) -> Recipe:
    """Return the recipe of a target for a file with these columns.

    Raises:
        FileFault: the file lacks columns that the target names.

    """
    index = {column: place for place, column in enumerate(columns)}
    _require_columns(target, index, name)
    entity = around.app.entities[target.entity]
    root = _Builder()
    children: dict[str, _Builder] = {}
    by_path: dict[str, str] = {}
    tree: dict[str, Any] = {}
    for source in target.fields:
        column = next((one for one in source.columns if one in index), "")
        by_path[".".join(source.path)] = column or _first_hole(source, index)
        here = tree
        for step in source.path[:-1]:
            inner = here.setdefault(step, {})
            here = inner if isinstance(inner, dict) else here.setdefault(step, {"": inner})
        here[source.path[-1]] = source
    maker = _Maker(index, around)
    parts = set()
    for field_name, inner in tree.items():
        model = entity.fields[field_name]
        if around.catalog[model.type].relation == "children":
            child = around.app.entities[model.target]
            children[field_name] = maker.builder(child, inner)
        else:
            maker.add(root, model, inner)
            if isinstance(inner, dict) and not around.catalog[model.type].relation:
                parts.add(field_name)
    skips = target.skip_children or {}
    return Recipe(
        target=target,
        entity=entity,
        root=root,
        children={
            key: _Children(builder, tuple(test(one, index) for one in skips.get(key, ())))
            for key, builder in children.items()
        },
        columns=by_path,
        places=index,
        skip=tuple(test(one, index) for one in target.skip),
        parts=frozenset(parts),
    )


class _Maker:
    """Makes builders for the columns of one file."""

    def __init__(self, index: Mapping[str, int], around: Surroundings) -> None:
        self.index, self.around = index, around

    def builder(self, entity: Entity, tree: Mapping[str, Any]) -> _Builder:
        made = _Builder()
        for name, inner in tree.items():
            self.add(made, entity.fields[name], inner)
        return made

    def add(self, builder: _Builder, model: Field, inner: Any) -> None:
        """Add to a builder how one field is made."""
        relation = self.around.catalog[model.type].relation
        has_default = model.default is not None or model.default_expression is not None
        keeps = model.required or has_default
        otherwise: Any = NOTHING if keeps else [] if relation == "references" else None
        if isinstance(inner, ImportField):
            self._note(builder, inner)
            make = self._leaf(model, inner)
        elif relation == "references":
            make = self._many(builder, model, inner)
        elif relation == "reference":
            target = self.builder(self.around.app.entities[model.target], inner)
            builder.cells |= target.cells
            make = _one(target)
        else:
            make = self._in_parts(builder, inner)
        builder.parts[model.name] = _Part(make, otherwise)

    def _note(self, builder: _Builder, source: ImportField) -> None:
        names = [*source.columns, *_holes(source)]
        builder.cells |= {self.index[name] for name in names if name in self.index}

    def _leaf(self, model: Field, source: ImportField) -> CellFunction:
        read = cell_function(source, self.index)
        relation = self.around.catalog[model.type].relation
        if relation == "references":
            return _listed(read, source.separator, lambda text: text)
        if relation == "reference":
            return read
        convert = self._convert(model)

        def make(cells: Sequence[Any]) -> Any:
            value = read(cells)
            if value is NOTHING:
                return value
            value = convert(value) if isinstance(value, str) else value
            return NOTHING if value is None else value

        return make

    def _convert(self, model: Field) -> Convert:
        kind, around = self.around.catalog[model.type], self.around
        if model.type in FILES and around.keep_file is not None:
            return around.keep_file
        if model.type in TIMES:
            day = model.type == "date"
            return lambda text: kind.from_text(
                relative_time(text, around.now, around.zone, day=day), model, around.viewer
            )
        return lambda text: kind.from_text(text, model, around.viewer)

    def _many(self, builder: _Builder, model: Field, inner: Mapping[str, Any]) -> CellFunction:
        """Return the maker of a list of keys; `channels.code` holds several codes in one cell."""
        lists: dict[str, CellFunction] = {}
        for name, source in inner.items():
            if isinstance(source, ImportField):
                self._note(builder, source)
                read = cell_function(source, self.index)
                lists[name] = _listed(read, source.separator, lambda text: text)

        def make(cells: Sequence[Any]) -> Any:
            found = {name: read(cells) for name, read in lists.items()}
            given = {name: texts for name, texts in found.items() if texts is not NOTHING}
            if not given:
                return NOTHING
            return [
                dict(zip(given, parts, strict=True)) for parts in zip(*given.values(), strict=False)
            ]

        return make

    def _in_parts(self, builder: _Builder, inner: Mapping[str, Any]) -> CellFunction:
        reads = {}
        for name, source in inner.items():
            if isinstance(source, ImportField):
                self._note(builder, source)
                reads[name] = cell_function(source, self.index)

        def make(cells: Sequence[Any]) -> Any:
            found = {name: read(cells) for name, read in reads.items()}
            if all(value is NOTHING for value in found.values()):
                return NOTHING
            return {name: None if value is NOTHING else value for name, value in found.items()}

        return make


def _one(target: _Builder) -> CellFunction:
    def make(cells: Sequence[Any]) -> Any:
        if target.cells and not target.says_something(cells):
            return NOTHING
        return {name: value for name, value in target.build(cells).items() if value is not None}

    return make


def _listed(read: CellFunction, separator: str, convert: Convert) -> CellFunction:
    def make(cells: Sequence[Any]) -> Any:
        value = read(cells)
        if value is NOTHING:
            return NOTHING
        items = value if isinstance(value, list) else str(value).split(separator)
        return [convert(str(item).strip()) for item in items if str(item).strip()]

    return make


def _holes(source: ImportField) -> list[str]:
    return re.findall(r"\{([^{}]*)\}", source.template)


def _first_hole(source: ImportField, index: Mapping[str, int]) -> str:
    return next((hole for hole in _holes(source) if hole in index), "")


def _require_columns(target: ImportTarget, index: Mapping[str, int], name: str) -> None:
    needed: dict[str, None] = dict.fromkeys((*target.group_by, *target.once))
    for source in target.fields:
        if source.optional:
            continue
        if source.columns and not any(column in index for column in source.columns):
            needed[source.columns[0]] = None
        needed |= dict.fromkeys(_holes(source))
    conditions = [*target.skip, *(case.when for one in target.fields for case in one.cases)]
    needed |= dict.fromkeys(condition.column for condition in conditions)
    missing = [column for column in needed if column not in index]
    if not missing:
        return
    nearest = closest(missing[0], index)
    hint = f" Did you mean '{nearest}'?" if nearest else ""
    hint_zh = f"是否指“{nearest}”？" if nearest else ""
    raise FileFault(
        f"'{name}' lacks the column {', '.join(repr(one) for one in missing)}.{hint}",
        f"文件“{name}”缺少列：{'、'.join(missing)}。{hint_zh}",
    )


def target_from_header(
    entity: Entity,
    columns: tuple[str, ...],
    name: str,
    app: App,
    catalog: Catalog[FieldType],
    *,
    mode: str = "upsert",
    key: tuple[str, ...] = (),
) -> ImportTarget:
    """Return the target that a header describes: its columns are fields, paths or labels.

    Where there are columns of children, rows with one key are one record. A column that only the
    engine writes, such as a computed total of an export, is passed over.

    Raises:
        FileFault: a column is none of these.

    """
    fields: list[ImportField] = []
    for column in columns:
        path = _path_of(column, entity)
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
    by = tuple(source.columns[0] for source in fields if source.path[0] in keys)
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
