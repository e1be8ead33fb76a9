"""Prices over REST: a cart in, amounts with their reasons out, and every refusal a problem."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import jsonschema
import openapi_spec_validator
import pytest

from runtime.errors import TooMany
from runtime.guessing import Guesses
from runtime.messages import Actor
from tests import databases
from tests.shop import write_folder
from tests.stall import APP, WARE
from tests.web.conftest import Shop, open_shop
from tests.web.desk import NOW

PLACE = "/api/v1/pricing/evaluate"
FILES = {
    "app.yaml": APP,
    "roles.yaml": """
roles:
  seller: {label: {en: Seller, zh: 售货员}}
  guest: {label: {en: Guest, zh: 访客}}
""",
    "stall/ware.entity.yaml": WARE,
    "stall/stall.access.yaml": """
access: stall
grants:
  seller: {ware: [all, evaluate]}
  guest: {ware: view}
""",
    "stall/ten.promotion.yaml": """
promotion: ten
label: {en: Ten off fifty, zh: 满50减10}
when: [{type: amount, value: 50}]
then: [{type: amount_off, value: 10}]
""",
}


@pytest.fixture(scope="module")
def stall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A stall: sue sells, gus looks on."""
    folder = write_folder(tmp_path_factory.mktemp("stall"), FILES)
    shop = open_shop(databases.sqlite_url(folder), folder, {"sue": "seller", "gus": "guest"})
    assert shop.client("sue").post("/api/v1/ware", json={"code": "A", "price": "30.00"}).json
    yield shop
    shop.runtime.engine.dispose()


def test_a_cart_is_priced_as_the_document_says(stall: Shop) -> None:
    sue = stall.client("sue")
    answer = sue.post(PLACE, json={"lines": [{"item": "A", "quantity": 2}]})
    assert answer.status_code == 200, answer.text
    assert answer.json["data"]["totals"]["total"] == "50.00"
    assert answer.json["data"]["trace"][0]["message"] == "Applied: takes off €10.00."
    document = sue.get("/api/v1/openapi.json").json
    openapi_spec_validator.validate(document)
    schema = {"$ref": "#/components/schemas/Prices", "components": document["components"]}
    jsonschema.validate(answer.json, schema)
    assert document["paths"][PLACE]["post"]["operationId"] == "evaluate_prices"


def test_the_answer_speaks_the_callers_language(stall: Shop) -> None:
    headers = {"Accept-Language": "zh"}
    answer = stall.client("sue").post(PLACE, json={"lines": [{"item": "A"}]}, headers=headers)
    assert answer.json["data"]["hints"] == ["再买 €20.00 即可享受：满50减10"]


def test_what_cannot_be_priced_is_a_problem_with_its_field(stall: Shop) -> None:
    answer = stall.client("sue").post(PLACE, json={"lines": [{"item": "A", "quantity": -1}]})
    assert answer.status_code == 422
    assert [(one["field"], one["code"]) for one in answer.json["errors"]] == [
        ("lines.0.quantity", "invalid")
    ]


def test_it_is_asked_with_post_by_those_who_may(stall: Shop) -> None:
    assert stall.client("sue").get(PLACE).status_code == 405
    gus = stall.client("gus")
    assert gus.post(PLACE, json={"lines": [{"item": "A"}]}).status_code == 403
    assert PLACE not in gus.get("/api/v1/openapi.json").json["paths"]
    anybody = stall.app.test_client()
    assert anybody.post(PLACE, json={"lines": [{"item": "A"}]}).status_code == 401


def test_the_tester_shows_prices_and_reasons(stall: Shop) -> None:
    sue = stall.client("sue")
    empty = sue.get("/pricing/").text
    assert "Promotions that hold at this moment: 1. No price is worked out ahead" in empty
    assert 'name="item"' in empty
    assert "Promotions considered" not in empty
    page = sue.get("/pricing/?item=A&quantity=2&item=&quantity=&at=2026-11-11T20:00").text
    for text in ("Ten off fifty", "Applied: takes off €10.00.", "€50.00"):
        assert text in page
    assert "HELLO: There is no such code." in sue.get("/pricing/?item=A&codes=hello").text
    chinese = sue.get("/pricing/?item=A", headers={"Accept-Language": "zh"}).text
    assert "再买 €20.00 即可享受：满50减10" in chinese


def test_two_sets_of_rules_are_shown_side_by_side(stall: Shop) -> None:
    sue, cart = stall.client("sue"), "/pricing/?item=A&quantity=2"
    assert "Two sets of rules" not in sue.get(cart).text
    page = sue.get(f"{cart}&against=without&promotion=ten").text
    for text in ("Two sets of rules", "All but this promotion", "€60.00", "+€10.00"):
        assert text in page, text
    assert "+€10.00" in sue.get(f"{cart}&against=none").text
    chinese = sue.get(f"{cart}&against=none", headers={"Accept-Language": "zh"}).text
    assert "两套规则对比" in chinese
    for wrong in ("promotion=nope", "promotion=", "promotion=ware%3AA"):
        assert "There is no such promotion." in sue.get(f"{cart}&against=with&{wrong}").text
    assert sue.get(f"{cart}&against=sideways&promotion=ten").status_code == 200


def test_what_is_wrong_stands_at_its_control(stall: Shop) -> None:
    page = stall.client("sue").get("/pricing/?item=NONE&quantity=1&item=A&quantity=x&at=soon").text
    assert "There is no item" not in page, "what cannot be read is told first"
    assert page.count('aria-invalid="true"') == 2
    assert re.search(r'<input[^>]*name="quantity"[^>]*value="x"[^>]*aria-invalid="true"', page)
    wrong = stall.client("sue").get("/pricing/?item=NONE%3Cb%3E").text
    assert "There is no item &#39;NONE&lt;b&gt;&#39; here." in wrong


def test_the_tester_is_for_those_who_may_evaluate(stall: Shop) -> None:
    gus = stall.client("gus")
    assert gus.get("/pricing/").status_code == 403
    assert "/pricing/" not in gus.get("/").text
    assert 'href="/pricing/"' in stall.client("sue").get("/").text


def look(stall: Shop, rule: str, *items: str) -> str:
    """Return what the builder of rules shows of a rule that is being written."""
    form = {"rule": rule, "item": list(items), "quantity": ["2"] * len(items)}
    sue = stall.client("sue")
    proof = re.search(r'X-CSRFToken": "([^"]+)"', html.unescape(sue.get("/pricing/").text))
    assert proof is not None
    headers = {"X-CSRFToken": proof[1]}
    answer = sue.post("/pricing/rules/look", data=form, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_rule_that_is_written_is_said_in_both_languages_and_tried_on_a_cart(stall: Shop) -> None:
    rule = (
        '{"when": [{"type": "amount", "value": "40"}],'
        ' "then": [{"type": "percent_off", "percent": 20, "apply": "each_line"}]}'
    )
    shown = look(stall, rule, "A")
    assert "When the goods come to at least €40.00:" in shown
    assert "每行商品 8 折。" in shown
    assert "€50.00" in shown  # what two cost without it
    assert "€48.00" in shown  # and with it
    assert "€48.00" in look(stall, rule.replace('"40"', '{"EUR": "40"}'), "A")
    assert "A" in look(stall, rule)  # some of the shop's where nobody names any


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ('{"then": [{"type": "percent_off", "percent": 120}]}', "a percent is from 0 to 100"),
        ('{"then": [{"type": "bundle_price"}]}', "Something is not filled in. Fill in “Price”."),
        ('{"then": [', "The rule cannot be read."),
        ("[1]", "The rule cannot be read."),
        ('{"then": [{"type": 7}], "when": {"a": 1}, "include": 5}', "This cannot be read."),
        (
            '{"then": [{"type": "tiered", "steps": [{"from_amount": 9, "amount": 5},'
            ' {"from_amount": 20, "amount": 2}]}]}',
            "This step gives less than the one below it.",
        ),
    ],
)
def test_what_is_wrong_or_surprises_is_told_while_it_is_written(
    stall: Shop, rule: str, told: str
) -> None:
    assert told in look(stall, rule, "A")


def test_the_builder_offers_what_conditions_and_actions_declare(stall: Shop) -> None:
    words = stall.client("sue").get("/pricing/rules/words").json
    assert [one["word"] for one in words["conditions"]][:2] == ["amount", "quantity"]
    steps = next(one for one in words["actions"] if one["word"] == "tiered")["args"][0]
    assert [one["name"] for one in steps["of"]["args"]][:2] == ["from_amount", "from_quantity"]
    assert stall.client("gus").get("/pricing/rules/words").status_code == 403


def test_who_guesses_codes_waits_and_a_code_that_stays_in_the_cart_is_one_guess(
    stall: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = stall.runtime.clock()
    monkeypatch.setattr(stall.runtime, "clock", lambda: now)
    monkeypatch.setattr(stall.runtime, "guesses", Guesses())
    sue = stall.client("sue")

    def price(*codes: str) -> int:
        cart = {"lines": [{"item": "A", "quantity": 1}], "codes": list(codes)}
        return int(sue.post(PLACE, json=cart).status_code)

    assert [price("STALE") for _ in range(15)] == [200] * 15
    assert [price(f"GUESS{number}") for number in range(9)] == [200] * 9
    refused = sue.post(PLACE, json={"lines": [{"item": "A", "quantity": 1}], "codes": ["GUESS10"]})
    assert (refused.status_code, refused.json["code"]) == (429, "R429")
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert price() == 200


def test_a_program_is_stopped_for_the_customer_who_guesses_and_not_for_the_others() -> None:
    guesses, program = Guesses(), Actor(7, "till", frozenset(), kind="token")
    for number in range(10):
        guesses.ask(program, "C1", NOW)
        guesses.note(program, "C1", [f"GUESS{number}"], NOW)
    with pytest.raises(TooMany) as told:
        guesses.ask(program, "c1 ", NOW)
    assert 0 < (told.value.params["retry_after"]) <= 60
    guesses.ask(program, "C2", NOW)
    guesses.ask(program, "C1", NOW + timedelta(minutes=1))
    for number in range(500):
        guesses.note(program, f"C{number}", [f"MORE{number}"], NOW)
    with pytest.raises(TooMany):
        guesses.ask(program, "C501", NOW)


def test_rounding_and_lanes_that_the_shop_declares_are_those_of_the_answer(tmp_path: Path) -> None:
    said = "  discounts: {rounding: down, per: unit}\n  lanes: {clearance: {before: line}}\n"
    five = """
promotion: five
label: {en: Five}
lane: clearance
then: [{type: percent_off, percent: 5, apply: each_line}]
"""
    files = {**FILES, "app.yaml": APP + said, "stall/five.promotion.yaml": five}
    folder = write_folder(tmp_path, files)
    shop = open_shop(databases.sqlite_url(folder), folder, {"sue": "seller"})
    sue = shop.client("sue")
    assert sue.post("/api/v1/ware", json={"code": "A", "price": "0.99"}).status_code == 201
    data = sue.post(PLACE, json={"lines": [{"item": "A", "quantity": 3}]}).json["data"]
    shop.runtime.engine.dispose()
    (share,) = data["lines"][0]["discounts"]
    assert (share["lane"], share["amount"]) == ("clearance", "0.12")
    assert [(one["lane"], one["verdict"]) for one in data["trace"]] == [
        ("clearance", "applied"),
        ("order", "not_eligible"),
    ]
