"""Records in which every value can be told apart, for any app: what leaks names itself.

Comes in: a shop, whatever its definitions. Goes out: `Canary`s, each a text that stands in one cell
of one record and nowhere else. New entities and fields are filled without touching this file.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from generator.build.tables import has_column
from generator.model.entity import Entity, Field
from runtime.files import FileStore
from runtime.messages import Actor
from runtime.operations._reading import context
from runtime.runtime import Runtime
from tests.shop import Shop

RECORDS = 3
READING = ("list", "read", "aggregate", "export", "history")
TEXTS = {"text", "long_text", "tags", "rich_text"}
DAY = "2026-11-22"
DOT = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)
KEPT = {"image": (".png", DOT), "file": (".pdf", b"%PDF-1.4\n")}
"""Fields that hold a file: its name is what only this cell holds."""
NUMBERS = {"money", "decimal", "integer", "quantity"}


@dataclass(frozen=True)
class Canary:
    """A text that only one cell holds."""

    text: str
    entity: str
    record: str
    field: str


@dataclass
class Filled:
    """A shop full of canaries."""

    shop: Shop
    records: dict[str, list[str]] = field(default_factory=dict)
    canaries: list[Canary] = field(default_factory=list)
    number: int = 0
    posted: set[str] = field(default_factory=set)
    files: FileStore | None = None
    """Where pictures and papers are kept; without it no record has any."""

    def fill(self) -> None:
        """Make records of every entity, the ones pointed at before the ones that point."""
        for entity in self.shop.runtime.app.entities.values():
            self._make(entity)

    def _make(self, entity: Entity) -> list[str]:
        if entity.child_of or entity.name in self.records:
            return self.records.get(entity.name, [])
        if entity.ledger:
            return self._post(entity)
        self.records[entity.name] = []
        for place in range(RECORDS):
            texts: list[tuple[str, str]] = []
            values = dict(self._values(entity, place, texts))
            made = self.shop.done("create", entity.name, values)
            record = str(made.row[[path.text for path in made.plan.paths].index("id")])
            self.records[entity.name].append(record)
            self.canaries += [Canary(text, entity.name, record, name) for name, text in texts]
            self._children(entity, record)
        return self.records[entity.name]

    def _post(self, entity: Entity) -> list[str]:
        """Post one entry for each record of the first key of a ledger, and note what it left."""
        app = self.shop.runtime.app
        ledger = app.ledgers[entity.ledger]
        keys = {name: self._make(app.entities[to]) for name, to in ledger.key.items() if to}
        if entity.ledger not in self.posted:
            self.posted.add(entity.ledger)
            kind = next(name for name, one in ledger.kinds.items() if not one.is_transfer)
            for place in range(RECORDS):
                self.number += 1
                key = {name: made[place] for name, made in keys.items()}
                values = {"kind": kind, "key": key, "quantity": 81_000_000 + self.number}
                self.shop.done("post", entity.ledger, values)
        rows = raw(self.shop.runtime, entity)
        self.records[entity.name] = [str(row["id"]) for row in rows]
        self._note(entity, rows)
        return self.records[entity.name]

    def _values(
        self, entity: Entity, place: int, texts: list[tuple[str, str]]
    ) -> Iterator[tuple[str, Any]]:
        for model in entity.fields.values():
            if model.readonly or model.computed is not None or model.default is not None:
                continue
            if model.type == "reference":
                targets = self._make(self.shop.runtime.app.entities[model.target])
                if targets:
                    yield model.name, targets[place % len(targets)]
            elif model.type == "children":
                child = self.shop.runtime.app.entities[model.target]
                yield model.name, [dict(self._values(child, place, []))]
            else:
                value, text = self._value(model)
                if value is not None:
                    texts.append((model.name, text)) if text else None
                    yield model.name, value

    def _value(self, model: Field) -> tuple[Any, str]:
        """Return a value of the field's type, and what gives it away; nothing for other types."""
        self.number += 1
        word, digits = f"cnry{self.number:04}zq", str(81_000_000 + self.number)
        if model.type == "tags":
            return [word], word
        if model.type in TEXTS or (model.type == "code" and not model.args.get("pattern")):
            return word, word
        if model.type == "email":
            return f"{word}@example.com", word
        if model.type == "phone":
            return f"+86138{digits}", digits
        if model.type == "address":
            return {"country": "CN", "city": "Shanghai", "street": word}, word
        if model.type in KEPT and self.files is not None:
            name, content = KEPT[model.type]
            return self.files.keep(f"{word}{name}", content, self.shop.actor.id).id, word
        if model.type in NUMBERS and model.args.get("max") is None:
            return (int(digits), digits) if model.type == "integer" else (digits, digits)
        if model.type == "date":
            return DAY, ""
        if model.type == "choice":
            return next(iter(model.args["options"])), ""
        return None, ""

    def _children(self, entity: Entity, record: str) -> None:
        """Note the canaries of the parts of a record."""
        for model in entity.fields.values():
            if model.type != "children":
                continue
            child = self.shop.runtime.app.entities[model.target]
            rows = raw(self.shop.runtime, child)
            self._note(child, [row for row in rows if row[child.child_of] == record])

    def _note(self, entity: Entity, rows: Iterable[Mapping[str, Any]]) -> None:
        """Note the canaries of some rows."""
        for row in rows:
            for name, value in row.items():
                model = entity.fields.get(name)
                if model is None or model.target:  # the id of another record says nothing itself
                    continue
                found = re.search(r"cnry\d{4}zq|8100\d{4}", str(value))
                if found:
                    self.canaries.append(Canary(found[0], entity.name, str(row["id"]), name))


def raw(runtime: Runtime, entity: Entity) -> list[dict[str, Any]]:
    """Return the rows of a table as they are stored."""
    with runtime.engine.connect() as connection:
        rows = connection.execute(sa.select(runtime.schema.tables[entity.name])).mappings()
        return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    return str(value) if type(value).__name__ == "UUID" else value


def facts_of(runtime: Runtime, entity: Entity, row: Mapping[str, Any], depth: int = 2) -> Any:
    """Return a row as expressions read it: references walked, children beside it."""
    facts = dict(row)
    if not depth:
        return facts
    app = runtime.app
    for model in entity.fields.values():
        if model.type == "children":
            child = app.entities[model.target]
            facts[model.name] = [
                facts_of(runtime, child, one, 0)
                for one in raw(runtime, child)
                if one[child.child_of] == row["id"]
            ]
        elif model.target and has_column(model, runtime.compiled.field_types):
            target = app.entities[model.target]
            there = [one for one in raw(runtime, target) if one["id"] == row[model.name]]
            facts[model.name] = facts_of(runtime, target, there[0], depth - 1) if there else None
    return facts


def allowed(filled: Filled, actor: Actor) -> frozenset[str]:
    """Return the canaries that a person may see somewhere, decided in plain Python."""
    runtime = filled.shop.runtime
    asked = context(runtime, actor)
    seen: set[tuple[str, str, str]] = set()
    for entity in runtime.app.entities.values():
        grants = [runtime.matrix.grant(actor.roles, entity.name, action) for action in READING]
        if not any(grants):
            continue
        for row in raw(runtime, entity):
            facts = facts_of(runtime, entity, row)
            for grant in grants:
                lines = grant.covers(facts, asked) if grant is not None else ()
                if grant is None or not lines:
                    continue
                for name in grant.read:
                    if grant.sight(name, lines) == "clear":
                        seen.add((entity.name, str(row["id"]), name))
    return frozenset(
        one.text for one in filled.canaries if (one.entity, one.record, one.field) in seen
    )
