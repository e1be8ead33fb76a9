"""⌘K and the search over everything: what they find, what it costs, and what they never tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from tests import databases
from tests.web.desk import Browser, Desk, open_desk, token

BOOKS = [{"title": "Dune", "price": "9.50"}]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("palette")
    url = databases.sqlite_url(folder) if request.param == "sqlite" else databases.postgres_url()
    opened = open_desk(url, folder / "files")
    anna = opened.make("member", code="ANNA", name="Anna Ahlgren", email="anna@x.example")
    opened.make("member", code="ANNABEL", name="Belle", email="belle@x.example")
    opened.make("loan", member=anna, books=BOOKS)
    yield opened
    opened.runtime.engine.dispose()


def offered(browser: Browser, query: str) -> list[dict[str, Any]]:
    """Return the groups that ⌘K shows for what was typed."""
    answer = browser.client.get("/search/palette", query_string={"q": query})
    assert answer.status_code == 200, answer.text
    return list(answer.json["groups"])


def labels(groups: list[dict[str, Any]]) -> list[str]:
    return [line["label"] for group in groups for line in group["lines"]]


def statements(desk: Desk, browser: Browser, query: str) -> list[str]:
    """Return the statements one question costs."""
    with databases.statements(desk.runtime.engine) as found:
        offered(browser, query)
    return found


def test_an_exact_key_comes_first_then_what_begins_with_it(desk: Desk) -> None:
    groups = offered(desk.browser(), "anna")
    assert groups[0]["label"] == "Records"
    titles = [line["label"] for line in groups[0]["lines"]]
    assert titles[0] == "Anna Ahlgren"
    assert "Belle" in titles[1:]
    assert groups[0]["lines"][0]["note"] == "ANNA · Member"


def test_a_part_of_a_name_finds_records_that_changed_lately(desk: Desk) -> None:
    assert "Anna Ahlgren" in labels(offered(desk.browser(), "hlgr"))
    assert "Anna Ahlgren" not in labels(offered(desk.browser(), "%"))


def test_pages_and_actions_are_found_by_their_words(desk: Desk) -> None:
    browser = desk.browser()
    assert "Loans" in labels(offered(browser, "loan"))
    assert "New loan" in labels(offered(browser, "new lo"))
    assert "Sign out" in labels(offered(browser, "sign"))
    chinese = desk.browser(locale="zh")
    assert "新建借阅单" in labels(offered(chinese, "新建"))
    assert "退出登录" in labels(offered(chinese, "退出"))
    assert "Switch language: English" not in labels(offered(browser, "switch"))


def test_the_last_line_leads_to_the_search_page(desk: Desk) -> None:
    last = offered(desk.browser(), "a b&c")[-1]["lines"][0]
    assert last["url"] == "/search?q=a+b%26c"


def test_an_answer_costs_who_asks_and_one_statement_however_many_kinds(desk: Desk) -> None:
    browser = desk.browser()
    offered(browser, "anna")
    assert len(statements(desk, browser, "anna")) == 2
    assert len(statements(desk, browser, "nobody is called so")) == 2
    assert len(statements(desk, browser, "")) <= 3


def test_what_may_not_be_done_is_not_offered(desk: Desk) -> None:
    reader = desk.browser("ron")
    assert "New loan" not in labels(offered(reader, "new"))
    assert "Users" not in labels(offered(reader, "users"))
    assert "Anna Ahlgren" in labels(offered(reader, "anna"))


def test_who_is_not_signed_in_is_told_nothing(desk: Desk) -> None:
    answer = desk.app.test_client().get("/search/palette?q=anna")
    assert answer.status_code == 401
    assert not answer.data


def test_records_looked_at_come_back_latest_first_and_only_while_they_may_be_read(
    desk: Desk,
) -> None:
    browser = desk.browser("ron")
    ids = [desk.make("member", code=f"V{n}", name=f"Visited {n}") for n in range(3)]
    csrf = token(browser.get("/"))
    for record in ids:
        answer = browser.client.post(f"/me/recent/member/{record}", data={"csrf_token": csrf})
        assert answer.status_code == 204
    assert labels(offered(browser, ""))[:3] == ["Visited 2", "Visited 1", "Visited 0"]
    _hold(desk, "ron", ())
    assert "Visited 2" not in labels(offered(browser, ""))
    assert "Visited 2" not in labels(offered(browser, "Visited"))
    _hold(desk, "ron", ("reader",))
    assert "Visited 2" in labels(offered(browser, "Visited"))


def test_a_record_that_is_not_there_is_not_remembered(desk: Desk) -> None:
    browser = desk.browser()
    csrf = token(browser.get("/"))
    nothing = "0190a6c2-0000-7000-8000-000000000000"
    for address in (
        f"/me/recent/member/{nothing}",
        "/me/recent/nothing/x",
        "/me/recent/sw_token/1",
    ):
        assert browser.client.post(address, data={"csrf_token": csrf}).status_code == 404


def test_fifty_records_are_kept_of_a_person(desk: Desk) -> None:
    browser = desk.browser()
    csrf = token(browser.get("/"))
    for number in range(55):
        record = desk.make("member", code=f"K{number}", name=f"Kept {number}")
        browser.client.post(f"/me/recent/member/{record}", data={"csrf_token": csrf})
    table = desk.runtime.system.recent
    with desk.runtime.engine.connect() as connection:
        mine = sa.select(sa.func.count()).where(table.c.user_id == desk.people["kim"])
        assert connection.execute(mine).scalar_one() == 50


def test_the_page_of_a_record_says_where_its_visit_is_told(desk: Desk) -> None:
    record = desk.make("member", code="SAID", name="Said")
    browser = desk.browser()
    assert f'data-visited="/me/recent/member/{record}"' in browser.get(f"/member/{record}").text
    assert "data-visited" not in browser.get("/member/").text


def test_the_search_page_groups_by_kind_and_leads_to_whole_lists(desk: Desk) -> None:
    page = desk.browser().get("/search?q=anna")
    assert "Anna Ahlgren" in page.text
    assert "Exact match" in page.text
    assert "/member/?q=anna" in page.text
    nothing = desk.browser().get("/search?q=nobody-at-all")
    assert "Nothing found" in nothing.text
    assert 'href="/member/?q=nobody-at-all"' in nothing.text


def _hold(desk: Desk, name: str, roles: tuple[str, ...]) -> None:
    """Give somebody these roles and no others."""
    role, held = (
        sa.table("ab_role", sa.column("id"), sa.column("name")),
        sa.table("ab_user_role", sa.column("id"), sa.column("user_id"), sa.column("role_id")),
    )
    person = desk.people[name]
    with desk.runtime.engine.begin() as connection:
        connection.execute(held.delete().where(held.c.user_id == person))
        for each in roles:
            number = connection.execute(
                sa.select(role.c.id).where(role.c.name == each)
            ).scalar_one()
            connection.execute(
                held.insert().values(id=9000 + number, user_id=person, role_id=number)
            )
