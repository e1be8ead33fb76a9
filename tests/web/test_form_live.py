"""Fields that come, go or are fixed, choices that narrow, formulas while one types: over HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from runtime.messages import Actor, Incoming
from runtime.pipeline import handle
from tests import databases
from tests.web.desk import KINDS, Browser, Desk, open_desk, token

PARTS = [{"name": "Spring", "number": 2, "price": "3.50"}, {"name": "Glass", "price": "8"}]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("live")
    url = databases.sqlite_url(folder) if request.param == "sqlite" else databases.postgres_url()
    opened = open_desk(url, folder / "files", KINDS)
    yield opened
    opened.runtime.engine.dispose()


def ask(
    shop: Desk, operation: str, record: str = "", version: int | None = None, **values: Any
) -> Any:
    actor = Actor(shop.people["kim"], "kim", frozenset({"keeper"}))
    return handle(
        Incoming(operation, "thing", actor, record, values=values, version=version), shop.runtime
    )


def told(browser: Browser, address: str, **texts: str) -> Any:
    page = browser.get("/thing/new")
    data = {name.replace("__", "-"): text for name, text in texts.items()}
    answer = browser.client.post(address, data={"csrf_token": token(page), **data})
    assert answer.status_code == 200, answer.text
    return answer.json


def errors(refusal: Any) -> set[tuple[str, str]]:
    return {(one.field, one.code) for one in refusal.errors}


def test_a_hidden_field_is_empty_whoever_writes_it(shop: Desk) -> None:
    refused = ask(shop, "create", name="A", state="new", reason="why not")
    assert errors(refused) == {("reason", "hidden")}
    thing = shop.make("thing", name="A", state="gone", reason="broken")
    assert ask(shop, "update", thing, 1, state="used").row is not None
    with shop.runtime.engine.connect() as connection:
        table = shop.runtime.schema.tables["thing"]
        row = connection.execute(table.select().where(table.c.id == thing)).one()
    assert row.reason is None


def test_a_field_is_required_while_its_condition_holds(shop: Desk) -> None:
    assert errors(ask(shop, "create", name="B", state="gone")) == {("reason", "required")}
    assert ask(shop, "create", name="B", state="gone", reason="sold").created


def test_a_field_is_fixed_while_its_condition_holds(shop: Desk) -> None:
    refused = ask(shop, "create", name="C", state="gone", reason="x", land="de")
    assert errors(refused) == {("land", "read_only")}
    thing = shop.make("thing", name="C", land="de")
    refused = ask(shop, "update", thing, 1, state="gone", reason="x", land="cn")
    assert errors(refused) == {("land", "read_only")}
    assert ask(shop, "update", thing, 1, state="gone", reason="x", land="de").row is not None


def test_conditions_of_a_row_speak_of_that_row(shop: Desk) -> None:
    rows = [{"name": "a", "price": "1", "wish": "Joy"}, {"name": "b", "price": "1", "gift": True}]
    assert errors(ask(shop, "create", name="D", parts=rows)) == {("parts.0.wish", "hidden")}
    rows[0]["gift"] = True
    assert ask(shop, "create", name="D", parts=rows).created


def test_the_form_shows_what_is_asked_now_and_works_without_script(shop: Desk) -> None:
    browser = shop.browser()
    page = browser.get("/thing/new")
    assert re.search(r'data-when="reason" hidden>', page.text)
    assert 'name="_refresh"' in page.text
    again = browser.send(page, "/thing/new", name="E", state="gone", _refresh="1")
    assert again.status_code == 200
    assert re.search(r'data-when="reason">', again.text)
    assert re.search(r'data-when="land" inert>', again.text)
    assert 'value="E"' in again.text
    refused = browser.send(again, "/thing/new", name="E", state="gone")
    assert refused.status_code == 422
    assert 'href="#f-reason"' in refused.text
    saved = browser.send(refused, "/thing/new", name="E", state="gone", reason="old", land="de")
    assert saved.status_code == 303, saved.text


def test_what_was_typed_before_a_field_went_is_not_kept(shop: Desk) -> None:
    browser = shop.browser()
    page = browser.get("/thing/new")
    saved = browser.send(page, "/thing/new", name="F", state="used", reason="typed before")
    assert saved.status_code == 303, saved.text
    assert "typed before" not in browser.get(saved.location).text


def test_formulas_and_conditions_are_told_without_writing(shop: Desk) -> None:
    browser = shop.browser()
    count = shop.count("thing")
    answer = told(
        browser,
        "/thing/live",
        name="G",
        state="gone",
        parts__4__name="Spring",
        parts__4__number="3",
        parts__4__price="2.50",
        parts__9__name="Glass",
        parts__9__number="many",
        parts__9__price="8",
        parts__9__gift="1",
    )
    assert answer["values"]["parts-4-amount"] == {"text": "7.50", "unit": "EUR"}
    assert answer["values"]["parts-9-amount"]["text"] == ""
    assert answer["values"]["total"]["text"] == "7.50"
    assert answer["fields"]["reason"] == {"visible": True, "required": True, "fixed": False}
    assert answer["fields"]["land"]["fixed"] is True
    assert answer["fields"]["parts-9-wish"]["visible"] is True
    assert answer["fields"]["parts-4-wish"]["visible"] is False
    assert shop.count("thing") == count


def test_a_stored_record_is_previewed_with_its_rows_and_only_by_who_may_change_it(
    shop: Desk,
) -> None:
    thing = shop.make("thing", name="H", parts=PARTS)
    browser = shop.browser()
    page = browser.get(f"/thing/{thing}/edit")
    shown = re.findall(r'<output data-value="([^"]+)"><span class="mono">([^<]*)', page.text)
    assert ("parts-0-amount", "7.00") in shown
    assert ("total", "15.00") in shown
    row = re.search(r'name="parts-0-id" value="([^"]+)"', page.text)
    assert row is not None
    answer = told(
        browser,
        f"/thing/{thing}/live",
        name="H",
        parts__0__id=row[1],
        parts__0__name="Spring",
        parts__0__number="10",
        parts__0__price="3.50",
    )
    assert answer["values"]["total"] == {"text": "35.00", "unit": "EUR"}
    reader = shop.browser("ron")
    page = reader.get("/maker/")
    data = {"csrf_token": token(page), "name": "H"}
    assert reader.client.post(f"/thing/{thing}/live", data=data).status_code in {403, 404}
    assert reader.client.post("/thing/live", data=data).status_code in {403, 404}


def test_a_choice_narrows_with_another_field_and_is_judged_with_it(shop: Desk) -> None:
    german = shop.make("maker", code="DE1", name="Anna Works", land="de")
    chinese = shop.make("maker", code="CN1", name="王氏工坊", land="cn")
    browser = shop.browser()
    page = browser.get("/thing/new")
    assert 'data-picks-by="land"' in page.text
    address = "/maker/choices?for=thing.maker"
    found = browser.get(f"{address}&this.land=de").json
    assert found is not None
    assert {item["id"] for item in found["items"]} == {german}
    everything = browser.get(f"{address}&this.land=").json
    assert everything is not None
    assert {german, chinese} <= {item["id"] for item in everything["items"]}
    still = browser.get(f"{address}&this.land=de&ids={german},{chinese}").json
    assert still is not None
    assert {item["id"] for item in still["items"]} == {german}
    refused = ask(shop, "create", name="I", land="de", maker=chinese)
    assert errors(refused) == {("maker", "not_found")}
    thing = shop.make("thing", name="I", land="de", maker=german)
    moved = ask(shop, "update", thing, 1, land="cn")
    assert errors(moved) == {("maker", "not_found")}
    assert ask(shop, "update", thing, 1, land="cn", maker=chinese).row is not None


def test_recently_chosen_records_come_first(shop: Desk) -> None:
    makers = [shop.make("maker", code=f"R{n}", name=f"Recent {n}") for n in range(4)]
    shop.make("thing", name="J", maker=makers[1])
    found = shop.browser().get("/maker/choices?for=thing.maker").json
    assert found is not None
    assert found["items"][0]["id"] == makers[1]
    assert len({item["id"] for item in found["items"]}) == len(found["items"])


def test_a_missing_record_is_made_in_a_drawer(shop: Desk) -> None:
    browser = shop.browser()
    page = browser.get("/thing/new")
    assert 'data-create-url="/maker/new?_drawer=1"' in page.text
    drawer = browser.get("/maker/new?_drawer=1")
    assert "<html" not in drawer.text
    assert 'id="q-name"' in drawer.text
    refused = browser.send(drawer, "/maker/new", code="Q1")
    assert refused.status_code == 422
    assert 'href="#q-name"' in refused.text
    assert "<html" not in refused.text
    made = browser.send(drawer, "/maker/new", code="Q1", name="Quick")
    assert made.json is not None
    assert made.json["label"] == "Quick"
    assert shop.count("maker") > 0
