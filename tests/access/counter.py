"""The shop of two stores behind its web layer, full of canaries, and everybody who works there."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from generator.compile import Compiled, compile_definitions
from runtime.files import FileStore
from runtime.messages import Actor
from runtime.runtime import Runtime
from runtime.store.engine import make_engine
from runtime.store.migrate.apply import create_all
from runtime.store.schema import build_schema
from runtime.store.system_tables import system_tables
from runtime.web.factory import create_app
from runtime.web.settings import WebSettings
from runtime.web.users import create_user, sync_roles
from tests.access.branches import FOLDER
from tests.access.canaries import Filled
from tests.databases import sqlite_url
from tests.shop import NOON, Shop
from tests.web.desk import PASSWORD, Desk

PEOPLE = {
    "owner": (("owner",), ()),
    "seller": (("seller",), (0,)),
    "other": (("seller",), (1,)),
    "noshop": (("seller",), ()),
    "two": (("totals", "taxes"), ()),
    "lead": (("lead",), (0,)),
    "reviewer": (("reviewer",), ()),
    "norole": (("norole",), ()),
}
"""Login → roles, and the stores they work in by number."""


def open_counter(folder: Path, compiled: Compiled | None = None) -> tuple[Desk, Filled]:
    """Return the shop, or another one with its roles, on an empty database in a folder."""
    compiled = compiled or compile_definitions(FOLDER)
    engine = make_engine(sqlite_url(folder))
    create_all(engine, compiled, now=NOON)
    system = system_tables(sa.MetaData())
    schema = build_schema(compiled, engine.dialect.name)
    runtime = Runtime(compiled, engine, schema, system, clock=lambda: NOON)
    sync_roles(engine, compiled.app)
    people = {
        name: create_user(engine, name, PASSWORD, list(roles), email=f"{name}@branches.example")
        for name, (roles, _) in PEOPLE.items()
    }
    owner = Actor(people["owner"], "owner", frozenset({"owner"}))
    files = FileStore(folder / "files", engine, system.file, runtime.clock, runtime.make_id)
    filled = Filled(Shop(runtime, owner), files=files)
    filled.fill()
    for name, (_, places) in PEOPLE.items():
        for place in places:
            store = filled.records["store"][place]
            filled.shop.done("create", "staff", {"account": name, "store": store})
    app = create_app(runtime, WebSettings(files=folder / "files"))
    return Desk(runtime, app, people), filled


def person(desk: Desk, filled: Filled, name: str) -> Actor:
    """Return somebody as the web layer knows them."""
    roles, places = PEOPLE[name]
    stores = [filled.records["store"][place] for place in places]
    return Actor(desk.people[name], name, frozenset(roles), person={"stores": stores})
