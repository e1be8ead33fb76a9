"""Rules tried on what was bought: as a job, on its page, and by the numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from runtime.backtest import RuleSet, Wanted, backtest, read_rule_set
from runtime.errors import Invalid
from runtime.jobs.starting import every_kind
from runtime.jobs.worker import WorkerSetup, work_on
from runtime.messages import Actor, Incoming, Result
from runtime.pipeline import handle
from tests import databases
from tests.shop import write_folder
from tests.web.conftest import Shop, open_shop

FILES = {
    "app.yaml": """
app: stall
label: {en: Stall, zh: 小摊}
currency: EUR
pricing:
  entity: deal
  currencies: {EUR: 2, USD: 2}
  item: {entity: ware, key: code, price: price}
  customer: {entity: buyer, key: code, groups: level, orders: sale.buyer}
  past:
    entity: sale
    where: "note != 'void'"
    at: bought_at
    currency: currency
    customer: buyer.code
    lines: lines
    item: ware.code
    quantity: count
    price: price
    cost: ware.cost
""",
    "roles.yaml": """
roles:
  boss: {label: {en: Boss, zh: 老板}}
  clerk: {label: {en: Clerk, zh: 店员}}
""",
    "s/s.access.yaml": """
access: s
grants:
  boss: {"*": all, deal: evaluate}
  clerk: {deal: [all, evaluate], ware: {allow: [list, read], fields: {hidden: [cost]}}}
""",
    "s/ware.entity.yaml": """
entity: ware
label: {en: Ware, zh: 商品}
title: "{code}"
key: code
fields:
  code: {type: code, required: true, label: {en: Code, zh: 编码}}
  price: {type: money, required: true, label: {en: Price, zh: 价格}}
  cost: {type: money, label: {en: Cost, zh: 成本}}
""",
    "s/buyer.entity.yaml": """
entity: buyer
label: {en: Buyer, zh: 顾客}
title: "{code}"
key: code
fields:
  code: {type: code, required: true, label: {en: Code, zh: 编码}}
  level: {type: text, label: {en: Level, zh: 等级}}
""",
    "s/sale.entity.yaml": """
entity: sale
label: {en: Sale, zh: 销售单}
title: "{note}"
fields:
  note: {type: text, label: {en: Note, zh: 备注}}
  bought_at: {type: datetime, required: true, label: {en: Bought, zh: 购买时间}}
  currency: {type: text, default: EUR, label: {en: Currency, zh: 币种}}
  buyer: {type: reference, to: buyer, label: {en: Buyer, zh: 顾客}}
  lines: {type: children, of: sale_line, label: {en: Lines, zh: 明细}}
list: {sort: -bought_at}
""",
    "s/sale_line.entity.yaml": """
entity: sale_line
label: {en: Line, zh: 明细}
child_of: sale
fields:
  ware: {type: reference, to: ware, label: {en: Ware, zh: 商品}}
  count: {type: integer, required: true, label: {en: Count, zh: 数量}}
  price: {type: money, required: true, label: {en: Price, zh: 单价}}
""",
    "s/deal.entity.yaml": """
entity: deal
label: {en: Deal, zh: 促销}
title: "{code}"
key: code
fields:
  code: {type: code, required: true, label: {en: Code, zh: 编码}}
  name: {type: translated, required: true, label: {en: Name, zh: 名称}}
  rule: {type: rule, required: true, label: {en: Rule, zh: 规则}}
  until: {type: datetime, label: {en: Until, zh: 截止}}
  status:
    type: choice
    default: draft
    label: {en: Status, zh: 状态}
    options: {draft: {label: {en: Draft, zh: 草稿}}, active: {label: {en: Active, zh: 生效}}}
promotion:
  label: name
  rule: rule
  status: status
  says: {window: {until: $?until}}
""",
    "s/try.job.yaml": """
job: try
label: {en: Try it, zh: 试算}
role: boss
operators: [boss, clerk]
parameters:
  deal: {type: text, label: {en: Deal, zh: 促销}}
  against:
    type: choice
    default: without
    label: {en: Against, zh: 对比}
    options: {without: {label: {en: Without, zh: 无}}, none: {label: {en: None, zh: 都无}}}
  last: {type: integer, default: 50, label: {en: Last, zh: 最近}}
do: [{backtest: deal, against: against, last: last}]
""",
}
TENTH = {"then": [{"type": "percent_off", "percent": "10", "apply": "each_line"}]}
FIRST_TWO = {"then": [{"type": "amount_off", "value": "3"}], "limits": {"total": 2}}
VIP = {"when": [{"type": "customer", "groups": ["vip"]}],
       "then": [{"type": "amount_off", "value": "5"}]}  # fmt: skip
SECOND = {"when": [{"type": "order_number", "value": 2}],
          "then": [{"type": "amount_off", "value": "1"}]}  # fmt: skip
SALES: tuple[tuple[str, str, str, str, int, str], ...] = (
    ("old", "EUR", "", "cap", 1, "2025-01-05T10:00:00+00:00"),
    ("a", "EUR", "ann", "cap", 2, "2026-01-05T10:00:00+00:00"),
    ("void", "EUR", "ann", "cap", 9, "2026-01-05T11:00:00+00:00"),
    ("b", "EUR", "ann", "hat", 1, "2026-01-06T10:00:00+00:00"),
    ("dollars", "USD", "bob", "cap", 1, "2026-01-06T10:30:00+00:00"),
    ("c", "EUR", "bob", "cap", 1, "2026-03-01T10:00:00+00:00"),
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def stall(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """A stall with five sales that count, four of them in euros."""
    folder = write_folder(tmp_path_factory.mktemp("past"), FILES)
    shop = open_shop(
        databases.url_of(request.param, folder), folder, {"bea": "boss", "cal": "clerk"}
    )
    ids: dict[str, Any] = {}

    def make(entity: str, **values: Any) -> str:
        actor = Actor(0, "test", frozenset(shop.runtime.app.roles), kind="system")
        done = handle(Incoming("create", entity, actor, values=values, source="command"),
                      shop.runtime)  # fmt: skip
        assert isinstance(done, Result), done
        assert done.plan is not None
        assert done.row is not None
        return str(done.row[next(i for i, path in enumerate(done.plan.paths) if path.text == "id")])

    ids["cap"] = make("ware", code="cap", price="20.00", cost="12.00")
    ids["hat"] = make("ware", code="hat", price="50.00")
    ids["ann"], ids["bob"] = make("buyer", code="ann", level="vip"), make("buyer", code="bob")
    for note, currency, buyer, ware, count, at in SALES:
        price = "20.00" if ware == "cap" else "40.00"
        make("sale", note=note, currency=currency, bought_at=at, buyer=ids.get(buyer),
             lines=[{"ware": ids[ware], "count": count, "price": price}])  # fmt: skip
    for code, rule, status in (("TENTH", TENTH, "active"), ("FIRST-TWO", FIRST_TWO, "draft"),
                               ("VIP", VIP, "draft"), ("SECOND", SECOND, "draft")):  # fmt: skip
        name = {"en": f"{code}!", "zh": f"{code}！"}
        make("deal", code=code, name=name, rule=rule, status=status,
             until="2026-02-01T00:00:00+00:00" if code == "TENTH" else None)  # fmt: skip
    yield shop
    shop.runtime.engine.dispose()


def tried(stall: Shop, left: str, right: str, last: int = 50, currency: str = "") -> dict[str, Any]:
    wanted = Wanted(read_rule_set(left), read_rule_set(right), last, currency)
    return backtest(stall.runtime, wanted)


def test_two_rule_sets_are_played_over_what_was_bought(stall: Shop) -> None:
    report = tried(stall, "none", "now")
    # 20, 2 × 20, 40 and 20 as they were sold; the tenth was over before the last of them
    assert (report["carts"], report["changed"], report["passed"]) == (4, 3, {"currency": 1})
    assert (report["left"]["goods"], report["left"]["off"]) == (12000, 0)
    assert (report["right"]["off"], report["right"]["total"]) == (1000, 11000)
    # 4 caps at a cost of 12, of which nobody knows that of the hat
    assert (report["left"]["margin"], report["right"]["margin"]) == (8000 - 4800, 7400 - 4800)
    assert report["unknown_cost"] == 1
    (tenth,) = report["promotions"]
    assert tenth["right"] == {"carts": 3, "off": 1000, "floors": 0}
    assert [(one["left"], one["right"]) for one in report["largest"]] == [
        (4000, 3600), (4000, 3600), (2000, 1800),
    ]  # fmt: skip
    assert sum(one["carts"] for one in report["course"]) == 4
    assert sum(one["right"] for one in report["course"]) == 1000
    assert 0 < len(report["course"]) <= 40


def test_a_draft_is_tried_beside_what_holds_within_its_own_limits(stall: Shop) -> None:
    report = tried(stall, "without:deal:FIRST-TWO", "with:deal:FIRST-TWO")
    draft = next(one for one in report["promotions"] if one["promotion"] == "deal:FIRST-TWO")
    assert (draft["left"]["carts"], draft["right"]["carts"], draft["right"]["off"]) == (0, 2, 600)
    assert report["pairs"] == [
        {"promotions": ["deal:FIRST-TWO", "deal:TENTH"], "left": 0, "right": 2}
    ]
    # one that holds already is tried on every day, also after its own are over
    always = tried(stall, "now", "with:deal:TENTH@1")
    assert (always["left"]["off"], always["right"]["off"]) == (1000, 1200)


@pytest.mark.parametrize(("deal", "carts", "off"), [("VIP", 2, 1000), ("SECOND", 2, 200)])
def test_who_bought_and_how_often_before_is_known(
    stall: Shop, deal: str, carts: int, off: int
) -> None:
    report = tried(stall, "now", f"with:deal:{deal}")
    own = next(one for one in report["promotions"] if one["promotion"] == f"deal:{deal}")
    assert own["right"] == {"carts": carts, "off": off, "floors": 0}


def test_only_the_latest_and_only_of_one_currency(stall: Shop) -> None:
    assert tried(stall, "none", "now", 1)["carts"] == 1
    dollars = tried(stall, "none", "now", 50, "USD")
    assert (dollars["carts"], dollars["currency"], dollars["passed"]) == (1, "USD", {"currency": 4})


@pytest.mark.parametrize(
    "text",
    ["", "later", "with:", "with:deal:TENTH@x", "now:x", "with:deal:NOPE", "with:deal:TENTH@9"],
)
def test_rules_that_are_not_there_are_refused(stall: Shop, text: str) -> None:
    with pytest.raises(Invalid):
        tried(stall, "none", text)


def test_a_rule_set_says_itself() -> None:
    for text in ("now", "none", "with:deal:A", "with:deal:A@2", "without:ten"):
        assert str(read_rule_set(text)) == text
    assert read_rule_set("with:deal:A@2") == RuleSet("with", "deal:A", 2)


def test_it_is_asked_from_the_promotions_page_and_told_on_the_runs(stall: Shop) -> None:
    bea, runtime = stall.client("bea"), stall.runtime
    listed = bea.get("/api/v1/deal?fields=id,code").json["data"]
    deal = next(one["id"] for one in listed if one["code"] == "FIRST-TWO")
    page = bea.get(f"/deal/{deal}").text
    (address,) = re.findall(r'href="(/jobs/try\?[^"]+)"', page)
    form = bea.get(address.replace("&amp;", "&")).text
    assert 'value="deal:FIRST-TWO"' in form
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)
    assert token is not None
    sent = {"deal": "FIRST-TWO", "against": "without", "last": "50", "csrf_token": token[1]}
    answer = bea.post("/jobs/try", data=sent)
    assert answer.status_code == 303, answer.text
    run_id = answer.location.rpartition("/")[2]
    setup = WorkerSetup(runtime.engine, runtime.clock, every_kind(runtime.app), runtime)
    assert work_on(setup, "try", run_id, "test") == "succeeded"
    told = bea.get(answer.location).text
    for text in ("4 orders played through; 2 of them come out differently.", "FIRST-TWO!",
                 "Without FIRST-TWO!", "Margin", "−€6.00", "<svg", "As a table", "Highest: €",
                 "4 of 4"):  # fmt: skip
        assert text.replace("−", "-") in told.replace("−", "-"), text
    assert len(re.findall(r'href="/sale/[0-9a-f-]{36}"', told)) == 2
    chinese = bea.get(answer.location, headers={"Accept-Language": "zh"}).text
    for text in ("共试算 4 单，其中 2 单结果不同。", "无“FIRST-TWO！”", "毛利", "优惠金额走势"):
        assert text in chinese, text
    # who may see neither the cost nor the sales learns nothing of them
    other = stall.client("cal").get(answer.location).text
    assert "FIRST-TWO!" in other
    assert "Margin" not in other
    assert 'href="/sale/' not in other
