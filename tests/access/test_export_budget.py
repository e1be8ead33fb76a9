"""So many rows a day leave with one person, by whichever door and however many at once."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import Model

from runtime.alarms import MOST_AN_HOUR
from runtime.errors import TooMany
from runtime.messages import Result
from runtime.web.users import create_user, sync_roles
from tests.databases import postgres_url, sqlite_url
from tests.shop import NOON, Shop, open_shop, person, write_folder

FILES = {
    "app.yaml": "app: stall\nlabel: Stall",
    "roles.yaml": "roles: {owner: {label: Owner}, clerk: {label: Clerk}, wide: {label: Wide}}",
    "stall/ware.entity.yaml": """
entity: ware
label: Ware
title: "{name}"
fields: {name: {type: text, required: true, index: true}}
""",
    "stall/note.entity.yaml": """
entity: note
label: Note
title: "{name}"
fields: {name: {type: text, required: true}}
""",
    "stall/stall.access.yaml": """
access: stall
grants:
  owner: {"*": all}
  clerk:
    ware: {allow: [view, export], limits: {export_day: 5}}
    note: {allow: [view, export], limits: {export_day: 5}}
  wide: {ware: {allow: [view, export], limits: {export_day: 9}}}
""",
}
CLERK = person("clerk", number=7)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Shop:
    url = postgres_url() if request.param == "postgres" else sqlite_url(tmp_path)
    opened = open_shop(url, write_folder(tmp_path / "stall", FILES), "owner")
    Model.metadata.create_all(opened.runtime.engine)
    sync_roles(opened.runtime.engine, opened.runtime.app)
    for number in range(3):
        opened.done("create", "ware", {"name": f"W{number}"})
        opened.done("create", "note", {"name": f"N{number}"})
    return opened


def taken(shop: Shop, entity: str = "ware", actor=CLERK, **query: str) -> int:
    answer = shop.ask("export", entity, actor=actor, query=query)
    assert isinstance(answer, Result), answer
    return sum(len(page) for page in answer.pages)


def test_what_is_more_than_is_left_of_the_day_is_refused_whole_and_told(shop: Shop) -> None:
    assert taken(shop) == 3
    refused = shop.refused("export", "ware", actor=CLERK)
    assert isinstance(refused, TooMany)
    assert refused.message.text("en") == "These are 3 rows; 2 of 5 a day are left to you today."
    # another filter is no other budget; what fits still leaves
    assert taken(shop, name="W1") == 1
    assert taken(shop, **{"name[in]": "W2"}) == 1
    assert isinstance(shop.refused("export", "ware", actor=CLERK, query={"name": "W0"}), TooMany)
    audit = shop.runtime.system.audit
    with shop.runtime.engine.connect() as connection:
        told = connection.execute(
            sa.select(audit.c.after).where(audit.c.operation == "denied").order_by(audit.c.id)
        ).scalars().all()  # fmt: skip
    assert told[0] == {"action": "export", "why": "a_day", "rows": 3, "left": 2}
    assert len(told) == 2


def test_each_entity_person_and_day_has_its_own_and_roles_add_up_to_the_widest(shop: Shop) -> None:
    taken(shop)
    assert taken(shop, "note") == 3
    assert taken(shop, actor=replace(CLERK, id=8)) == 3
    both = replace(CLERK, roles=frozenset({"clerk", "wide"}))
    assert taken(shop, actor=both) == 3
    assert taken(shop, actor=both) == 3
    assert isinstance(shop.refused("export", "ware", actor=both), TooMany)
    shop.runtime.clock = lambda: NOON + timedelta(days=1)
    assert taken(shop) == 3
    shop.done("export", "ware", actor=person("owner", number=7))


def test_exports_at_once_share_what_is_left(shop: Shop) -> None:
    found: list[object] = []

    def ask() -> None:
        found.append(shop.ask("export", "ware", actor=CLERK))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sum(isinstance(one, Result) for one in found) == 1
    assert sum(isinstance(one, TooMany) for one in found) == 3


def told(shop: Shop, who: int) -> list[str]:
    """Return the alarms somebody heard; that an export is somebody's first is told apart."""
    table = shop.runtime.system.notification
    mine = sa.select(table.c.kind).where(table.c.user_id == who, table.c.kind != "first_use")
    with shop.runtime.engine.connect() as connection:
        return list(connection.execute(mine).scalars())


def test_who_administers_hears_once_an_hour_of_somebody_who_takes_much_out(shop: Shop) -> None:
    boss = create_user(shop.runtime.engine, "boss", "correct horse battery", ["owner"])
    wide = person("wide", number=9)
    assert taken(shop, actor=wide) == 3
    assert not told(shop, boss)
    assert taken(shop) == 3
    shop.refused("export", "ware", actor=CLERK)
    assert told(shop, boss) == ["many_exports"]
    shop.refused("export", "ware", actor=CLERK)
    assert told(shop, boss) == ["many_exports"]
    for _ in range(MOST_AN_HOUR):
        assert taken(shop, "note", actor=person("owner", number=11)) == 3
    assert told(shop, boss) == ["many_exports"]
    assert taken(shop, "note", actor=person("owner", number=11)) == 3
    assert told(shop, boss) == ["many_exports"] * 2


@pytest.mark.parametrize(
    ("hours", "kinds"), [(9, []), (10, ["export_at_night"]), (17, ["export_at_night"]), (18, [])]
)
def test_who_administers_hears_of_what_is_taken_out_at_night(
    shop: Shop, hours: int, kinds: list[str]
) -> None:
    boss = create_user(shop.runtime.engine, "boss", "correct horse battery", ["owner"])
    assert shop.runtime.app.time_zone == "UTC"
    shop.runtime.clock = lambda: NOON + timedelta(hours=hours)
    for _ in range(2):
        taken(shop, "note", actor=person("owner", number=11))
    assert told(shop, boss) == kinds
