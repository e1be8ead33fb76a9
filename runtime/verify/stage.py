"""The stage on which scenarios are played: a database file that is thrown away, and who stands on
it.

Comes in: definitions and an empty folder. Goes out: requests answered by the pipeline, as any
transport asks it. The given records are made through the pipeline too, by a role that no shop has:
it may do everything, so that what a scenario proves does not hang on who wrote its records down.
Every case begins with a copy of the file in which the given records stand.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from generator.build.tables import NAMING
from generator.compile import Compiled
from generator.model.access import GrantRule, Role
from generator.model.entity import Entity, Field
from generator.model.scenario import GivenRecord, Scenario, Somebody
from generator.model.text import NOWHERE, plain
from generator.shapes.access import ACTIONS
from runtime import price_book
from runtime.errors import RequestError
from runtime.messages import Actor, Incoming, Result
from runtime.pipeline import handle
from runtime.runtime import Runtime, utc_now
from runtime.store.engine import make_engine
from runtime.store.rows import json_function
from runtime.store.schema import build_schema
from runtime.store.system_tables import system_tables
from runtime.verify.nobody import make_accounts

AUTHOR = "scenario!"
"""The role that writes the given records down; no role of a shop can be called so."""
LINKS = {"reference", "references"}
CALLED = "called"
NOON = time(12)
FIRST_PERSON = 11


class Unplayable(Exception):
    """A given record could not be made; the text says which and why."""


def with_author(compiled: Compiled) -> Compiled:
    """Return the same definitions with a role more, which makes the given records."""
    app = compiled.app
    author = Role(AUTHOR, plain(AUTHOR), (), None, NOWHERE, {"sensitive": "clear"})
    rule = GrantRule(AUTHOR, "*", ACTIONS, NOWHERE)
    roles = {**app.roles, AUTHOR: author}
    return replace(compiled, app=replace(app, roles=roles, grants=(*app.grants, rule)))


@dataclass
class Stage:
    """A runtime over a file, the ids of records by name, and what time it is."""

    runtime: Runtime
    file: Path
    scenario: Scenario
    now: datetime
    ids: dict[str, str]
    people: Mapping[str, Actor]

    def actor(self, person: Somebody) -> Actor:
        """Return somebody as requests name them; who is only a role knows of no records."""
        found = self.people.get(person.name)
        return found or Actor(FIRST_PERSON - 1, person.name, frozenset(person.roles))

    def ask(self, operation: str, entity: str, actor: Actor, **more: Any) -> Result | RequestError:
        """Send a request through the pipeline."""
        query = {name: (str(text),) for name, text in more.pop("query", {}).items()}
        return handle(Incoming(operation, entity, actor, query=query, **more), self.runtime)

    def rows(self, result: Result, rows: Iterable[Any]) -> list[dict[str, Any]]:
        """Return rows of an answer in API form."""
        types = self.runtime.compiled.field_types
        make = json_function(result.plan.shown, types, result.plan.veiled)
        return [make(row) for row in rows]

    def values(self, values: Mapping[str, Any], entity: Entity) -> dict[str, Any]:
        """Return what the API takes: ids for the names of records and people."""
        return {
            name: self._value(value, entity, name)
            for name, value in values.items()
            if name != CALLED
        }

    def query(self, query: Mapping[str, Any], entity: Entity) -> dict[str, str]:
        """Return filters as they stand in an address."""
        found = {}
        for key, value in query.items():
            model = entity.fields.get(key.partition("[")[0])
            several = value if isinstance(value, (list, tuple)) else (value,)
            names = [self._name(one, model is not None and bool(model.target)) for one in several]
            found[key] = ",".join(names)
        return found

    def _name(self, value: Any, links: bool) -> str:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return self.ids.get(text, text) if links else text

    def _value(self, value: Any, entity: Entity, name: str) -> Any:
        model = entity.fields[name]
        relation = self.runtime.compiled.field_types[model.type].relation
        if value is None:
            return None
        if relation in LINKS:
            if isinstance(value, (list, tuple)):
                return [self.ids.get(str(one), str(one)) for one in value]
            return self.ids.get(str(value), str(value))
        if model.type == "user" and str(value) in self.people:
            return self.people[str(value)].id
        if model.type == "children" and isinstance(value, list):
            child = self.runtime.app.entities[model.target]
            return [self.values(row, child) for row in value]
        return plain_api(value)

    def answers(self, given: Mapping[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
        """Return what a transition is told, as the API takes it."""
        types = self.runtime.compiled.field_types
        found = {}
        for name, value in given.items():
            model = fields.get(name)
            links = model is not None and types[model.type].relation in LINKS
            found[name] = self.ids.get(str(value), value) if links else plain_api(value)
        return found


def plain_api(value: Any) -> Any:
    """Return plain YAML as JSON has it: numbers with decimals are texts."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain_api(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_api(one) for one in value]
    return value


class Theatre:
    """Makes stages: one schema and one runtime for all scenarios, a fresh file for each case."""

    def __init__(self, compiled: Compiled, folder: Path) -> None:
        self.folder, self.file = folder, folder / "stage.db"
        self.now = utc_now()
        self.engine = make_engine(f"sqlite:///{self.file}")
        compiled = with_author(compiled)
        metadata = sa.MetaData(naming_convention=NAMING)
        system = system_tables(metadata)
        schema = build_schema(compiled, "sqlite", metadata)
        metadata.create_all(self.engine)
        make_accounts(self.engine)
        self.stage: Stage | None = None
        self.runtime = Runtime(compiled, self.engine, schema, system, clock=self._time)
        self._keep("empty")

    def _time(self) -> datetime:
        return self.now if self.stage is None else self.stage.now

    def close(self) -> None:
        """Let go of the file."""
        self.engine.dispose()

    def begin(self, scenario: Scenario) -> None:
        """Make the given records of a scenario and keep them for its cases.

        Raises:
            Unplayable: one of them is refused.

        """
        self._bring("empty")
        when = self._on(scenario.day)
        self.stage = Stage(self.runtime, self.file, scenario, when, {}, {})
        people = _people(scenario, self.runtime, {})
        self.stage.people = people
        author = Actor(1, "scenario", frozenset({AUTHOR}))
        for record in scenario.records:
            self.stage.ids[record.name] = self._make(record, author)
        self.stage.people = _people(scenario, self.runtime, self.stage.ids)
        self._keep("given")
        self._ids = dict(self.stage.ids)

    def case(self) -> Stage:
        """Return the stage as the given records left it."""
        assert self.stage is not None
        self._bring("given")
        scenario = self.stage.scenario
        self.stage.now, self.stage.ids = self._on(scenario.day), dict(self._ids)
        return self.stage

    def _on(self, day: date | None) -> datetime:
        here = self.runtime.time_zone
        return utc_now() if day is None else datetime.combine(day, NOON, here)

    def _make(self, record: GivenRecord, author: Actor) -> str:
        assert self.stage is not None
        entity = self.runtime.app.entities[record.entity]
        values = self.stage.values(record.values, entity)
        found = self.stage.ask("create", record.entity, author, values=values, source="seed")
        if isinstance(found, RequestError):
            raise Unplayable(f"{record.name}: {told(found)}")
        at = [path.text for path in found.plan.paths].index("id")
        made = str(found.row[at])
        self._parts(entity, made, record.values, author)
        return made

    def _parts(self, entity: Entity, record: str, values: Mapping[str, Any], author: Actor) -> None:
        """Note the ids of the parts that have a name; parts keep the order they are given in."""
        assert self.stage is not None
        for name, given in values.items():
            if not isinstance(given, list) or not any(isinstance(one, Mapping) for one in given):
                continue
            child = self.runtime.app.entities[entity.fields[name].target]
            query = {child.child_of: record, "sort": "position"}
            found = self.stage.ask("list", child.name, author, query=query)
            assert isinstance(found, Result)
            for part, row in zip(given, self.stage.rows(found, found.rows), strict=True):
                if CALLED in part:
                    self.stage.ids[part[CALLED]] = str(row["id"])
                self._parts(child, str(row["id"]), part, author)

    def _keep(self, name: str) -> None:
        with self.engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql("BEGIN")
        self.engine.dispose()
        shutil.copyfile(self.file, self.folder / f"{name}.db")

    def _bring(self, name: str) -> None:
        self.engine.dispose()
        for ending in ("-wal", "-shm"):
            self.file.with_name(self.file.name + ending).unlink(missing_ok=True)
        shutil.copyfile(self.folder / f"{name}.db", self.file)
        price_book.forget(self.runtime)


def _people(scenario: Scenario, runtime: Runtime, ids: Mapping[str, str]) -> dict[str, Actor]:
    """Return the people of a scenario; what is recorded of them stands in the given records."""
    found = {}
    for number, person in enumerate(scenario.people.values(), FIRST_PERSON):
        facts: dict[str, Any] = {name: [] for name in runtime.app.person}
        for fact in runtime.app.person.values():
            for record in scenario.records:
                holder = record.values.get(fact.person)
                if record.entity == fact.entity and str(holder) == person.name:
                    value = record.values.get(fact.value)
                    facts[fact.name] += [] if value is None else [ids.get(str(value), value)]
        roles = frozenset(person.roles)
        found[person.name] = Actor(number, person.name, roles, person=facts)
    return found


LANGUAGE: ContextVar[str] = ContextVar("language of verdicts", default="en")


def told(refusal: RequestError) -> str:
    """Return a refusal in one line: its code, what it says, and what it says of fields."""
    locale = LANGUAGE.get()
    parts = [f"{error.field}: {error.message.text(locale)}" for error in refusal.errors]
    said = refusal.message.text(locale) or refusal.title.text(locale)
    return f"{refusal.code} {said}" + (f" ({'; '.join(parts)})" if parts else "")
