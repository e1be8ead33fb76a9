"""Refusals and faults as people meet them: the frame, a plain sentence, what to do, a reference."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import abort

from runtime.errors import RequestError
from tests import databases
from tests.web.desk import Desk, open_desk

STATUSES = (400, 403, 404, 405, 409, 413, 422, 429, 500, 503)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("errors")
    opened = open_desk(databases.sqlite_url(folder), folder / "files")

    def fail(status: int) -> str:
        for kind in _refusals(RequestError):
            if kind.status == status:
                raise kind
        abort(status)

    def broken(what: str) -> str:
        if what == "database":
            raise sa.exc.OperationalError("select secret", {}, Exception("no route to host"))
        raise ZeroDivisionError("a secret detail")

    opened.app.add_url_rule("/test/fail/<int:status>", "fail", fail)
    opened.app.add_url_rule("/test/broken/<what>", "broken", broken)
    yield opened
    opened.runtime.engine.dispose()


def _refusals(kind: type[RequestError]) -> Iterator[type[RequestError]]:
    for one in kind.__subclasses__():
        yield one
        yield from _refusals(one)


@pytest.mark.parametrize("locale", ["en", "zh"])
@pytest.mark.parametrize("status", STATUSES)
def test_every_status_has_a_page_in_the_frame_with_its_reference(
    desk: Desk, status: int, locale: str
) -> None:
    answer = desk.browser(locale=locale).get(f"/test/fail/{status}")
    assert answer.status_code == status
    assert f'<span class="no">{status}</span>' in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
    assert 'aria-label="Main"' in answer.text or 'aria-label="主菜单"' in answer.text
    assert 'href="/"' in answer.text


def test_a_bug_tells_nothing_of_itself(desk: Desk) -> None:
    answer = desk.browser().get("/test/broken/it")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


def test_a_database_that_cannot_be_reached_is_busy_and_not_broken(desk: Desk) -> None:
    answer = desk.browser().get("/test/broken/database")
    assert answer.status_code == 503
    assert "Try again" in answer.text
    assert "secret" not in answer.text


def test_a_method_that_is_not_offered_says_which_are(desk: Desk) -> None:
    answer = desk.browser().get("/member/bulk")
    assert answer.status_code in {404, 405}
    wrong = desk.browser().get("/me/pins")
    assert wrong.status_code == 405
    assert "POST" in wrong.headers["Allow"]


def test_the_page_somebody_came_from_is_one_click_away(desk: Desk) -> None:
    browser = desk.browser()
    came = {"Referer": "http://localhost/member/?q=x"}
    answer = browser.client.get("/test/fail/403", headers=came)
    assert 'href="/member/?q=x"' in answer.text
    elsewhere = browser.client.get("/test/fail/403", headers={"Referer": "https://evil.example/"})
    assert "evil" not in elsewhere.text


def test_the_page_without_a_connection_needs_nobody_and_speaks_both_languages(desk: Desk) -> None:
    client = desk.app.test_client()
    page = client.get("/offline")
    assert page.status_code == 200
    assert "You are offline" in page.text
    assert "网络已断开" in page.text
    script = client.get("/offline.js")
    assert script.mimetype == "text/javascript"
    assert script.headers["Content-Security-Policy"] == "default-src 'self'"
    assert "Set-Cookie" not in script.headers


def test_when_the_frame_itself_is_broken_there_is_still_an_answer(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: object, **more: object) -> str:
        raise RuntimeError("no frame")

    browser = desk.browser()
    monkeypatch.setattr("runtime.web.frame.navigation", fail)
    answer = browser.get("/member/")
    assert answer.status_code == 500
    assert "Nothing was saved" in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
