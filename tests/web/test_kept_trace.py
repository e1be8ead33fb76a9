"""Why a placed record costs what it does: on its page, within what the reader may read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import databases
from tests.shop import write_folder
from tests.web.conftest import Shop, open_shop

FILES = {
    "app.yaml": """
app: stall
label: {en: Stall, zh: 小摊}
currency: EUR
pricing:
  entity: sale
  currencies: {EUR: 2}
  item: {entity: ware, key: code, price: price}
  customer: {entity: buyer, key: code, groups: level}
  place:
    creates: sale
    record: {take: {buyer: customer, why: trace}}
    lines: {into: lines, take: {ware: item, count: quantity, price: price, off: off}}
""",
    "roles.yaml": """
roles:
  boss: {label: {en: Boss, zh: 老板}}
  clerk: {label: {en: Clerk, zh: 店员}}
  guest: {label: {en: Guest, zh: 访客}}
""",
    "s/s.access.yaml": """
access: s
grants:
  boss: {"*": all, sale: evaluate}
  clerk: {sale: [all, evaluate], ware: view, buyer: {allow: view, fields: {hidden: [level]}}}
  guest: {sale: {allow: view, fields: {hidden: [why]}}}
""",
    "s/ware.entity.yaml": """
entity: ware
label: {en: Ware, zh: 商品}
title: "{code}"
fields:
  code: {type: code, required: true, unique: true, label: {en: Code, zh: 编码}}
  price: {type: money, required: true, label: {en: Price, zh: 价格}}
""",
    "s/buyer.entity.yaml": """
entity: buyer
label: {en: Buyer, zh: 顾客}
title: "{code}"
fields:
  code: {type: code, required: true, unique: true, label: {en: Code, zh: 编码}}
  level: {type: text, label: {en: Level, zh: 等级}}
""",
    "s/sale.entity.yaml": """
entity: sale
label: {en: Sale, zh: 销售单}
fields:
  buyer: {type: reference, to: buyer, label: {en: Buyer, zh: 顾客}}
  why: {type: json, label: {en: Why, zh: 依据}}
  lines: {type: children, of: sale_line, label: {en: Lines, zh: 明细}}
""",
    "s/sale_line.entity.yaml": """
entity: sale_line
label: {en: Line, zh: 明细}
child_of: sale
fields:
  ware: {type: reference, to: ware, label: {en: Ware, zh: 商品}}
  count: {type: integer, required: true, label: {en: Count, zh: 数量}}
  price: {type: money, required: true, label: {en: Price, zh: 单价}}
  off: {type: money, label: {en: Off, zh: 优惠}}
""",
    "s/two.promotion.yaml": """
promotion: two
label: {en: Two off, zh: 立减2}
then: [{type: amount_off, value: 2}]
""",
    "s/fifty.promotion.yaml": """
promotion: fifty
label: {en: Ten off fifty, zh: 满50减10}
when: [{type: amount, value: 50}]
then: [{type: amount_off, value: 10}]
""",
    "s/gold.promotion.yaml": """
promotion: gold
label: {en: Gold only, zh: 金卡专享}
when: [{type: customer, groups: [gold]}]
then: [{type: amount_off, value: 1}]
""",
    "s/secret.promotion.yaml": """
promotion: secret
label: {en: With a code, zh: 凭码}
codes: [HELLO]
then: [{type: amount_off, value: 1}]
""",
}


@pytest.fixture(scope="module")
def sold(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shop, str]]:
    """A stall and the address of a sale that was placed over REST."""
    folder = write_folder(tmp_path_factory.mktemp("why"), FILES)
    people = {"bea": "boss", "cal": "clerk", "gus": "guest"}
    shop = open_shop(databases.sqlite_url(folder), folder, people)
    bea = shop.client("bea")
    bea.post("/api/v1/ware", json={"code": "A", "price": "20.00"})
    bea.post("/api/v1/buyer", json={"code": "ann", "level": "silver"})
    cart = {"lines": [{"item": "A", "quantity": 2}], "customer": "ann"}
    mark = bea.post("/api/v1/pricing/evaluate", json=cart).json["data"]["fingerprint"]
    placed = bea.post("/api/v1/pricing/place", json={"cart": cart, "fingerprint": mark})
    assert placed.status_code == 201, placed.text
    yield shop, f"/sale/{placed.json['data']['id']}"
    shop.runtime.engine.dispose()


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", ["Promotions considered", "Two off", "Applied: takes off €2.00.", "Ten off fifty",
                "Needs goods for €50.00; there are €40.00.",
                "Only for gold."]),
        ("zh", ["立减2", "已享受：减 €2.00。", "需满 €50.00，目前 €40.00。"]),
    ],
)  # fmt: skip
def test_what_was_applied_and_why_not_stands_on_the_page(
    sold: tuple[Shop, str], locale: str, said: list[str]
) -> None:
    shop, address = sold
    page = shop.client("bea").get(address, headers={"Accept-Language": locale}).text
    assert [one for one in said if one not in page] == []
    # nobody typed its code, so it says nothing about this sale
    assert "With a code" not in page


def test_it_stays_as_it_was_when_prices_change(sold: tuple[Shop, str]) -> None:
    shop, address = sold
    bea = shop.client("bea")
    ware = bea.get("/api/v1/ware").json["data"][0]
    etag = bea.get(f"/api/v1/ware/{ware['id']}").headers["ETag"]
    done = bea.patch(f"/api/v1/ware/{ware['id']}", json={"price": "99.00"},
                     headers={"If-Match": etag})  # fmt: skip
    assert done.status_code == 200, done.text
    assert "there are €40.00." in bea.get(address).text


def test_nothing_of_the_customer_is_kept_in_it(sold: tuple[Shop, str]) -> None:
    shop, address = sold
    row = shop.client("cal").get(f"/api/v1{address}").json["data"]
    assert "gold" in str(row["why"])
    assert "silver" not in str(row["why"])
    guest = shop.client("gus").get(address)
    assert guest.status_code == 200
    assert "Promotions considered" not in guest.text
