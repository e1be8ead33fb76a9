"""Whom the lowest price before a reduction is told: by channel, by what an item lies in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests import databases
from tests.shop import write_folder
from tests.web.conftest import Shop, open_shop
from tests.web.desk import NOW

PLACE = "/api/v1/pricing/evaluate"
FILES = {
    "app.yaml": """
app: stall
label: {en: Stall, zh: 小摊}
currency: EUR
pricing:
  entity: ware
  currencies: {EUR: 2}
  item:
    entity: ware
    key: code
    price: price
    list_price: was
    labels: {kind: kind.code}
    history:
      into: prices
      at: at
      price: price
      original: was
      lowest: lowest
      first_step: true
      channels: [web, app]
      exclude: {kind: [books]}
""",
    "roles.yaml": "roles: {seller: {label: {en: Seller, zh: 售货员}}}",
    "stall/kind.entity.yaml": """
entity: kind
label: {en: Kind, zh: 类别}
title: "{code}"
key: [code]
fields:
  code: {type: code, label: {en: Code, zh: 编码}, required: true, unique: true}
  above: {type: tree, label: {en: Above, zh: 上级}}
""",
    "stall/ware.entity.yaml": """
entity: ware
label: {en: Ware, zh: 商品}
title: "{code}"
key: [code]
fields:
  code: {type: code, label: {en: Code, zh: 编码}, required: true, unique: true}
  kind: {type: reference, to: kind, label: {en: Kind, zh: 类别}}
  price: {type: money, label: {en: Price, zh: 价格}, required: true}
  was: {type: money, label: {en: List price, zh: 原价}}
  lowest: {type: money, label: {en: Lowest before, zh: 此前最低价}}
  prices: {type: children, of: ware_price, label: {en: Former prices, zh: 历史价格}}
""",
    "stall/ware_price.entity.yaml": """
entity: ware_price
child_of: ware
label: {en: Former price, zh: 历史价格}
title: "{price}"
fields:
  at: {type: datetime, label: {en: From, zh: 起始}}
  price: {type: money, label: {en: Price, zh: 价格}}
  was: {type: money, label: {en: List price, zh: 原价}}
""",
    "stall/stall.access.yaml": """
access: stall
grants:
  seller: {ware: [all, evaluate], ware_price: all, kind: all}
""",
}


@pytest.fixture(scope="module")
def stall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A cup and a novel, both reduced in two steps; novels lie in books."""
    folder = write_folder(tmp_path_factory.mktemp("told"), FILES)
    shop = open_shop(databases.sqlite_url(folder), folder, {"sue": "seller"})
    made: dict[str, str] = {}

    def create(entity: str, values: dict[str, Any]) -> dict[str, Any]:
        answer = shop.client("sue").post(f"/api/v1/{entity}", json=values)
        assert answer.status_code == 201, answer.text
        made[values["code"]] = answer.json["data"]["id"]
        return dict(answer.json["data"])

    def days_later(days: int) -> None:
        shop.runtime.clock = lambda: NOW + timedelta(days=days)

    create("kind", {"code": "books"})
    create("kind", {"code": "novels", "above": made["books"]})
    create("kind", {"code": "cups"})
    for code, kind in (("CUP", "cups"), ("NOVEL", "novels")):
        days_later(0)
        row = create("ware", {"code": code, "kind": made[kind], "price": "50.00"})
        for days, price in ((40, "40.00"), (50, "30.00")):
            days_later(days)
            address, read = f"/api/v1/ware/{row['id']}", {"If-Match": f'"{row["version"]}"'}
            change = {"price": price, "was": "50.00"}
            answer = shop.client("sue").patch(address, json=change, headers=read)
            assert answer.status_code == 200, answer.text
            row = answer.json["data"]
    yield shop
    shop.runtime.engine.dispose()


def told(stall: Shop, **cart: Any) -> list[str | None]:
    lines = [{"item": "CUP"}, {"item": "NOVEL"}]
    answer = stall.client("sue").post(PLACE, json={"lines": lines, **cart})
    assert answer.status_code == 200, answer.text
    return [line.get("lowest_before") for line in answer.json["data"]["lines"]]


def test_buyers_are_told_in_some_channels_and_of_what_is_not_left_out(stall: Shop) -> None:
    # measured from the first step: the step to 40 does not count
    assert told(stall, channel="web") == ["50.00", None]
    assert told(stall, channel="app") == ["50.00", None]
    assert told(stall, channel="pos") == [None, None]
    assert told(stall) == [None, None]


def test_the_item_itself_keeps_it_wherever_it_lies(stall: Shop) -> None:
    rows = stall.client("sue").get("/api/v1/ware").json["data"]
    assert {row["code"]: row["lowest"] for row in rows} == {"CUP": "50.00", "NOVEL": "50.00"}
