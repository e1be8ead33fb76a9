"""The bell and the start page: what they say, what they cost, and what they never tell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from runtime.notifications import Notice, notify
from runtime.store.engine import write
from tests import databases
from tests.web.desk import PASSWORD, Browser, Desk, open_desk, statements, token

BOOKS = [{"title": "Dune", "price": "9.50"}]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("notices")
    url = databases.sqlite_url(folder) if request.param == "sqlite" else databases.postgres_url()
    opened = open_desk(url, folder / "files")
    yield opened
    opened.runtime.engine.dispose()


@pytest.fixture(autouse=True)
def empty(desk: Desk) -> None:
    """Begin every test with an empty bell."""
    with write(desk.runtime.engine) as connection:
        connection.execute(desk.runtime.system.notification.delete())
        setting = desk.runtime.system.setting
        connection.execute(setting.delete().where(setting.c.key.startswith("mute:")))


def tell(desk: Desk, name: str, kind: str, record: str = "", **more: Any) -> None:
    """Tell somebody something that kim did."""
    notice = Notice(
        desk.people[name],
        kind,
        more.pop("entity", "member") if record else "",
        record,
        actor_id=more.pop("actor_id", desk.people["kim"]),
        actor_name="kim",
        **more,
    )
    runtime = desk.runtime
    with write(runtime.engine) as connection:
        notify(connection, runtime, [notice], runtime.clock())


def unread(browser: Browser) -> int:
    answer = browser.get("/me/unread")
    assert answer.status_code == 200
    return int(answer.json["unread"])


def post(browser: Browser, address: str, **values: object) -> int:
    csrf = token(browser.get("/preferences"))
    return browser.client.post(address, data={"csrf_token": csrf, **values}).status_code


def test_a_notice_is_counted_shown_with_its_record_and_read_by_opening_it(desk: Desk) -> None:
    record = desk.make("member", code="N1", name="Nora Noted")
    tell(desk, "ron", "mention", record, params={"text": "Look at @ron this"})
    ron = desk.browser("ron")
    assert unread(ron) == 1
    page = ron.get("/me/notifications").text
    for words in ("Today", "Kim mentioned you", "Member Nora Noted", "Look at @ron this"):
        assert words in page, words
    link = re.search(r'href="(/me/notifications/[0-9a-f-]{36})"', page)
    assert link is not None
    opened = ron.get(link[1])
    assert opened.headers["Location"] == f"/member/{record}"
    assert unread(ron) == 0
    assert "Nora Noted" in ron.get("/me/notifications/panel").text


def test_notices_of_one_kind_about_one_record_are_one_line(desk: Desk) -> None:
    record = desk.make("member", code="N2", name="Often Changed")
    for _ in range(3):
        tell(desk, "ron", "change", record)
    page = desk.browser("ron").get("/me/notifications").text
    assert page.count("Often Changed") == 1
    assert "and 2 more" in page


def test_of_a_record_out_of_reach_nothing_is_told(desk: Desk) -> None:
    record = desk.make("member", code="N3", name="Secret Name")
    tell(desk, "ron", "comment", record, params={"text": "confidential words"})
    ron = desk.browser("ron")
    assert "Secret Name" in ron.get("/me/notifications").text
    role = sa.table("ab_user_role", sa.column("user_id"), sa.column("role_id"))
    with desk.runtime.engine.begin() as connection:
        held = connection.execute(
            sa.select(role.c.role_id).where(role.c.user_id == desk.people["ron"])
        ).scalar_one()
        connection.execute(
            role.update().where(role.c.user_id == desk.people["ron"]).values(user_id=None)
        )
    try:
        for address in ("/me/notifications", "/me/notifications/panel"):
            page = ron.get(address).text
            assert "out of your reach" in page
            assert "Secret Name" not in page
            assert "confidential" not in page
            assert record not in page
    finally:
        with desk.runtime.engine.begin() as connection:
            connection.execute(
                role.update().where(role.c.role_id == held).values(user_id=desk.people["ron"])
            )


def test_a_notice_of_somebody_else_is_not_there(desk: Desk) -> None:
    record = desk.make("member", code="N4", name="Mine")
    tell(desk, "ron", "mention", record)
    page = desk.browser("ron").get("/me/notifications").text
    link = re.search(r'href="(/me/notifications/[0-9a-f-]{36})"', page)
    assert link is not None
    kim = desk.browser()
    assert kim.get(link[1]).status_code == 404
    post(kim, "/me/notifications/read")
    assert unread(desk.browser("ron")) == 1


def test_everything_is_read_at_once(desk: Desk) -> None:
    record = desk.make("member", code="N5", name="Read")
    tell(desk, "ron", "mention", record)
    tell(desk, "ron", "comment", record)
    ron = desk.browser("ron")
    assert post(ron, "/me/notifications/read") == 303
    assert unread(ron) == 0


def test_a_kind_that_is_switched_off_is_neither_counted_nor_shown(desk: Desk) -> None:
    record = desk.make("member", code="N6", name="Quiet")
    tell(desk, "ron", "change", record)
    ron = desk.browser("ron")
    kinds = ["mention", "comment", "create", "delete", "restore"]
    assert post(ron, "/preferences", news="1", tell=kinds) == 303
    assert unread(ron) == 0
    assert "Quiet" not in ron.get("/me/notifications").text
    assert not re.search(r'value="change" checked', ron.get("/preferences").text)
    post(ron, "/preferences", news="1", tell=[*kinds, "change"])
    assert unread(ron) == 1


def test_the_count_costs_who_asks_and_one_statement_and_a_page_none(desk: Desk) -> None:
    ron = desk.browser("ron")
    few = len(statements(desk, ron, "/member/"))
    record = desk.make("member", code="N7", name="Many")
    for _ in range(30):
        tell(desk, "ron", "comment", record)
    assert len(statements(desk, ron, "/me/unread")) == 2
    assert len(statements(desk, ron, "/member/")) == few
    assert len(statements(desk, ron, "/me/notifications/panel")) <= 5


@pytest.mark.parametrize("address", ["/me/unread", "/me/notifications/panel", "/me/notifications"])
def test_nobody_is_told_nothing(desk: Desk, address: str) -> None:
    assert desk.browser("").get(address).status_code in {302, 401}


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_the_start_page_greets_by_name_and_counts_what_waits(desk: Desk, locale: str) -> None:
    member = desk.make("member", code=f"H{locale}", name="Waiting")
    desk.make("loan", member=member, books=BOOKS)
    page = desk.browser(locale=locale).get("/")
    assert page.status_code == 200
    assert re.search(
        "Kim</h1>|<h1>Kim，" if locale == "zh" else r"<h1>[A-Z][a-z ]+, Kim", page.text
    )
    assert "/loan/?view=open" in page.text


def test_views_are_pinned_and_stand_with_their_counts_even_at_none(desk: Desk) -> None:
    kim = desk.browser()
    assert post(kim, "/me/pins", pin=["loan.all", "nothing.here"]) == 303
    page = kim.get("/").text
    assert 'id="pinned-title"' in page
    assert "/loan/?view=all" in page
    assert "nothing.here" not in page
    assert post(kim, "/me/pins") == 303
    assert 'id="pinned-title"' not in kim.get("/").text


def test_a_view_that_somebody_saved_can_be_pinned_by_who_sees_it(desk: Desk) -> None:
    table = desk.runtime.system.saved_view
    row = {
        "id": desk.runtime.make_id(),
        "user_id": desk.people["kim"],
        "entity": "loan",
        "name": "Dear ones",
        "query": "fee[gte]=5",
        "shared": False,
        "position": 0,
        "created_at": desk.runtime.clock(),
    }
    with desk.runtime.engine.begin() as connection:
        connection.execute(table.insert().values(row))
    kim, ron = desk.browser(), desk.browser("ron")
    name = f"saved.{row['id']}"
    post(kim, "/me/pins", pin=[name])
    assert "Dear ones" in kim.get("/").text.split('id="pinned-title"')[1]
    post(ron, "/me/pins", pin=[name])
    assert "Dear ones" not in ron.get("/").text
    post(kim, "/me/pins")


def test_the_start_page_costs_the_same_whatever_the_shop_holds(desk: Desk) -> None:
    kim = desk.browser()
    kim.get("/")
    few = len(statements(desk, kim, "/"))
    member = desk.make("member", code="COST", name="Cost")
    for _ in range(10):
        desk.make("loan", member=member, books=BOOKS)
    assert len(statements(desk, kim, "/")) == few <= 10


def test_who_signs_in_begins_where_they_chose(desk: Desk) -> None:
    ron = desk.browser("ron")
    assert post(ron, "/preferences", home="member", keys="off", theme="dark") == 303
    browser = Browser(desk.app.test_client())
    csrf = token(browser.get("/login/"))
    form = {"username": "ron", "password": PASSWORD, "csrf_token": csrf}
    answer = browser.client.post("/login/", data=form)
    assert answer.headers["Location"] == "/member/"
    page = browser.get("/member/").text
    assert 'data-bs-theme="dark"' in page
    assert 'data-keys="off"' in page
    post(ron, "/preferences", home="loan_book")
    assert 'value="member" selected' in ron.get("/preferences").text, "no list of theirs"
    post(ron, "/preferences", home="", keys="on", theme="system")


def test_an_empty_shop_shows_its_administrator_the_first_steps(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("first")
    desk = open_desk(databases.sqlite_url(folder), folder / "files")
    kim = desk.browser()
    page = kim.get("/").text
    assert "First steps" in page
    assert 'href="/member/new"' in page.split("First steps")[1]
    assert "First steps" not in desk.browser("ron").get("/").text
    member = desk.make("member", code="ONE", name="One")
    assert 'class="done"' in kim.get("/").text
    desk.make("loan", member=member, books=BOOKS)
    assert "First steps" not in kim.get("/").text
    desk.runtime.engine.dispose()
