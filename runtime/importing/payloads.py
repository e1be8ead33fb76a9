"""The cells of a row → the payload of one record: a function a field, made once for a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from generator.field_types import FieldType, Viewer
from generator.kinds import Catalog
from generator.model.app import App
from generator.model.entity import Entity, Field
from generator.model.importmap import ImportField
from runtime.importing.values import NOTHING, CellFunction, cell_function, holes, relative_time

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
    keep_file: Callable[[str, Field], str | None] | None = None
    """Takes what a cell says of a file, and its field; returns the id it is kept under."""


@dataclass
class _Part:
    """How one field of a payload is made from a row."""

    make: CellFunction
    otherwise: Any
    """The value when the row says nothing; NOTHING leaves the field out."""


MANY = {"references", "children"}


@dataclass
class Builder:
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


class Maker:
    """Makes builders for the columns of one file."""

    def __init__(self, index: Mapping[str, int], around: Surroundings) -> None:
        self.index, self.around = index, around

    def builder(self, entity: Entity, tree: Mapping[str, Any]) -> Builder:
        made = Builder()
        for name, inner in tree.items():
            self.add(made, entity.fields[name], inner)
        return made

    def add(self, builder: Builder, model: Field, inner: Any) -> None:
        """Add to a builder how one field is made."""
        relation = self.around.catalog[model.type].relation
        has_default = model.default is not None or model.default_expression is not None
        keeps = model.required or has_default
        otherwise: Any = NOTHING if keeps else [] if relation in MANY else None
        if isinstance(inner, ImportField):
            self._note(builder, inner)
            make = self._leaf(model, inner)
        elif relation == "references":
            make = self._many(builder, model, inner)
        elif relation == "reference":
            target = self.builder(self.around.app.entities[model.target], inner)
            builder.cells |= target.cells
            make = _one(target)
        elif relation == "children":
            # parts of parts stand in the row of the part: one at most
            target = self.builder(self.around.app.entities[model.target], inner)
            builder.cells |= target.cells
            make = _alone(target)
        else:
            make = self._in_parts(builder, inner)
            if model.type == "translated" and inner.keys() < {*self.around.app.locales}:
                # the other languages are not in the file, so an empty cell says nothing of them
                otherwise = NOTHING
        builder.parts[model.name] = _Part(make, otherwise)

    def _note(self, builder: Builder, source: ImportField) -> None:
        names = [*source.columns, *holes(source)]
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
            keep = around.keep_file
            return lambda text: keep(text, model)
        if model.type in TIMES:
            day = model.type == "date"
            return lambda text: kind.from_text(
                relative_time(text, around.now, around.zone, day=day), model, around.viewer
            )
        return lambda text: kind.from_text(text, model, around.viewer)

    def _many(self, builder: Builder, model: Field, inner: Mapping[str, Any]) -> CellFunction:
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

    def _in_parts(self, builder: Builder, inner: Mapping[str, Any]) -> CellFunction:
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


def _alone(target: Builder) -> CellFunction:
    def make(cells: Sequence[Any]) -> Any:
        return [target.build(cells)] if target.says_something(cells) else NOTHING

    return make


def _one(target: Builder) -> CellFunction:
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
