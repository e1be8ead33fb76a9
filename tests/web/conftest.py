"""The tiny shop behind its web layer, once a worker and database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from generator.compile import Compiled, compile_definitions
from runtime.runtime import Runtime
from runtime.store.engine import make_engine
from runtime.store.migrate.apply import create_all
from runtime.web import users
from runtime.web.factory import create_app
from runtime.web.settings import WebSettings
from runtime.web.users import sync_roles
from tests import databases
from tests.tables import tables_of

TINY = Path(__file__).resolve().parents[1] / "shops" / "tiny"
PASSWORD = "correct horse battery"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PEOPLE = {"ann": "clerk", "gus": "guest", "ada": "owner"}


@dataclass
class Shop:
    """A back office and the people in it: ann is a clerk, gus a guest, ada administrates."""

    runtime: Runtime
    app: Flask
    people: dict[str, int]

    def client(self, name: str = "") -> FlaskClient:
        """Return a client that sends a bearer of somebody, or of nobody."""
        client = self.app.test_client()
        if name:
            gate = self.app.extensions["shopwright"].gate
            found = gate.principals.current(self.people[name])
            token = gate.jwt.issue(found.actor.id, found.fingerprint, "access")
            client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return client


def open_shop(
    url: str, folder: Path = TINY, people: Mapping[str, str] = PEOPLE, **settings: Any
) -> Shop:
    """Return the tiny shop, or another, on an empty database; `people` hold one role each."""
    compiled = compile_definitions(folder)
    engine = make_engine(url)
    known_by = (open_shop, compiled.app.digest, users.HASHING, tuple(people.items()))
    databases.fill(engine, known_by, lambda new: _fill(new, compiled, people))
    tables = tables_of(compiled, engine)
    runtime = Runtime(compiled, engine, tables.schema, tables.system)
    return Shop(runtime, create_app(runtime, WebSettings(**settings)), databases.people(engine))


def _fill(engine: sa.Engine, compiled: Compiled, people: Mapping[str, str]) -> None:
    create_all(engine, compiled, now=NOW)
    sync_roles(engine, compiled.app)
    for name, role in people.items():
        users.create_user(engine, name, PASSWORD, [role])


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """The tiny shop, shared: a test makes its own records."""
    opened = open_shop(databases.url_of(request.param, tmp_path_factory.mktemp("web")))
    yield opened
    opened.runtime.engine.dispose()
