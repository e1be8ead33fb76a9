"""The promotions that are shipped, at a cart of real records: what they take off, and why not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

import app
from rules.proof import Proof
from runtime.errors import Forbidden, Invalid
from runtime.messages import Actor, Incoming, Result
from runtime.operations import _carts
from runtime.operations.evaluate import Evaluated
from runtime.pipeline import handle
from runtime.pricing_words import Words
from runtime.store.engine import write
from runtime.store.guard import system
from tests.databases import postgres_url, sqlite_url
from tests.offices import Office, open_office
from tests.runtime.test_races import successes, together

DEFINITIONS = Path(__file__).resolve().parents[2] / "definitions"
ROLE = "store_manager"
CROWD = 64


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def office(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    """A shop with bowls below tableware below home, a vase, a lamp in dollars and two customers."""
    folder = tmp_path_factory.mktemp("prices")
    url = sqlite_url(folder) if request.param == "sqlite" else postgres_url()
    opened = open_office(DEFINITIONS, url)
    home = opened.create("category", {"code": "home", "name": {"en": "Home", "zh": "家居"}})
    tableware = opened.create(
        "category",
        {"code": "tableware", "name": {"en": "Tableware", "zh": "餐具"}, "parent": home},
    )
    for code, category, currency, prices in (
        ("BOWL", tableware, "CNY", {"BOWL-S": "40.00", "BOWL-L": "60.00"}),
        ("VASE", home, "CNY", {"VASE-1": "187.60"}),
        ("LAMP", home, "USD", {"LAMP-1": "30.00"}),
    ):
        values = {
            "code": code,
            "name": {"en": code, "zh": code},
            "category": category,
            "currency": currency,
            "tags": ["gift"],
            "variants": [
                {"sku": sku, "spec": sku, "price": price} for sku, price in prices.items()
            ],
        }
        opened.create("product", values)
    for rank, code in enumerate(("gold", "black")):
        name = {"en": code, "zh": code}
        level = opened.create("member_level", {"code": code, "name": name, "rank": rank})
        opened.create("customer", {"code": f"M-{code}", "name": code, "level": level})
    yield opened
    opened.runtime.engine.dispose()


def priced(office: Office, locale: str = "en", **cart: Any) -> dict[str, Any]:
    """Return what the API answers for a cart."""
    found = office.done("evaluate", "promotion", ROLE, values=cart).row
    assert isinstance(found, Evaluated)
    return Words(found, office.runtime.app, locale).as_json()


def refused(office: Office, **cart: Any) -> dict[str, str]:
    answer = office.ask("evaluate", "promotion", ROLE, values=cart)
    assert isinstance(answer, Invalid), answer
    return {error.field: error.code for error in answer.errors}


def verdicts(found: dict[str, Any]) -> dict[str, str]:
    return {step["promotion"]: step["verdict"] for step in found["trace"]}


def test_two_hundred_saves_twenty_split_over_the_lines(office: Office) -> None:
    lines = [{"item": "VASE-1"}, {"item": "BOWL-S", "quantity": 1}]
    found = priced(office, lines=lines)
    assert found["totals"]["goods"] == "227.60"
    assert [line["discount"] for line in found["lines"]] == ["16.49", "3.51"]
    assert found["totals"]["total"] == "207.60"
    assert verdicts(found)["spend_and_save"] == "applied"


def test_what_is_missing_is_said_with_need_and_have_in_both_languages(office: Office) -> None:
    found = priced(office, lines=[{"item": "VASE-1"}])
    (step,) = [one for one in found["trace"] if one["promotion"] == "spend_and_save"]
    assert (step["verdict"], step["condition"]) == ("not_eligible", "tier")
    assert (step["have"], step["need"], step["missing"]) == ("187.60", "200.00", "12.40")
    assert found["hints"] == ["Add CN¥12.40 more: Spend 200 and save 20"]
    chinese = priced(office, "zh", lines=[{"item": "VASE-1"}])
    assert chinese["hints"] == ["再买 ¥12.40 即可享受：满200减20"]


def test_a_member_pays_less_and_the_staircase_looks_at_what_is_left(office: Office) -> None:
    found = priced(office, lines=[{"item": "VASE-1", "quantity": 3}], customer="M-black")
    assert verdicts(found)["black_members"] == "applied"
    assert verdicts(found)["gold_members"] == "not_eligible"
    # 562.80 less a tenth is 506.52, which reaches the second step
    assert found["totals"]["total"] == "446.52"


def test_the_second_bowl_is_half_price_whatever_lies_between(office: Office) -> None:
    found = priced(office, lines=[{"item": "BOWL-L"}, {"item": "VASE-1"}, {"item": "BOWL-S"}])
    bowls = [one for one in found["lines"] if one["item"] == "BOWL-S"]
    assert bowls[0]["discounts"][0]["promotion"] == "second_half_price"
    assert bowls[0]["discounts"][0]["amount"] == "20.00"


def test_a_line_may_bring_its_own_price_and_labels(office: Office) -> None:
    line = {"price": "10.00", "quantity": 2, "labels": {"category": ["tableware", "home"]}}
    found = priced(office, lines=[line], currency="CNY")
    assert found["totals"] == {
        "goods": "20.00",
        "discount": "5.00",
        "extras": "0.00",
        "delivery": "0.00",
        "delivery_discount": "0.00",
        "tax": "0.00",
        "total": "15.00",
    }


@pytest.mark.parametrize(
    ("cart", "errors"),
    [
        ({}, {"lines": "required"}),
        ({"lines": [{"item": "VASE-1", "quantity": -2}]}, {"lines.0.quantity": "invalid"}),
        ({"lines": [{"item": "VASE-1", "quantity": True}]}, {"lines.0.quantity": "invalid"}),
        ({"lines": [{"item": "NOTHING"}]}, {"lines.0.item": "not_found"}),
        ({"lines": [{}]}, {"lines.0.item": "required"}),
        (
            {"lines": [{"item": "VASE-1"}, {"item": "LAMP-1"}]},
            {"lines.1.item": "mixed_currency"},
        ),
        ({"lines": [{"item": "VASE-1"}], "currency": "USD"}, {"lines.0.item": "mixed_currency"}),
        ({"lines": [{"price": "-1"}]}, {"lines.0.price": "bad_amount"}),
        ({"lines": [{"price": "1.005"}]}, {"lines.0.price": "bad_decimals"}),
        ({"lines": [{"price": {"CHF": "1"}}]}, {"lines.0.price": "bad_currency"}),
        ({"lines": [{"price": "1" * 15}]}, {"lines.0.price": "out_of_range"}),
        (
            {"lines": [{"price": "1", "labels": {"colour": ["red"]}}]},
            {"lines.0.labels.colour": "unknown_label"},
        ),
        ({"lines": [{"price": "1"}], "currency": "CHF"}, {"currency": "unknown_currency"}),
        ({"lines": [{"price": "1"}], "customer": "NOBODY"}, {"customer": "not_found"}),
        ({"lines": [{"price": "1"}], "at": "2026-11-11"}, {"at": "invalid"}),
        ({"lines": [{"price": "1"}], "facts": {"moon": "full"}}, {"facts.moon": "unknown_fact"}),
        (
            {"lines": [{"price": "1", "id": "a"}, {"price": "1", "id": "a"}]},
            {"lines": "line_twice"},
        ),
        ({"lines": [{"price": "1"}], "total": "1"}, {"total": "unknown_field"}),
        ({"lines": [{"price": "1"}] * 10_000}, {"lines": "too_many"}),
        ({"lines": "all"}, {"lines": "invalid"}),
    ],
)
def test_a_cart_that_cannot_be_is_refused_by_field(
    office: Office, cart: dict[str, Any], errors: dict[str, str]
) -> None:
    assert refused(office, **cart) == errors


def test_who_has_no_line_for_it_may_not_evaluate(office: Office) -> None:
    values = {"lines": [{"price": "1"}]}
    assert isinstance(office.ask("evaluate", "promotion", "analyst", values=values), Forbidden)
    assert isinstance(office.ask("evaluate", "campaign", "marketer", values=values), Forbidden)


def test_the_statements_do_not_grow_with_the_lines(office: Office) -> None:
    seen: list[str] = []

    def note(*given: Any) -> None:
        seen.append(given[2])

    sa.event.listen(office.runtime.engine, "before_cursor_execute", note)
    counts = []
    priced(office, lines=[{"item": "VASE-1"}], customer="M-gold")
    for times in (1, 300):
        lines = [{"item": sku} for sku in ("VASE-1", "BOWL-S", "BOWL-L")] * times
        seen.clear()
        priced(office, lines=lines, customer="M-gold")
        counts.append(len([text for text in seen if "SELECT" in text.upper()]))
    sa.event.remove(office.runtime.engine, "before_cursor_execute", note)
    assert counts[0] == counts[1] <= 9


def test_as_many_lines_as_are_taken_are_priced(office: Office) -> None:
    lines = [{"price": "1.00"} for _ in range(_carts.MOST_LINES)]
    assert priced(office, lines=lines)["totals"]["discount"] == "150.00"


def test_a_cart_is_priced_on_the_command_line(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = office.runtime.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("SHOPWRIGHT_DATA", str(tmp_path))
    cart = tmp_path / "cart.json"
    cart.write_text(json.dumps({"lines": [{"item": "VASE-1"}], "customer": "M-gold"}))
    command = ["--definitions", str(DEFINITIONS), "price", str(cart)]
    done = CliRunner().invoke(app.main, [*command, "--locale", "zh"])
    assert done.exit_code == 0, done.output
    assert "应付：¥178.22（已优惠 ¥9.38）" in done.output
    assert "黑金会员 9 折: 仅限 black，该顾客属于 gold。" in done.output
    assert "再买 ¥21.78 即可享受：满200减20" in done.output
    cart.write_text(json.dumps({"lines": [{"item": "VASE-1", "quantity": 0}]}))
    wrong = CliRunner().invoke(app.main, command)
    assert wrong.exit_code == 1
    assert "lines.0.quantity: Write a whole number from 1 to 1000000." in wrong.output
    cart.write_text("{")
    assert "holds no JSON" in CliRunner().invoke(app.main, command).output


def test_a_price_list_holds_before_promotions_and_says_so(office: Office) -> None:
    name = {"en": "Trade", "zh": "批发"}
    channel = office.create("channel", {"code": "trade", "name": name, "kind": "b2b"})
    (bowl,) = [one["id"] for one in office.all("variant", "id,sku") if one["sku"] == "BOWL-S"]
    steps = [(10, "8.50"), (50, "7.00")]
    prices = [{"variant": bowl, "min_quantity": n, "amount": each} for n, each in steps]
    name = {"en": "Wholesale", "zh": "批发价"}
    values = {"code": "TRADE", "name": name, "channels": [channel], "prices": prices}
    office.create("price_list", values)
    lines = [{"item": "BOWL-S", "quantity": 10}]
    found = priced(office, lines=lines, channel="trade")
    assert (found["totals"]["goods"], found["prices"][0]["message"]) == (
        "85.00",
        "Price list Wholesale from 10: CN¥8.50.",
    )
    assert any(hint.startswith("Add 40 more pieces: CN¥7.00 each") for hint in found["hints"])
    chinese = priced(office, "zh", lines=lines, channel="trade")
    assert chinese["prices"][0]["message"] == "价目表“批发价”满 10 件：¥8.50。"
    elsewhere = priced(office, lines=lines, channel="web")
    assert elsewhere["totals"]["goods"] == "400.00"
    assert elsewhere["prices"][0]["message"].endswith("Only in trade.")
    clerk = office.done("evaluate", "promotion", "customer_service", values={"lines": lines}).row
    assert clerk.priced.listings == ()  # who may not read price lists hears of those that hold


def claim(office: Office, template: str, customer: str) -> Any:
    """Give a customer a coupon, or the refusal."""
    asked = {"workflow": "status", "transition": "claim", "input": {"customer": customer}}
    return office.ask("transition", "coupon_template", values=asked, record_id=template)


def test_of_many_claims_at_once_as_many_coupons_are_given_as_there_are(office: Office) -> None:
    name = {"en": "Ten", "zh": "十张"}
    days = {"starts_at": "2026-01-01T00:00:00Z", "ends_at": "2026-12-31T00:00:00Z"}
    values = {"code": "TEN", "name": name, "value": "5", "quota": 10, "each": 1, **days}
    template = office.create("coupon_template", values)
    runs = office.runtime.schema.tables["coupon_template"].update().values(status="active")
    with write(office.runtime.engine) as connection:  # as if it had been approved and begun
        connection.execute(system(runs.where(sa.text("code = 'TEN'")), "a coupon that runs"))
    people = [
        office.create("customer", {"code": f"C-{n}", "name": f"C {n}"}) for n in range(CROWD // 2)
    ]
    asked = [partial(claim, office, template, people[n % len(people)]) for n in range(CROWD)]
    given = successes(together(*asked))
    made = office.all("coupon", "code,customer", **{"template": template})
    assert len(given) == len(made) == 10
    assert len({one["customer"] for one in made}) == 10
    assert all(len(one["code"].replace("-", "")) == 12 for one in made)
    assert len({one["code"] for one in made}) == 10
    counted = office.all("coupon_claim", "coupon,customer,claimed", coupon="TEN")
    assert sorted(one["claimed"] for one in counted if one["claimed"]) == [*[1] * 10, 10]
    (code,) = [reason.code for reason in claim(office, template, people[0]).params["reasons"]][:1]
    assert code in ("ALL_CLAIMED", "CLAIMED_BEFORE")


def test_the_tax_in_what_is_left_is_told_with_the_prices(office: Office) -> None:
    name = {"en": "Standard", "zh": "一般"}
    standard = office.create("tax_class", {"code": "STD", "name": name, "rate": "13"})
    values = {"code": "JAR", "name": name, "currency": "CNY", "tax_class": standard,
              "variants": [{"sku": "JAR-1", "spec": "JAR-1", "price": "113.00"}]}  # fmt: skip
    office.create("product", values)
    lines = [{"item": "JAR-1"}, {"item": "free", "price": "10.90", "tax": "9"}, {"item": "VASE-1"}]
    found = priced(office, lines=lines, deliveries=[{"cost": "10.90"}])
    assert found["totals"]["discount"] != "0.00"
    parts = [*found["lines"], *found["deliveries"]]
    for part, rate in zip(parts, (13, 9, 0, 9), strict=True):  # of what is left, and in it
        tax = Decimal(part["total"]) * rate / (100 + rate)
        assert Decimal(part["tax"]) == tax.quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert Decimal(found["totals"]["tax"]) == sum(Decimal(one["tax"]) for one in parts)
    assert found["tax_included"] is True
    with pytest.raises(AssertionError, match="tax"):
        priced(office, lines=[{"item": "free", "price": "1.00", "tax": "-1"}])


def test_a_price_lowered_with_its_product_tells_the_lowest_before(office: Office) -> None:
    names = {"en": "Pitcher", "zh": "壶"}
    variants = [{"sku": "PITCHER-1", "price": "20.00"}]
    made = {"code": "PITCHER", "name": names, "currency": "CNY", "variants": variants}
    product = office.create("product", made)

    def pitcher() -> dict[str, Any]:
        (found,) = office.all("variant", "id,price,lowest_before", sku="PITCHER-1")
        return found

    def lower(price: str) -> None:
        version = office.read("product", product)["version"]
        values = {
            "variants": [{"id": pitcher()["id"], "price": price, "compare_at_price": "25.00"}]
        }
        office.done("update", "product", record_id=product, values=values, version=version)

    lower("18.00")
    lower("15.00")
    lower("16.00")
    assert (pitcher()["price"], pitcher()["lowest_before"]) == (16_000, 15_000)
    assert len(office.all("price_change", "price", variant=pitcher()["id"])) == 4


def test_a_reduced_price_of_a_list_tells_the_lowest_it_had_before(office: Office) -> None:
    name = {"en": "Saucer", "zh": "碟"}
    values = {"code": "SAUCER", "name": name, "currency": "CNY",
              "variants": [{"sku": "SAUCER-1", "price": "9.00"}]}  # fmt: skip
    office.create("product", values)
    (saucer,) = [one["id"] for one in office.all("variant", "id", sku="SAUCER-1")]
    values = {"code": "OUTLET", "name": name, "prices": [{"variant": saucer, "amount": "8.00"}]}
    outlet = office.create("price_list", values)

    def now_costs(amount: str, was: str | None, **more: Any) -> Any:
        known = office.read("price_list", outlet)
        (part,) = office.all("price", "id", price_list=outlet)
        prices = [{"id": part["id"], "amount": amount, "compare_at": was, **more}]
        approved = Actor(1, "Test", frozenset({"administrator"}), proof=Proof(approval="1"))
        asked = Incoming(
            "update", "price_list", approved, record_id=outlet, values={"prices": prices},
            version=known["version"],
        )  # fmt: skip
        return handle(asked, office.runtime)

    def told() -> str | None:
        (line,) = priced(office, lines=[{"item": "SAUCER-1"}])["lines"]
        return line.get("lowest_before")

    assert told() is None
    for amount, was in (("6.00", None), ("7.00", None), ("5.00", "8.00")):
        answer = now_costs(amount, was)
        assert isinstance(answer, Result), answer
    assert told() == "6.00"
    (part,) = office.all("price", "id,lowest_before", price_list=outlet)
    kept = office.all("list_price_change", "amount,original", price=part["id"])
    assert sorted(one["amount"] for one in kept) == [5_000, 6_000, 7_000, 8_000]
    for wish in ({"lowest_before": "5.50"}, {"changes": []}):
        answer = now_costs("5.00", "8.00", **wish)
        assert isinstance(answer, Invalid), answer
        assert {error.code for error in answer.errors} == {"read_only"}


def test_taxes_are_those_of_the_region_a_cart_goes_to(office: Office) -> None:
    name = {"en": "Elsewhere", "zh": "别处"}
    usual = office.create("tax_class", {"code": "USUAL", "name": name, "rate": "13"})
    values = {"code": "CAN", "name": name, "currency": "CNY", "tax_class": usual,
              "variants": [{"sku": "CAN-1", "spec": "CAN-1", "price": "100.00"}]}  # fmt: skip
    office.create("product", values)
    there = {"code": "XA", "name": name, "level": "country", "prices_include_tax": False}
    abroad = office.create("region", there)
    inner = {"code": "XA-1", "name": name, "level": "province", "parent": abroad}
    office.create("region", inner)
    office.create("tax_rate", {"code": "XA-U", "region": abroad, "tax_class": usual, "rate": "20"})
    cart = {"lines": [{"item": "CAN-1"}], "deliveries": [{"cost": "10.00"}]}
    home, away = priced(office, **cart), priced(office, **cart, facts={"region": "XA-1"})
    assert (home["lines"][0]["tax"], home["tax_included"]) == ("11.50", True)
    assert (home["totals"]["total"], home["totals"]["tax"]) == ("110.00", "12.33")
    assert (away["lines"][0]["tax"], away["tax_included"]) == ("20.00", False)
    # of delivery the region says nothing: the shop's 9 % come on top, too
    assert (away["totals"]["total"], away["totals"]["tax"]) == ("130.90", "20.90")
    own = {"lines": [{"price": "50.00", "tax": "5"}], "facts": {"region": "XA-1"}}
    assert priced(office, **own)["totals"]["tax"] == "2.50"
    assert refused(office, **cart, facts={"region": "NOWHERE"}) == {"facts.region": "not_found"}
