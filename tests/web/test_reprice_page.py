"""A placed record gets other lines on its page and over REST: looked at first, then confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests import databases
from tests.ledgers.test_placing import TILL
from tests.web.conftest import Shop, open_shop
from tests.web.desk import HIDDEN, token, unescape

PEOPLE = {"cal": "clerk", "gus": "guest"}


@pytest.fixture(scope="module")
def till(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("reprice")
    shop = open_shop(databases.sqlite_url(folder), TILL, PEOPLE)
    for code in ("cap", "hat", "pot", "lid", "mug"):
        assert shop.client("cal").post("/api/v1/ware", json={"code": code, "price": "10.00"})
    yield shop
    shop.runtime.engine.dispose()


def placed(till: Shop, **items: int) -> dict[str, Any]:
    cal = till.client("cal")
    cart = {"lines": [{"item": item, "quantity": count} for item, count in items.items()]}
    mark = cal.post("/api/v1/pricing/evaluate", json=cart).json["data"]["fingerprint"]
    done = cal.post("/api/v1/pricing/place", json={"cart": cart, "fingerprint": mark})
    assert done.status_code == 201, done.text
    found: dict[str, Any] = done.json["data"]
    return found


def total(till: Shop, record: str) -> str:
    return str(till.client("cal").get(f"/api/v1/sale/{record}").json["data"]["total"])


def test_over_rest_one_looks_and_then_does_the_very_same(till: Shop) -> None:
    sale = placed(till, pot=2)
    cal, address = till.client("cal"), f"/api/v1/sale/{sale['id']}/transitions/status/edit"
    given = {"items": [{"line": 1, "quantity": 3}, {"item": "cap", "quantity": 1}]}
    looked = cal.post(f"{address}/preview", json={"input": given})
    assert looked.status_code == 200, looked.text
    found = looked.json["data"]
    assert {one["field"]: (one["before"], one["after"]) for one in found["amounts"]} == {
        "expected": ("20.00", "39.00"),
        "total": ("20.00", "39.00"),
    }
    assert [(one["promotion"], one["before"], one["after"]) for one in found["promotions"]] == [
        ("first_ten", None, "1.00")
    ]
    assert [(one["item"], one["before"], one["after"]) for one in found["items"]] == [
        ("pot", 2, 3),
        ("cap", 0, 1),
        ("lid", 0, 1),
    ]
    assert total(till, sale["id"]) == "20.00"
    seen = {**given, "prices": found["fingerprint"]}
    done = cal.post(address, json={"input": seen})
    assert done.status_code == 200, done.text
    assert total(till, sale["id"]) == "39.00"


def test_what_was_not_seen_is_told_with_the_prices(till: Shop) -> None:
    sale = placed(till, cap=1)
    address = f"/api/v1/sale/{sale['id']}/transitions/status/edit"
    given = {"items": [{"line": 1, "quantity": 2}], "prices": "something"}
    told = till.client("cal").post(address, json={"input": given})
    assert (told.status_code, told.json["code"]) == (409, "R409")
    assert told.json["prices"]["totals"]["total"] == "19.00"


@pytest.mark.parametrize("address", ["status/pay/preview", "status/none/preview", "x/edit/preview"])
def test_nothing_else_is_looked_at(till: Shop, address: str) -> None:
    sale = placed(till, cap=1)
    told = till.client("cal").post(f"/api/v1/sale/{sale['id']}/transitions/{address}", json={})
    assert told.status_code == 404


def test_whoever_may_not_change_it_looks_at_nothing(till: Shop) -> None:
    sale = placed(till, cap=1)
    address = f"/api/v1/sale/{sale['id']}/transitions/status/edit/preview"
    given = {"input": {"items": [{"line": 1, "quantity": 2}]}}
    assert till.client("gus").post(address, json=given).status_code in (403, 404)
    assert till.client().post(address, json=given).status_code == 401


def send(client: FlaskClient, page: Any, address: str, **values: Any) -> Any:
    hidden = {name: unescape(text) for name, text in HIDDEN.findall(page.text) if text}
    return client.post(address, data={**hidden, "csrf_token": token(page), **values})


def test_on_its_page_one_sees_what_changes_before_one_confirms(till: Shop) -> None:
    sale = placed(till, pot=3)
    cal, address = till.client("cal"), f"/sale/{sale['id']}/do/status/edit"
    page = cal.get(address)
    assert page.status_code == 200, page.text
    assert "Show what changes" in page.text
    assert 'name="line1"' in page.text
    assert 'name="line2"' not in page.text, "a gift is nobody's to change"
    looked = send(cal, page, address, line1="1", item=["cap"], count=["2"])
    assert looked.status_code == 200, looked.text
    for text in ("Confirm the change", "€30.00", "First ten", "lid"):
        assert text in looked.text, text
    assert total(till, sale["id"]) == "30.00"
    other = send(cal, looked, address, line1="2", item=["cap"], count=["2"])
    assert "Confirm the change" in other.text, "something else was typed: it is looked at anew"
    assert total(till, sale["id"]) == "30.00"
    done = send(cal, other, address, line1="2", item=["cap"], count=["2"])
    assert done.status_code == 303, done.text
    assert total(till, sale["id"]) == "39.00"


def test_what_is_wrong_is_told_at_its_row(till: Shop) -> None:
    sale = placed(till, cap=3)
    cal, address = till.client("cal"), f"/sale/{sale['id']}/do/status/edit"
    page = cal.get(address)
    for values, text in (
        ({"line1": "many"}, "Write a whole number"),
        ({"line1": "3"}, "Say what is to be changed."),
        ({"line1": "0"}, "At least one line must stay"),
        ({"line1": "3", "item": ["none"]}, "There is no item"),
        ({"line1": "3", "item": ["hat"]}, "nobody said who buys"),
    ):
        told = send(cal, page, address, **values)
        assert told.status_code in (409, 422), (values, told.status_code)
        assert text in told.text, values
    assert total(till, sale["id"]) == "29.00"


def test_what_is_new_is_chosen_from_the_items_there_are(till: Shop) -> None:
    sale = placed(till, pot=1)
    cal, address = till.client("cal"), f"/sale/{sale['id']}/do/status/edit"
    page = cal.get(address)
    assert 'data-picker-url="/ware/choices?for=sale_line.ware"' in page.text
    found = cal.get("/ware/choices?for=sale_line.ware&q=mug").json["items"]
    assert [one["label"] for one in found] == ["mug"]
    mug = found[0]["id"]
    looked = send(cal, page, address, line1="1", item=[mug, ""], typed=["", ""], count=["2", ""])
    assert looked.status_code == 200, looked.text
    assert f'<option value="{mug}" selected>mug</option>' in looked.text
    assert f'value="{mug}"' not in looked.text.replace(f'<option value="{mug}"', "")
    done = send(cal, looked, address, line1="1", item=[mug, ""], typed=["", ""], count=["2", ""])
    assert done.status_code == 303, done.text
    assert total(till, sale["id"]) == "30.00"


def test_without_a_script_its_key_is_typed(till: Shop) -> None:
    sale = placed(till, pot=1)
    cal, address = till.client("cal"), f"/sale/{sale['id']}/do/status/edit"
    page = cal.get(address)
    given: dict[str, Any] = {
        "line1": "1",
        "item": ["", ""],
        "typed": ["mug", ""],
        "count": ["1", ""],
    }
    looked = send(cal, page, address, **given)
    assert 'name="typed" maxlength="200" autocomplete="off" value="mug"' in looked.text
    done = send(cal, looked, address, **given)
    assert done.status_code == 303, done.text
    assert total(till, sale["id"]) == "20.00"


def test_a_gift_that_falls_away_is_named(till: Shop) -> None:
    sale = placed(till, pot=3)
    cal, address = till.client("cal"), f"/sale/{sale['id']}/do/status/edit"
    looked = send(cal, cal.get(address), address, line1="1")
    assert '<th scope="row">lid</th>' in looked.text, looked.text


def test_a_promotion_is_called_as_whoever_looks_calls_it(till: Shop) -> None:
    sale = placed(till, pot=1)
    address = f"/sale/{sale['id']}/do/status/edit"
    for locale, label in (("en", "First ten"), ("zh", "前十名")):
        cal = till.client("cal")
        cal.set_cookie("locale", locale)
        looked = send(cal, cal.get(address), address, line1="1", item=["cap"])
        assert f'<th scope="row">{label}</th>' in looked.text, looked.text


def test_in_chinese_too(till: Shop) -> None:
    sale = placed(till, cap=3)
    page = till.client("cal").get(
        f"/sale/{sale['id']}/do/status/edit", headers={"Accept-Language": "zh"}
    )
    assert "查看变化" in page.text
    assert "Show what changes" not in page.text


def test_the_document_of_the_api_says_how(till: Shop) -> None:
    found = till.client("cal").get("/api/v1/openapi.json").json
    path = "/api/v1/sale/{id}/transitions/status/edit/preview"
    assert path in found["paths"]
    assert "/api/v1/sale/{id}/transitions/status/pay/preview" not in found["paths"]


def test_a_code_that_does_not_apply_any_more_is_told_before_and_goes_back(till: Shop) -> None:
    cal = till.client("cal")
    made = cal.post("/api/v1/token", json={"code": "THIRTY", "rule": "bulk"})
    assert made.status_code == 201, made.text
    cart = {"lines": [{"item": "mug", "quantity": 3}], "codes": ["THIRTY"]}
    mark = cal.post("/api/v1/pricing/evaluate", json=cart).json["data"]["fingerprint"]
    done = cal.post("/api/v1/pricing/place", json={"cart": cart, "fingerprint": mark})
    sale = done.json["data"]
    assert sale["total"] == "25.00"
    given = {"input": {"items": [{"line": 1, "quantity": 2}]}}
    over_rest = f"/api/v1/sale/{sale['id']}/transitions/status/edit/preview"
    for locale, text in (
        ("en", "Needs goods for €30.00; there are €20.00. It is given back and can be used again."),
        ("zh", "需满 €30.00，目前 €20.00。该券将退回，可再次使用。"),
    ):
        found = cal.post(over_rest, json=given, headers={"Accept-Language": locale})
        (code,) = found.json["data"]["codes"]
        assert text in code.pop("message")
        assert code == {
            "code": "THIRTY",
            "promotion": "bulk",
            "before": True,
            "after": False,
            "given_back": True,
            "usable": True,
        }
    address = f"/sale/{sale['id']}/do/status/edit"
    looked = send(cal, cal.get(address), address, line1="2")
    assert looked.status_code == 200, looked.text
    assert "Code THIRTY (Bulk) does not apply any more." in looked.text
    assert "€25.00" in looked.text
    assert "€20.00" in looked.text
    done = send(cal, looked, address, line1="2")
    assert done.status_code == 303, done.text
    assert total(till, sale["id"]) == "20.00"
    (token,) = cal.get("/api/v1/token").json["data"]
    assert (token["status"], token["sale"]) == ("open", None)
