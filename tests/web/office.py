"""A back office of any definitions, and somebody signed in who may do everything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient

from generator.compile import Compiled
from generator.model.access import GrantRule
from generator.model.entity import Entity, Field
from generator.model.text import NOWHERE
from generator.shapes.access import ACTIONS
from runtime.messages import Actor, Incoming, Result
from runtime.pipeline import handle
from runtime.runtime import Runtime
from runtime.store.engine import make_engine
from runtime.store.migrate.apply import create_all
from runtime.store.schema import build_schema
from runtime.store.system_tables import system_tables
from runtime.web.factory import create_app
from runtime.web.settings import WebSettings
from runtime.web.users import create_user, sync_roles
from tests.databases import sqlite_url
from tests.web.desk import PASSWORD, token

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass
class Office:
    """The office and who works there."""

    compiled: Compiled
    runtime: Runtime
    client: FlaskClient
    actor: Actor

    def opened(self, address: str) -> None:
        """Open an address, which must be there and without a fault."""
        answer = self.client.get(address)
        assert answer.status_code == 200, (address, answer.status_code, answer.text[-1500:])

    def made(self, entity: Entity) -> str:
        """Make a record of the examples of its field types; '' when its rules refuse that."""
        values = self._values(entity)
        answer = handle(Incoming("create", entity.name, self.actor, values=values), self.runtime)
        return str(answer.row[0]) if isinstance(answer, Result) else ""

    def _values(self, entity: Entity) -> dict[str, Any]:
        return {
            field.name: self._example(field)
            for field in entity.fields.values()
            if field.default is None
            and not field.readonly
            and (field.required or (field.args.get("min") and field.type == "children"))
        }

    def _example(self, field: Field) -> Any:
        kind = self.compiled.field_types[field.type]
        if kind.relation == "reference":
            return self.made(self.compiled.app.entities[field.target])
        if kind.relation == "children":
            return [self._values(self.compiled.app.entities[field.target])]
        if "options" in field.args:
            return next(iter(field.args["options"]))
        return kind.examples[0].api if kind.examples else None


@contextmanager
def open_office(compiled: Compiled, folder: Path) -> Iterator[Office]:
    """Give an office on a database of its own, in a folder for its files."""
    compiled = open_to_all(compiled)
    roles = tuple(compiled.app.roles)
    engine = make_engine(sqlite_url(folder))
    try:
        create_all(engine, compiled, now=NOW)
        runtime = Runtime(
            compiled,
            engine,
            build_schema(compiled, engine.dialect.name),
            system_tables(sa.MetaData()),
        )
        sync_roles(engine, compiled.app)
        number = create_user(engine, "kim", PASSWORD, list(roles), email="kim@office.example")
        client = create_app(runtime, WebSettings(files=folder / "files")).test_client()
        page = client.get("/login/")
        data = {"username": "kim", "password": PASSWORD, "csrf_token": token(page)}
        assert client.post("/login/", data=data).status_code == 302
        yield Office(compiled, runtime, client, Actor(number, "kim", frozenset(roles)))
    finally:
        engine.dispose()


def open_to_all(compiled: Compiled) -> Compiled:
    """Return the model with grants by which every role may do everything."""
    grants = tuple(GrantRule(role, "*", ACTIONS, NOWHERE) for role in compiled.app.roles)
    return replace(compiled, app=replace(compiled.app, grants=grants))
