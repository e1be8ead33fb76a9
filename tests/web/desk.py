"""A library's desk behind its web layer: kim keeps it, ron only reads."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from generator.compile import Compiled, compile_definitions
from runtime.messages import Actor, Incoming, Result
from runtime.pipeline import handle
from runtime.runtime import Runtime
from runtime.store.engine import make_engine
from runtime.store.migrate.apply import create_all
from runtime.web import users
from runtime.web.factory import create_app
from runtime.web.settings import WebSettings
from runtime.web.users import sync_roles
from tests import databases
from tests.tables import tables_of

SHOPS = Path(__file__).resolve().parents[1] / "shops"
DESK = SHOPS / "desk"
KINDS = SHOPS / "kinds"
TILL = SHOPS / "till"
PASSWORD = "correct horse battery"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
ASKING = {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"}
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


@dataclass
class Desk:
    """The desk and the people at it."""

    runtime: Runtime
    app: Flask
    people: dict[str, int]
    keeper: str = "keeper"
    """The role of kim."""

    def make(self, entity: str, **values: Any) -> str:
        """Create a record past the screens; return its id."""
        return str(self.ask("create", entity, **values).row[0])

    def ask(self, operation: str, entity: str, **values: Any) -> Result:
        """Carry out an operation past the screens, as kim."""
        actor = Actor(self.people["kim"], "kim", frozenset({self.keeper}))
        answer = handle(Incoming(operation, entity, actor, values=values), self.runtime)
        assert isinstance(answer, Result), getattr(answer, "errors", answer)
        return answer

    def change(self, entity: str, record_id: str, version: int, **values: Any) -> None:
        """Change a record past the screens."""
        actor = Actor(self.people["kim"], "kim", frozenset({self.keeper}))
        change = Incoming("update", entity, actor, record_id, values=values, version=version)
        answer = handle(change, self.runtime)
        assert isinstance(answer, Result), getattr(answer, "errors", answer)

    def count(self, table: str) -> int:
        """Return how many rows a table holds."""
        with self.runtime.engine.connect() as connection:
            statement = sa.select(sa.func.count()).select_from(sa.table(table))
            return int(connection.execute(statement).scalar_one())

    def browser(self, name: str = "kim", locale: str = "en") -> Browser:
        """Return a browser without script in which somebody is signed in, or nobody."""
        browser = Browser(self.app.test_client())
        browser.client.set_cookie("locale", locale)
        if name:
            page = browser.get("/login/")
            answer = browser.client.post(
                "/login/",
                data={"username": name, "password": PASSWORD, "csrf_token": token(page)},
            )
            assert answer.status_code == 302, answer.text
        return browser


@dataclass
class Browser:
    """What a person does with pages: opens them, fills forms in, sends them."""

    client: FlaskClient

    def get(self, address: str) -> TestResponse:
        """Open a page."""
        return self.client.get(address)

    def send(self, page: TestResponse, address: str, **values: Any) -> TestResponse:
        """Send the form of a page with some of its controls filled in."""
        hidden = {name: unescape(text) for name, text in HIDDEN.findall(page.text) if text}
        given = {name.replace("__", "-"): value for name, value in values.items()}
        data = {**hidden, "csrf_token": token(page), **given}
        return self.client.post(address, data=data)


def token(page: TestResponse) -> str:
    """Return the CSRF token of a page."""
    found = TOKEN.search(page.text)
    assert found is not None, page.text[:2000]
    return found[1]


def unescape(text: str) -> str:
    """Return an attribute's text as a browser reads it."""
    for entity, sign in (
        ("&#34;", '"'),
        ("&quot;", '"'),
        ("&#39;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
    ):
        text = text.replace(entity, sign)
    return text.replace("&amp;", "&")


def statements(desk: Desk, browser: Browser, address: str) -> list[str]:
    """Return the statements that one page costs, without what guards its slowest."""
    with databases.statements(desk.runtime.engine) as found:
        page = browser.get(address)
    assert page.status_code == 200, page.text
    return [one for one in found if one.lstrip().split(maxsplit=1)[0].upper() in ASKING]


def open_desk_with(kind: str, folder: Path, access: str, **files: str) -> Desk:
    """Return the desk with other rights, on an empty database of a kind.

    `files` are more definitions: by the name before `.yaml`, with `__` for a dot.
    """
    shutil.copytree(DESK, folder / "desk")
    (rights,) = (folder / "desk").rglob("*.access.yaml")
    rights.write_text(access, "utf-8")
    for name, text in files.items():
        home = folder / "desk" if name == "roles" else rights.parent
        (home / f"{name.replace('__', '.')}.yaml").write_text(text, "utf-8")
    return open_desk(databases.url_of(kind, folder), folder / "files", folder / "desk")


def open_desk(
    url: str,
    files: Path,
    folder: Path = DESK,
    templates: Path | None = None,
    export_now: int = 5000,
    roles: tuple[str, str] = ("keeper", "reader"),
) -> Desk:
    """Return the desk, or another shop with the same people, on an empty database.

    `roles` are those of kim and of ron.
    """
    compiled = compile_definitions(folder)
    engine = make_engine(url)
    databases.fill(
        engine,
        (open_desk, compiled.app.digest, users.HASHING, roles),
        lambda new: _fill(new, compiled, roles),
    )
    tables = tables_of(compiled, engine)
    runtime = Runtime(compiled, engine, tables.schema, tables.system)
    settings = WebSettings(files=files, templates=templates, export_now=export_now)
    app = create_app(runtime, settings)
    return Desk(runtime, app, databases.people(engine), roles[0])


def _fill(engine: sa.Engine, compiled: Compiled, roles: tuple[str, str]) -> None:
    create_all(engine, compiled, now=NOW)
    sync_roles(engine, compiled.app)
    for name, role, first in zip(("kim", "ron"), roles, ("Kim", "Ron"), strict=True):
        email = f"{name}@desk.example"
        users.create_user(engine, name, PASSWORD, [role], first_name=first, email=email)
