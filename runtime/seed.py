"""A folder of CSV files → records of an empty back office, through the pipeline like any other.

`ENTITY.csv` holds the records of an entity. Its header names fields: `name.en` a language, and
`address.city` a part of a value, `store.code` the record whose natural key is in the cell. Parts of
a record (`child_of`) stand in a file of their own and are saved with their whole. Days and moments
are written relative to now (`today-12d 09:30`, `now-95m`), so that a demo never grows old.

A record that is already there, by its natural key, is left alone: seeding twice changes nothing.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from generator.field_types import Viewer
from generator.model.entity import Entity, Field
from runtime.errors import RequestError
from runtime.messages import Actor, Incoming, Result
from runtime.pipeline import handle
from runtime.runtime import Runtime

Row = Mapping[str, str]
KeepFile = Callable[[Path], str]
"""Stores a file and returns its id."""

RELATIVE = re.compile(r"(today|now)(?:([+-]\d{1,5})([dhm]))?(?: (\d{2}:\d{2}))?")
STEP = {"d": "days", "h": "hours", "m": "minutes"}
PAGE = "200"


class SeedRefused(Exception):
    """A row that the pipeline refused; the file and the line are in the text."""


@dataclass
class Seeded:
    """What a seeding did."""

    created: dict[str, int] = field(default_factory=dict)
    """Records made, by entity."""
    skipped: dict[str, int] = field(default_factory=dict)
    """Records that were there already, by entity."""


def seed(
    runtime: Runtime,
    folder: Path,
    actor: Actor,
    keep_file: KeepFile | None = None,
    after_each: Callable[[Seeded], None] | None = None,
) -> Seeded:
    """Create every record of a folder that is not there yet; referred-to entities come first.

    Args:
        runtime: the back office.
        folder: holds `ENTITY.csv` files and the files they name.
        actor: who creates the records; the grants of its roles hold.
        keep_file: stores a picture or file and returns its id; without it such cells stay empty.
        after_each: called after every row, with what was done so far.

    Raises:
        SeedRefused: a row names an unknown field or record, or the pipeline refused it.

    """
    return _Seeding(runtime, folder, actor, keep_file, after_each or _nothing).run()


def _nothing(done: Seeded) -> None:
    """Do nothing after a row."""


class _Seeding:
    """One run: the natural keys learnt so far and the moment it started."""

    def __init__(
        self,
        runtime: Runtime,
        folder: Path,
        actor: Actor,
        keep_file: KeepFile | None,
        after_each: Callable[[Seeded], None],
    ) -> None:
        self.runtime, self.folder, self.actor = runtime, folder, actor
        self.keep_file, self.after_each = keep_file, after_each
        self.zone = ZoneInfo(runtime.app.time_zone)
        self.now = runtime.clock().astimezone(self.zone)
        self.known: dict[str, dict[str, str]] = {}
        self.done = Seeded()

    def run(self) -> Seeded:
        for entity in _in_order(self.runtime.app.entities, self.folder):
            parts = {
                model.name: self._parts(self.runtime.app.entities[model.target])
                for model in entity.fields.values()
                if model.type == "children" and self._file(model.target).exists()
            }
            for number, row in self._rows(entity.name):
                self._record(entity, row, number, parts)
                self.after_each(self.done)
        return self.done

    def _record(
        self, entity: Entity, row: Row, number: int, parts: Mapping[str, dict[str, list[Row]]]
    ) -> None:
        key = self._natural(entity, row)
        if key in self._keys(entity.name):
            self.done.skipped[entity.name] = self.done.skipped.get(entity.name, 0) + 1
            return
        try:
            values = self._values(entity, row)
            for name, children in parts.items():
                child = self.runtime.app.entities[entity.fields[name].target]
                values[name] = [self._values(child, part) for part in children.get(key, ())]
        except LookupError as error:
            raise SeedRefused(f"{entity.name}.csv, line {number}: {error.args[0]}") from error
        answer = self._ask("create", entity.name, values=values)
        if isinstance(answer, RequestError):
            wrong = "; ".join(f"{one.field}: {one.message}" for one in answer.errors)
            raise SeedRefused(f"{entity.name}.csv, line {number}: {wrong or answer.message}")
        self._keys(entity.name)[key] = str(answer.row[0])
        for name in parts:
            self.known.pop(entity.fields[name].target, None)
        self.done.created[entity.name] = self.done.created.get(entity.name, 0) + 1

    def _parts(self, child: Entity) -> dict[str, list[Row]]:
        """Return the rows of a child's file by the natural key of the record they belong to."""
        parent = self.runtime.app.entities[child.child_of]
        found: dict[str, list[Row]] = {}
        start = len(child.child_of) + 1
        for _, row in self._rows(child.name):
            whole = {
                name[start:]: row[name] for name in row if name.startswith(f"{child.child_of}.")
            }
            found.setdefault(self._natural(parent, whole), []).append(row)
        return found

    def _values(self, entity: Entity, row: Row) -> dict[str, Any]:
        """Return the payload that a row means; empty cells are left out."""
        values: dict[str, Any] = {}
        for name, cells in _by_field(row).items():
            model = entity.fields.get(name)
            if model is None:
                raise LookupError(f"There is no field '{name}' in {entity.name}.")
            if name != entity.child_of and any(cells.values()):
                value = self._value(model, cells)
                if value is not None:
                    values[name] = value
        return values

    def _value(self, model: Field, cells: Mapping[str, str]) -> Any:
        word = self.runtime.compiled.field_types[model.type]
        if word.relation == "reference":
            return self._find(model.target, self._natural_of(model.target, cells))
        if word.relation == "references":
            names = next(iter(cells.values())).split(",")
            return [self._find(model.target, name.strip()) for name in names]
        if "" not in cells:
            return {part: text for part, text in cells.items() if text}
        text = self._moment(cells[""])
        if model.type in {"image", "file"}:
            return self.keep_file(self.folder / text) if self.keep_file else None
        return word.from_text(text, model, Viewer(time_zone=self.runtime.app.time_zone))

    def _moment(self, text: str) -> str:
        """Return a day or moment that is written relative to now as ISO 8601."""
        found = RELATIVE.fullmatch(text)
        if found is None:
            return text
        start, count, unit, clock = found.groups()
        at = self.now + (timedelta(**{STEP[unit]: int(count)}) if count else timedelta())
        if start == "now":
            return at.replace(microsecond=0).isoformat()
        if clock is None:
            return at.date().isoformat()
        return datetime.fromisoformat(f"{at.date()}T{clock}").replace(tzinfo=self.zone).isoformat()

    def _find(self, entity: str, key: str) -> str:
        found = self._keys(entity).get(key)
        if found is None:
            raise LookupError(f"There is no {entity} '{key}'.")
        return found

    def _keys(self, entity: str) -> dict[str, str]:
        """Return id by natural key of every record there is."""
        if entity not in self.known:
            self.known[entity] = {}
            names = tuple(_key_paths(self.runtime.app.entities, entity))
            after: str | None = ""
            while after is not None and names:
                after = self._learn(entity, names, after)
        return self.known[entity]

    def _learn(self, entity: str, names: tuple[str, ...], after: str) -> str | None:
        """Take in a page of records; return where the next one starts, None after the last."""
        query = {"fields": (",".join(names),), "sort": ("id",), "limit": (PAGE,), "after": (after,)}
        answer = self._ask("list", entity, query=query)
        if isinstance(answer, RequestError):
            raise SeedRefused(f"{entity} cannot be listed: {answer.message}")
        places = {path.text: number for number, path in enumerate(answer.plan.paths)}
        for row in answer.rows:
            text = ".".join(str(row[places[name]]) for name in names)
            self.known[entity][text] = str(row[places["id"]])
        return answer.next_cursor or None

    def _natural(self, entity: Entity, row: Row) -> str:
        return ".".join(
            row.get(path, "") for path in _key_paths(self.runtime.app.entities, entity.name)
        )

    def _natural_of(self, entity: str, cells: Mapping[str, str]) -> str:
        if "" in cells:
            return cells[""]
        return self._natural(self.runtime.app.entities[entity], cells)

    def _ask(self, operation: str, entity: str, **parts: Any) -> Result | RequestError:
        incoming = Incoming(operation, entity, self.actor, source="seed", **parts)
        return handle(incoming, self.runtime)

    def _file(self, entity: str) -> Path:
        return self.folder / f"{entity}.csv"

    def _rows(self, entity: str) -> Iterator[tuple[int, Row]]:
        with self._file(entity).open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines)
            for row in reader:
                yield reader.line_num, row


def _by_field(row: Row) -> dict[str, dict[str, str]]:
    """Return the cells of a row by field, each under what follows the field's name."""
    fields: dict[str, dict[str, str]] = {}
    for column, text in row.items():
        name, _, rest = column.partition(".")
        fields.setdefault(name, {})[rest] = text.strip()
    return fields


def _key_paths(entities: Mapping[str, Entity], entity: str) -> Iterator[str]:
    """Yield the paths of a natural key, going on into the keys of what it refers to."""
    for name in entities[entity].key:
        target = entities[entity].fields[name].target
        if target:
            yield from (f"{name}.{inner}" for inner in _key_paths(entities, target))
        else:
            yield name


def _in_order(entities: Mapping[str, Entity], folder: Path) -> list[Entity]:
    """Return the entities that have a file, each after those that it or its parts refer to."""
    ordered: dict[str, Entity] = {}

    def visit(entity: Entity, above: frozenset[str]) -> None:
        if entity.child_of:
            entity = entities[entity.child_of]
        if entity.name in ordered or entity.name in above:
            return
        for model in entity.fields.values():
            inner = entities.get(model.target)
            targets = [inner] if inner else []
            if inner is not None and model.type == "children":
                targets = [entities[f.target] for f in inner.fields.values() if f.target]
            for target in targets:
                visit(target, above | {entity.name})
        if (folder / f"{entity.name}.csv").exists():
            ordered[entity.name] = entity

    for entity in entities.values():
        visit(entity, frozenset())
    return list(ordered.values())
