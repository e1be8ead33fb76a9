"""After a save or a removal: undo; before it: what two people changed is joined."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests import databases
from tests.web.desk import KINDS, Browser, Desk, open_desk, statements, token

PARTS = [
    {"name": "Spring", "number": 2, "price": "3.50"},
    {"name": "Glass", "number": 1, "price": "8"},
]
CONTROL = re.compile(r'name="(parts-\d+-(?:id|name|number|price))" value="([^"]*)"')


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("undo")
    url = databases.sqlite_url(folder) if request.param == "sqlite" else databases.postgres_url()
    opened = open_desk(url, folder / "files", KINDS)
    yield opened
    opened.runtime.engine.dispose()


def filled(page: TestResponse, **more: str) -> dict[str, str]:
    """Return what the form of a page holds, with some of it changed."""
    held = {name: html.unescape(text) for name, text in CONTROL.findall(page.text)}
    rows = {name.rsplit("-", 1)[0] for name in held if name.endswith("-id")}
    kept = {name: text for name, text in held.items() if name.rsplit("-", 1)[0] in rows}
    found = re.search(r'name="name" value="([^"]*)"', page.text)
    assert found is not None
    given = {name.replace("__", "-"): text for name, text in more.items()}
    return {"name": html.unescape(found[1]), "active": "1", "state": "new", **kept, **given}


def send(browser: Browser, page: TestResponse, address: str, **more: str) -> TestResponse:
    return browser.send(page, address, **filled(page, **more))


def parts(shop: Desk, thing: str) -> list[tuple[Any, ...]]:
    with shop.runtime.engine.connect() as connection:
        table = shop.runtime.schema.tables["thing_part"]
        rows = connection.execute(
            table.select().where(table.c.thing == thing).order_by(table.c.position)
        )
        return [(row.name, row.number, row.price) for row in rows]


def undo_button(page: TestResponse) -> tuple[str, dict[str, str]]:
    found = re.search(
        r'<form class="inline" method="post" action="([^"]+/(?:undo|restore))">(.*?)</form>',
        page.text,
        re.DOTALL,
    )
    assert found is not None, page.text[:3000]
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', found[2]))
    return found[1], fields


def test_a_save_is_undone_with_its_rows(shop: Desk) -> None:
    thing = shop.make("thing", name="Clock", parts=PARTS)
    browser, address = shop.browser(), f"/thing/{thing}/edit"
    page = browser.get(address)
    saved = send(browser, page, address, name="Watch", parts__0__number="7", parts__1___delete="1")
    assert saved.status_code == 303, saved.text
    shown = browser.get(saved.location)
    assert [row[:2] for row in parts(shop, thing)] == [("Spring", 7)]
    where, fields = undo_button(shown)
    done = browser.client.post(where, data=fields)
    assert done.status_code == 303
    assert "The record is as before." in browser.get(done.location).text
    assert [row[:2] for row in parts(shop, thing)] == [("Spring", 2), ("Glass", 1)]
    again = browser.client.post(where, data=fields)
    assert "This cannot be undone any more." in browser.get(again.location).text


def test_a_save_is_not_undone_over_somebody_elses(shop: Desk) -> None:
    thing = shop.make("thing", name="Clock")
    browser, address = shop.browser(), f"/thing/{thing}/edit"
    saved = send(browser, browser.get(address), address, name="Mine")
    where, fields = undo_button(browser.get(saved.location))
    other = shop.browser()
    send(other, other.get(address), address, name="Theirs")
    done = browser.client.post(where, data=fields)
    assert "somebody changed this record meanwhile" in browser.get(done.location).text
    assert 'value="Theirs"' in browser.get(address).text
    stranger = shop.browser("ron")
    data = {**fields, "csrf_token": token(stranger.get("/maker/"))}
    assert stranger.client.post(where, data=data).status_code in {303, 403, 404}
    assert 'value="Theirs"' in browser.get(address).text


def test_a_removal_is_undone(shop: Desk) -> None:
    thing = shop.make("thing", name="Gone soon")
    browser = shop.browser()
    page = browser.get(f"/thing/{thing}/delete")
    answer = browser.send(page, f"/thing/{thing}/delete")
    where, fields = undo_button(browser.get(answer.location))
    assert browser.client.post(where, data=fields).status_code == 303
    assert "Gone soon" in browser.get("/thing/?q=Gone").text


def test_rows_that_two_people_changed_are_joined_cell_by_cell(shop: Desk) -> None:
    thing = shop.make("thing", name="Clock", parts=PARTS)
    address = f"/thing/{thing}/edit"
    mine, theirs = shop.browser(), shop.browser()
    my_page, their_page = mine.get(address), theirs.get(address)
    assert send(theirs, their_page, address, parts__0__price="4.00").status_code == 303
    stale = send(mine, my_page, address, parts__0__number="9", parts__1__name="Lens")
    assert stale.status_code == 409, stale.text
    assert "Both changes go together." in stale.text
    assert 'name="_merge-parts"' not in stale.text
    assert send(mine, stale, address).status_code == 303
    assert [row[:2] for row in parts(shop, thing)] == [("Spring", 9), ("Lens", 1)]
    assert parts(shop, thing)[0][2] == parts(shop, thing)[1][2] // 2


def test_a_cell_that_both_changed_is_asked_for(shop: Desk) -> None:
    thing = shop.make("thing", name="Clock", parts=PARTS)
    address = f"/thing/{thing}/edit"
    mine, theirs = shop.browser(), shop.browser()
    my_page, their_page = mine.get(address), theirs.get(address)
    send(theirs, their_page, address, parts__0__number="5")
    stale = send(mine, my_page, address, parts__0__number="9")
    assert 'name="_merge-parts" value="theirs"' in stale.text
    saved = send(mine, stale, address, **{"_merge-parts": "theirs"})
    assert saved.status_code == 303
    assert [row[:2] for row in parts(shop, thing)] == [("Spring", 5), ("Glass", 1)]


def test_a_form_with_conditions_costs_the_same_however_many_rows_it_has(shop: Desk) -> None:
    few = shop.make("thing", name="Few", parts=PARTS)
    many = shop.make("thing", name="Many", parts=PARTS * 20)
    browser = shop.browser()
    browser.get(f"/thing/{few}/edit")
    first = statements(shop, browser, f"/thing/{few}/edit")
    second = statements(shop, browser, f"/thing/{many}/edit")
    assert len(first) == len(second) <= 9, second
