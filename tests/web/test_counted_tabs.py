"""The page of a promotion shows what was counted of it, to who may read the ledger that counts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from html import unescape

import pytest

from tests import databases
from tests.ledgers.test_placing import TILL
from tests.web.conftest import Shop, open_shop

PEOPLE = {"cal": "clerk", "gus": "guest"}
OFFER = """
entity: offer
label: {en: Offer, zh: 特价}
title: "{name}"
key: code
fields:
  code: {type: code, label: {en: Code, zh: 编码}, required: true, unique: true}
  name: {type: text, label: {en: Name, zh: 名称}}
  item: {type: text, label: {en: Item, zh: 商品}}
  price: {type: money, label: {en: Price, zh: 价格}}
  pieces: {type: integer, label: {en: Pieces, zh: 件数}}
  state:
    type: choice
    label: {en: State, zh: 状态}
    default: active
    options: {active: {label: {en: Active, zh: 进行中}}, draft: {label: {en: Draft, zh: 草稿}}}
promotion:
  label: name
  status: state
  says:
    then: [{type: fixed_price, price: $price, stock: $pieces, include: {items: [$item]}}]
detail:
  tabs: [use.promotion, history]
"""
PAIR = OFFER.replace("entity: offer", "entity: pair").replace("key: code", "key: [code, item]")
ACCESS = "access: offers\ngrants:\n  clerk: {offer: all, pair: all}\n  guest: {offer: view}\n"


@pytest.fixture(scope="module")
def till(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("counted")
    shutil.copytree(TILL, folder / "till")
    (folder / "till" / "sales" / "offer.entity.yaml").write_text(OFFER, encoding="utf-8")
    (folder / "till" / "sales" / "pair.entity.yaml").write_text(PAIR, encoding="utf-8")
    (folder / "till" / "sales" / "offers.access.yaml").write_text(ACCESS, encoding="utf-8")
    shop = open_shop(databases.sqlite_url(folder), folder / "till", PEOPLE)
    cal = shop.client("cal")
    for code in ("oar", "net", "rod"):
        assert cal.post("/api/v1/ware", json={"code": code, "price": "10.00"}).status_code == 201
    yield shop
    shop.runtime.engine.dispose()


def offer(till: Shop, code: str, item: str, entity: str = "offer") -> str:
    values = {"code": code, "name": code, "item": item, "price": "4.00", "pieces": 20}
    made = till.client("cal").post(f"/api/v1/{entity}", json=values)
    assert made.status_code == 201, made.text
    return str(made.json["data"]["id"])


def sell(till: Shop, item: str, count: int) -> None:
    cal = till.client("cal")
    cart = {"lines": [{"item": item, "quantity": count}]}
    mark = cal.post("/api/v1/pricing/evaluate", json=cart).json["data"]["fingerprint"]
    done = cal.post("/api/v1/pricing/place", json={"cart": cart, "fingerprint": mark})
    assert done.status_code == 201, done.text


def page(till: Shop, who: str, address: str) -> str:
    answer = till.client(who).get(address)
    assert answer.status_code == 200, answer.text
    return unescape(answer.text)


def test_what_was_sold_stands_on_its_page_and_leads_to_all_of_it(till: Shop) -> None:
    night, day = offer(till, "NIGHT-OARS", "oar"), offer(till, "DAY-NETS", "net")
    sell(till, "oar", 3)
    sell(till, "oar", 2)
    sell(till, "net", 7)
    found = page(till, "cal", f"/offer/{night}?tab=use.promotion")
    (row,) = [one for one in found.split("<tr")[1:] if 'href="/use/' in one]
    assert ">5<" in row, row
    more = "/use/?promotion[eq]=offer%3ANIGHT-OARS"
    assert more in found
    listed = page(till, "cal", more)
    assert "offer:NIGHT-OARS" in listed
    assert "offer:DAY-NETS" not in listed
    assert ">7<" in page(till, "cal", f"/offer/{day}?tab=use.promotion")


def test_nothing_is_said_where_nothing_was_counted(till: Shop) -> None:
    quiet = offer(till, "QUIET", "net")
    assert "tab=use.promotion" not in page(till, "cal", f"/offer/{quiet}?tab=history")


def test_who_may_not_read_the_ledger_sees_no_tab(till: Shop) -> None:
    seen = offer(till, "SEEN-OARS", "oar")
    sell(till, "oar", 1)
    for tab in ("", "?tab=use.promotion"):
        found = page(till, "gus", f"/offer/{seen}{tab}")
        assert "use.promotion" not in found
        assert "/use/" not in found


def test_one_that_several_fields_name_together_is_known_by_all_of_them(till: Shop) -> None:
    both = offer(till, "RODS", "rod", "pair")
    sell(till, "rod", 6)
    found = page(till, "cal", f"/pair/{both}?tab=use.promotion")
    assert "/use/?promotion[eq]=pair%3ARODS-rod" in found
    (row,) = [one for one in found.split("<tr")[1:] if 'href="/use/' in one]
    assert ">6<" in row, row
