"""What became of a code is told with every price: each state can be met over REST, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests import databases
from tests.shop import write_folder
from tests.stall import APP, WARE
from tests.web.conftest import Shop, open_shop

PLACE = "/api/v1/pricing/evaluate"
PRICING = """  customer: {entity: buyer, key: code}
  codes: {entity: voucher, key: code, promotion: rule, owner: owner.code, until: until}
  counters:
    uses: {take: use.take}
    pace: {take: pace.take}
"""
BUYER = """
entity: buyer
label: {en: Buyer, zh: 顾客}
title: "{code}"
fields:
  code: {type: code, label: {en: Code, zh: 编号}, required: true, unique: true}
"""
VOUCHER = """
entity: voucher
label: {en: Voucher, zh: 代金券}
title: "{code}"
fields:
  code: {type: code, label: {en: Code, zh: 券码}, required: true, unique: true}
  rule: {type: text, label: {en: Promotion, zh: 促销}, required: true}
  owner: {type: reference, to: buyer, label: {en: Owner, zh: 持有人}}
  until: {type: datetime, label: {en: Until, zh: 失效时间}}
"""
USE = """
ledger: use
label: {en: Use, zh: 使用次数}
key:
  promotion: {type: text, label: {en: Promotion, zh: 促销}}
  customer: {type: text, label: {en: Customer, zh: 顾客}}
unit: integer
buckets: {used: {en: Used, zh: 已用}}
kinds:
  take: {label: {en: Use, zh: 使用}, move: {used: +q}}
"""
PACE = """
ledger: pace
label: {en: Pace, zh: 使用频率}
key:
  promotion: {type: text, label: {en: Promotion, zh: 促销}}
  by: {type: text, label: {en: By, zh: 来源}}
unit: integer
buckets: {used: {en: Used, zh: 已用}}
kinds:
  take: {label: {en: Use, zh: 使用}, move: {used: +q}}
"""
ACCESS = """
access: stall
grants:
  seller:
    ware: [all, evaluate]
    buyer: all
    voucher: all
    use: [view, post]
    pace: [view, post]
"""
RULES = {
    "plain": "{codes: [PLAIN], then: [{type: amount_off, value: 3}]}",
    "soon": "{codes: [SOON], window: {from: '2999-01-01'}, then: [{type: amount_off, value: 1}]}",
    "gone": "{codes: [GONE], window: {until: '2000-01-01'}, then: [{type: amount_off, value: 1}]}",
    "few": "{codes: [FEW], limits: {total: 2}, then: [{type: amount_off, value: 1}]}",
    "each": "{codes: [EACH], limits: {per_customer: 1}, then: [{type: amount_off, value: 1}]}",
    "fast": "{codes: [FAST], limits: {within: [{by: customer, most: 1, minutes: 10}]},"
    " then: [{type: amount_off, value: 1}]}",
    "much": "{codes: [MUCH], when: [{type: amount, value: 500}],"
    " then: [{type: amount_off, value: 1}]}",
    "alone": "{codes: [ALONE], combines_with: {targets: [shipping]},"
    " then: [{type: amount_off, value: 2}]}",
    "worse": "{codes: [WORSE], group: {name: best}, then: [{type: amount_off, value: 1}]}",
    "better": "{codes: [BETTER], group: {name: best}, then: [{type: amount_off, value: 4}]}",
    "hers": "{needs_code: true, then: [{type: amount_off, value: 1}]}",
}


@pytest.fixture(scope="module")
def stall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A stall where every state of a code can be met; FEW, EACH and FAST were used."""
    files = {
        "app.yaml": APP + PRICING,
        "roles.yaml": "roles:\n  seller: {label: {en: Seller, zh: 售货员}}\n",
        "stall/ware.entity.yaml": WARE,
        "stall/buyer.entity.yaml": BUYER,
        "stall/voucher.entity.yaml": VOUCHER,
        "stall/use.ledger.yaml": USE,
        "stall/pace.ledger.yaml": PACE,
        "stall/stall.access.yaml": ACCESS,
    }
    for name, rule in RULES.items():
        label = f"promotion: {name}, label: {{en: {name}, zh: {name}}}"
        files[f"stall/{name}.promotion.yaml"] = f"{{{label}, {rule[1:]}\n"
    folder = write_folder(tmp_path_factory.mktemp("codes"), files)
    shop = open_shop(databases.sqlite_url(folder), folder, {"sue": "seller"})
    sue = shop.client("sue")

    def made(place: str, **values: Any) -> Any:
        answer = sue.post(f"/api/v1/{place}", json=values)
        assert answer.status_code in (200, 201), answer.text
        return answer.json

    made("ware", code="A", price="30.00")
    ann, _ = (made("buyer", code=code)["data"]["id"] for code in ("ann", "bob"))
    made("voucher", code="HERS", rule="hers", owner=ann)
    made("voucher", code="OLD", rule="hers", until="2000-01-01T00:00:00Z")
    for promotion, customer, count in (("few", "*", 2), ("each", "ann", 1)):
        key = {"promotion": promotion, "customer": customer}
        made("use/post", key=key, kind="take", quantity=count)
    made("pace/post", key={"promotion": "fast", "by": "customer:ann"}, kind="take", quantity=1)
    yield shop
    shop.runtime.engine.dispose()


def told(stall: Shop, codes: Sequence[str], customer: str = "ann") -> dict[str, tuple[str, str]]:
    cart = {"lines": [{"item": "A"}], "codes": list(codes), "customer": customer}
    answer = stall.client("sue").post(PLACE, json=cart)
    assert answer.status_code == 200, answer.text
    return {one["code"]: (one["state"], one["message"]) for one in answer.json["data"]["codes"]}


@pytest.mark.parametrize(
    ("codes", "code", "state"),
    [
        (["plain"], "PLAIN", "applied"),
        ([" ｐｌａｉｎ "], "PLAIN", "applied"),
        (["SOON"], "SOON", "not_started"),
        (["GONE"], "GONE", "ended"),
        (["OLD"], "OLD", "ended"),
        (["FEW"], "FEW", "limit_reached"),
        (["EACH"], "EACH", "customer_limit"),
        (["FAST"], "FAST", "too_often"),
        (["MUCH"], "MUCH", "condition_not_met"),
        (["ALONE", "PLAIN"], "ALONE", "not_combinable"),
        (["WORSE", "BETTER"], "WORSE", "better_exists"),
        (["NONE"], "NONE", "unknown"),
        (["HERS"], "HERS", "applied"),
    ],
)
def test_each_state_can_be_met(stall: Shop, codes: list[str], code: str, state: str) -> None:
    found, message = told(stall, codes)[code]
    assert found == state
    assert message


def test_a_code_of_somebody_else_looks_like_none(stall: Shop) -> None:
    assert told(stall, ["HERS"], "bob") == {"HERS": told(stall, ["NONE"], "bob")["NONE"]}


def test_what_one_customer_used_up_is_nothing_to_another(stall: Shop) -> None:
    assert told(stall, ["EACH"], "bob")["EACH"][0] == "applied"


def test_whatever_order_codes_are_typed_in_the_same_holds(stall: Shop) -> None:
    codes = ["PLAIN", "ALONE", "BETTER", "WORSE", "MUCH", "GONE"]
    assert told(stall, codes) == told(stall, codes[::-1])
