"""An administrator looks with somebody else's eyes: only looks, and both names are in the log."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import databases
from tests.web.desk import Desk, open_desk
from tests.web.test_people import is_in, post
from tests.web.test_trail import Log


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("view")
    url = databases.sqlite_url(folder) if request.param == "sqlite" else databases.postgres_url()
    opened = open_desk(url, folder / "files")
    yield opened
    opened.runtime.engine.dispose()


def begin(desk: Desk, name: str = "ron"):
    """Return the browser of kim, who looks as somebody else."""
    browser = desk.browser()
    post(browser, f"/users/{desk.people[name]}/view-as")
    return browser


def test_a_bar_says_whose_eyes_they_are_and_ends_it(desk: Desk) -> None:
    browser = begin(desk)
    page = browser.get("/member/")
    assert "You see this as Ron sees it" in page.text
    assert 'href="/member/new"' not in page.text
    assert browser.get("/users/").status_code == 403
    post(browser, "/view-as/end", "/member/")
    assert "You see this as" not in browser.get("/member/").text
    assert browser.get("/users/").status_code == 200


def test_nothing_can_be_done_meanwhile_not_even_by_the_api(desk: Desk) -> None:
    record = desk.make("member", code="V-1", name="Vroni")
    browser = begin(desk)
    for address in (f"/member/{record}/edit", "/preferences", "/tokens", "/me/sessions/end"):
        assert post(browser, address, "/member/", name="Else").status_code == 403, address
    headers = {"X-CSRFToken": "x", "If-Match": '"1"'}
    answer = browser.client.patch(
        f"/api/v1/member/{record}", json={"name": "Else"}, headers=headers
    )
    assert answer.status_code in (400, 403)
    assert browser.get("/api/v1/member/export").status_code == 403
    assert browser.get(f"/api/v1/member/{record}").json["data"]["name"] == "Vroni"


def test_begin_end_and_every_denial_bear_both_names(desk: Desk) -> None:
    log = Log(desk)
    browser = begin(desk)
    browser.get("/users/")
    post(browser, "/view-as/end", "/member/")
    rows = [row for row in log.rows() if row["operation"] != "sign_in"]
    assert [row["operation"] for row in rows] == ["view_as_began", "denied", "view_as_ended"]
    assert rows[0]["actor_name"] == "kim"
    assert rows[0]["record_title"] == "ron"
    for row in rows[1:]:
        assert (row["actor_name"], row["real_name"]) == ("ron", "kim")
        assert row["real_id"] == desk.people["kim"]


def test_nobody_else_looks_with_other_eyes_and_nobody_with_their_own(desk: Desk) -> None:
    ron = desk.browser("ron")
    assert post(ron, f"/users/{desk.people['kim']}/view-as", "/member/").status_code == 403
    kim = desk.browser()
    post(kim, f"/users/{desk.people['kim']}/view-as")
    assert "You see this as" not in kim.get("/member/").text


def test_it_ends_with_the_session_and_with_the_other_account(desk: Desk) -> None:
    browser, other = begin(desk), desk.browser()
    post(other, f"/users/{desk.people['ron']}/active", active="0")
    page = browser.get("/member/")
    assert "You see this as" not in page.text
    assert is_in(browser)
    post(other, f"/users/{desk.people['ron']}/active", active="1")
