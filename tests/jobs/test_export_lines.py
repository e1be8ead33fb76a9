"""A CSV that the database writes is, byte for byte, the one that is made of its rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import product
from random import Random
from typing import Any

import pytest
from flask_appbuilder.security.sqla.models import Model

from runtime.jobs import desk, results
from runtime.jobs.outbox import new_id
from runtime.messages import Actor
from runtime.operations.export import Pages
from runtime.store.engine import write
from runtime.store.guard import system
from runtime.store.written import Shape
from runtime.web.screens.export_lines import END
from runtime.web.users import create_user, sync_roles
from tests.databases import postgres_url
from tests.jobs.office import Office
from tests.shop import open_shop, person, write_folder

FILES = {
    "app.yaml": "app: stall\nlabel: Stall\nlocales: [en, zh]\ntime_zone: Asia/Shanghai",
    "roles.yaml": "roles: {owner: {label: O}, clerk: {label: C}, thrifty: {label: T}}",
    "stall/buyer.entity.yaml": """
entity: buyer
label: {en: Buyer, zh: 买家}
title: "{name}"
key: name
fields:
  name: {type: text, required: true, label: {en: Name, zh: 名称}}
""",
    "stall/sale.entity.yaml": """
entity: sale
label: {en: Sale, zh: 销售}
title: "{name}"
fields:
  place: {type: integer, label: {en: Place, zh: 位置}}
  name: {type: text, label: {en: Name, zh: 名称}}
  note: {type: long_text, label: {en: Note, zh: 备注}}
  total: {type: money, currency: EUR, places: 3, label: {en: Total, zh: 合计}}
  rate: {type: decimal, places: 6, label: {en: Rate, zh: 比率}}
  count: {type: quantity, places: 0, label: {en: Count, zh: 数量}}
  at: {type: datetime, label: {en: At, zh: 时间}}
  day: {type: date, label: {en: Day, zh: 日期}}
  kind:
    type: choice
    label: {en: Kind, zh: 类型}
    options:
      plain: {label: {en: "=Plain, really", zh: 普通}}
      odd: {label: {en: 'The "odd" one', zh: 特殊}}
  paid: {type: boolean, label: {en: Paid, zh: 已付}}
  tags: {type: tags, label: {en: Tags, zh: 标签}}
  buyer: {type: reference, to: buyer, label: {en: Buyer, zh: 买家}}
list: {columns: [name, total]}
""",
    "stall/stall.access.yaml": """
access: stall
grants:
  owner: {"*": all}
  clerk:
    buyer: {allow: view}
    sale: {allow: [view, export], rows: "count != 1", fields: {masked: {note: full}}}
  thrifty:
    buyer: {allow: view, rows: "name == 'Anna'"}
    sale: {allow: [view, export], limits: {export: 150}}
""",
}
ALL = "place,name,note,total,rate,count,at,day,kind,paid,tags,buyer,buyer.name"
PLAIN = "name,note,total,rate,count,at,day,kind,paid,place"


ODD = "=@+-\t\r\n\"', ＝＠＋－()019;|\\%:$x\u2028\x0b😀"
DRAWN = 500
LIMIT = 10**15


def texts() -> Iterator[str]:
    """Yield every text of one or two odd letters, and longer ones as they fall."""
    yield ""
    yield from ODD
    yield from ("".join(two) for two in product(ODD, repeat=2))
    chance = Random(5)
    for _ in range(DRAWN):
        yield "".join(chance.choice(ODD) for _ in range(chance.randint(3, 9)))


def stored() -> list[dict[str, Any]]:
    """Return rows as they lie in the table: nothing, odd, and at the ends of what may be."""
    chance = Random(7)
    ends = [None, 0, 1, -1, 5, -5, 10, 999, 1000, -1000, 1010, 999_999, LIMIT, -LIMIT, LIMIT + 1]
    moments = [None, datetime(1000, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)]
    moments += [datetime(2026, 3, 8, 6, 59, 59, 120_000, UTC), datetime(2026, 11, 1, 6, tzinfo=UTC)]
    moments += [datetime(1880, 5, 6, 7, 8, 9, 10, UTC), datetime(2026, 7, 1, 0, 0, 0, 1, UTC)]
    days = [None, date(1000, 1, 1), date(9999, 12, 31), date(2024, 2, 29)]
    found = []
    for place, text in enumerate(texts()):
        row = {"place": place, "name": text, "note": text[::-1] or None, "paid": chance.choice(
            (None, True, False)), "kind": chance.choice((None, "plain", "odd", "=gone")),
            "at": chance.choice(moments), "day": chance.choice(days), "tags": chance.choice(
            (None, [text]))}  # fmt: skip
        for name in ("total", "rate", "count"):
            row[name] = chance.choice(ends) if place % 2 else chance.randint(-LIMIT, LIMIT)
        found.append(row)
    return found


@pytest.fixture(scope="module")
def stall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("lines")
    opened = open_shop(postgres_url(), write_folder(folder / "stall", FILES), "owner")
    office = Office(opened.runtime, opened.actor, results=folder / "results")
    Model.metadata.create_all(office.runtime.engine)
    sync_roles(office.runtime.engine, office.runtime.app)
    buyers = [str(office.row(office.done("create", "buyer", {"name": one}))["id"])
              for one in ("Anna", '=1+1, "or so"')]  # fmt: skip
    table = office.runtime.schema.tables["sale"]
    now = office.now[0]
    rows = [
        {"id": new_id(), "version": 1, "created_at": now, "updated_at": now, "created_by": 0,
         "updated_by": 0, "buyer": [None, *buyers][row["place"] % 3], **row}
        for row in stored()
    ]  # fmt: skip
    with write(office.runtime.engine) as connection:
        connection.execute(system(table.insert(), "what no form would take"), rows)
    yield office
    office.runtime.engine.dispose()


def made(office: Office, actor: Actor, columns: str) -> bytes:
    """Return the bytes of the file that a job writes."""
    told = {"columns": columns.split(","), "form": "csv", "reason": "a test"}
    run = str(office.done("export", "sale", told, actor=actor, query={"sort": "-at,name"}).row)
    assert office.work() == ["succeeded"]
    (file,) = desk.files_of(office.runtime, run)
    assert office.results is not None
    return results.path_of(office.results, run, file.id).read_bytes()


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("role", "zone", "locale", "columns"),
    [
        ("owner", "Asia/Shanghai", "zh", ALL),
        ("owner", "America/New_York", "en", PLAIN),
        ("owner", "Nowhere/Else", "en", "buyer,name,tags"),
        ("clerk", "Asia/Shanghai", "zh", ALL),
        ("thrifty", "UTC", "en", "name,total,buyer.name"),
    ],
)
def test_what_the_database_writes_is_what_is_made_of_the_rows(
    stall: Office,
    monkeypatch: pytest.MonkeyPatch,
    role: str,
    zone: str,
    locale: str,
    columns: str,
) -> None:
    number = create_user(stall.runtime.engine, f"{role}{zone}", "correct horse battery", [role])
    actor = replace(person(role, number=number), name=role, time_zone=zone, locale=locale)
    asked: list[Shape] = []
    texts_of = Pages.texts
    monkeypatch.setattr(
        Pages, "texts", lambda it, shape: asked.append(shape) or texts_of(it, shape)
    )
    fast = made(stall, actor, columns)
    (shape,) = asked
    assert bool(shape.raw) is (columns != PLAIN and role != "thrifty")
    monkeypatch.setattr(Pages, "are_writable", lambda it, zones: False)
    slow = made(stall, actor, columns)
    assert len(asked) == 1
    assert fast.decode().split(END) == slow.decode().split(END)
    assert len(fast.decode().split(END)) > (100 if role == "thrifty" else 400)
