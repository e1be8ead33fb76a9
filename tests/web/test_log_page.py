"""The log on screen: found by who, what, which record and when, and through its reader's rights."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from runtime.store.audit_search import PAGE
from tests import databases
from tests.web.desk import Desk, open_desk


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("log")
    url = databases.sqlite_url(folder) if request.param == "sqlite" else databases.postgres_url()
    opened = open_desk(url, folder / "files")
    for number in range(PAGE + 5):
        opened.make("member", code=f"L{number:03}", name=f"Listed {number:03}")
    yield opened
    opened.runtime.engine.dispose()


def page(desk: Desk, query: str = "", who: str = "kim") -> str:
    answer = desk.browser(who).get(f"/audit/{query}")
    assert answer.status_code == 200
    return answer.text


def titles(body: str) -> list[str]:
    return re.findall(r">(Listed \d{3})[^<]*</a>", body)


def test_pages_follow_each_other_and_no_row_is_lost(desk: Desk) -> None:
    first = page(desk, "?entity=member")
    older = re.search(r'href="(/audit/\?[^"]*before=[^"]*)"', first)
    assert older is not None
    second = desk.browser().get(html.unescape(older[1])).text
    found = titles(first) + titles(second)
    assert found == [f"Listed {number:03}" for number in range(PAGE + 4, -1, -1)]


def test_the_log_is_found_by_record_operation_actor_and_day(desk: Desk) -> None:
    record = desk.make("member", code="ONE", name="Only One")
    desk.change("member", record, 1, name="Only Two")
    body = page(desk, f"?record={record}")
    assert body.count("<tr>") == 3
    assert "Only One → Only Two" in body
    assert page(desk, f"?record={record}&operation=update").count("<tr>") == 2
    for nothing in ("operation=restore", "actor=nobody", "entity=loan", "until=2026-11-20"):
        assert "Only One" not in page(desk, f"?record={record}&{nothing}")
    assert "Only One" in page(desk, f"?record={record}&since=2026-11-20&actor=kim")


def test_whoever_reads_the_log_stands_in_it(desk: Desk) -> None:
    page(desk, "?actor=ron")
    body = page(desk, "?operation=log_read&actor=kim")
    assert "log read" in body
    assert "actor: ron" in body
    assert "查看操作日志" in desk.browser("kim", "zh").get("/audit/?operation=log_read").text


def test_only_who_may_see_all_history_opens_it(desk: Desk) -> None:
    assert desk.browser("ron").get("/audit/").status_code == 403
    assert desk.browser("").get("/audit/").status_code == 302


def test_a_search_that_means_nothing_is_answered(desk: Desk) -> None:
    for query in ("?since=soon", "?since=9999-12-31&until=9999-12-31", "?before=x", "?record=%00'"):
        page(desk, query)


def test_a_page_costs_the_same_however_many_rows_it_has(desk: Desk) -> None:
    def count(query: str) -> int:
        seen: list[str] = []

        def note(*event: object) -> None:
            seen.append(str(event[2]))

        browser = desk.browser()
        browser.get("/audit/")
        sa.event.listen(desk.runtime.engine, "before_cursor_execute", note)
        try:
            browser.get(f"/audit/{query}")
        finally:
            sa.event.remove(desk.runtime.engine, "before_cursor_execute", note)
        return len([one for one in seen if one.lstrip().startswith("SELECT")])

    assert count("?entity=member") == count("?entity=member&operation=create")
    assert count("?entity=member") <= 4
