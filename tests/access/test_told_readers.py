"""Whoever is told of a record may read it with what records say of them, and the roles of today."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import Model

from runtime.web.users import create_user, sync_roles
from tests.access.branches import open_branches
from tests.databases import sqlite_url


def test_a_mention_reaches_who_works_where_the_record_belongs_and_nobody_else(
    tmp_path: Path,
) -> None:
    branches = open_branches(sqlite_url(tmp_path))
    shop, engine = branches.shop, branches.shop.runtime.engine
    Model.metadata.create_all(engine)
    sync_roles(engine, shop.runtime.app)
    people = {"boss": create_user(engine, "boss", "correct horse battery", ["owner"])}
    assert people["boss"] == shop.actor.id
    for name, store in (("sue", "S1"), ("sam", "S2"), ("new", "")):
        people[name] = create_user(engine, name, "correct horse battery", ["seller"])
        if store:
            values = {"account": name, "store": branches.stores[store]}
            shop.done("create", "staff", values)
    shop.done("comment", "order", {"text": "@sue @sam @new look"}, record=branches.orders["O1"])
    table = shop.runtime.system.notification
    with engine.connect() as connection:
        told = set(connection.execute(sa.select(table.c.user_id)).scalars())
    assert told == {people["sue"]}
