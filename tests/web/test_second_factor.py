"""The second factor: codes of an app, recovery codes, what demands it, who may take it away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from runtime.store.engine import read
from runtime.web import totp
from tests import databases
from tests.web.desk import NOW, PASSWORD, Browser, Desk, open_desk, token
from tests.web.test_people import NEW, enter, invite, is_in, post

LOGIN = "/api/v1/security/login"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("factor")
    url = databases.sqlite_url(folder) if request.param == "sqlite" else databases.postgres_url()
    opened = open_desk(url, folder / "files")
    yield opened
    opened.runtime.engine.dispose()


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def wait(self, seconds: int = totp.STEP) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(desk.runtime, "clock", made)
    return made


class Phone:
    """An authenticator app that scanned what a page shows."""

    def __init__(self, page: TestResponse, clock: Clock) -> None:
        key = re.search(r'id="factor-key">([^<]+)<', page.text)
        assert key is not None, page.text[:3000]
        self.secret, self.clock = key[1].replace(" ", ""), clock

    def code(self) -> str:
        return totp.code_at(self.secret, int(self.clock().timestamp()) // totp.STEP)


def somebody(desk: Desk, name: str, clock: Clock) -> tuple[Browser, Phone, list[str]]:
    """Return the browser of a new person with a second factor, their phone, recovery codes."""
    _, link = invite(desk, name, roles=["reader"])
    browser = desk.browser("")
    browser.send(browser.get(link), link, password=NEW, again=NEW)
    page = post(browser, "/me/second-factor/begin", "/me/second-factor")
    phone = Phone(page, clock)
    done = post(browser, "/me/second-factor/confirm", "/me/second-factor", code=phone.code())
    assert done.status_code == 200
    clock.wait()
    return browser, phone, recovery_codes(done)


def recovery_codes(page: TestResponse) -> list[str]:
    return re.findall(r"<li><code>([a-z2-9]{5}-[a-z2-9]{5})</code>", page.text)


def give(browser: Browser, code: str) -> TestResponse:
    """Answer the second step of signing in."""
    csrf = token(browser.get("/login/code"))
    return browser.client.post("/login/code", data={"csrf_token": csrf, "code": code})


def program(desk: Desk, name: str, **more: Any) -> TestResponse:
    body = {"username": name, "password": NEW, **more}
    return desk.app.test_client().post(LOGIN, json=body)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890", appendix B
    assert totp.code_at(secret, seconds // totp.STEP, digits=8) == code


def test_a_code_of_the_step_before_or_after_counts_and_no_other() -> None:
    secret, now = totp.new_secret(), NOW.timestamp()
    step = int(now) // totp.STEP
    found = [totp.step_of(secret, totp.code_at(secret, step + way), now) for way in range(-2, 3)]
    assert found == [None, step - 1, step, step + 1, None]


def test_with_a_second_factor_the_password_alone_lets_nobody_in(desk: Desk, clock: Clock) -> None:
    _, phone, _ = somebody(desk, "amy", clock)
    browser = enter(desk, "amy", NEW)
    assert not is_in(browser)
    assert give(browser, "000000").status_code == 422
    assert not is_in(browser)
    assert give(browser, phone.code()).status_code == 302
    assert is_in(browser)


def test_a_code_counts_once_even_from_another_browser(desk: Desk, clock: Clock) -> None:
    _, phone, _ = somebody(desk, "ben", clock)
    first, second = enter(desk, "ben", NEW), enter(desk, "ben", NEW)
    code = phone.code()
    assert give(first, code).status_code == 302
    assert give(second, code).status_code == 422
    clock.wait()
    assert give(second, phone.code()).status_code == 302


def test_ten_recovery_codes_are_shown_once_and_each_works_once(desk: Desk, clock: Clock) -> None:
    browser, _, codes = somebody(desk, "cleo", clock)
    assert len(set(codes)) == 10
    page = browser.get("/me/second-factor").text
    assert "10 recovery codes left" in page
    assert not any(code in page for code in codes)
    assert give(enter(desk, "cleo", NEW), codes[0].upper().replace("-", " ")).status_code == 302
    assert give(enter(desk, "cleo", NEW), codes[0]).status_code == 422
    assert "9 recovery codes left" in browser.get("/me/second-factor").text


def test_neither_the_secret_nor_a_recovery_code_is_in_the_database(
    desk: Desk, clock: Clock
) -> None:
    _, phone, codes = somebody(desk, "dora", clock)
    with read(desk.runtime.engine) as connection:
        kept = str(connection.execute(sa.select(desk.runtime.system.second_factor)).all())
    assert phone.secret not in kept
    assert not any(code in kept for code in codes)


def test_a_program_signs_in_with_the_code_field(desk: Desk, clock: Clock) -> None:
    _, phone, _ = somebody(desk, "edda", clock)
    missing = program(desk, "edda")
    assert missing.status_code == 401
    assert missing.json["errors"][0]["code"] == "second_factor_required"
    wrong = program(desk, "edda", code="123")
    assert wrong.json["errors"][0]["code"] == "second_factor_wrong"
    code = phone.code()
    assert "access_token" in program(desk, "edda", code=code).json
    assert program(desk, "edda", code=code).status_code == 401


def test_who_guesses_codes_waits_and_the_right_code_does_not_help(desk: Desk, clock: Clock) -> None:
    _, phone, _ = somebody(desk, "finn", clock)
    answers = [program(desk, "finn", code="999999").status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]
    late = program(desk, "finn", code=phone.code())
    assert late.status_code == 429
    assert int(late.headers["Retry-After"]) > 0
    assert give(enter(desk, "finn", NEW), phone.code()).status_code == 429


def test_an_administrator_resets_it_and_everything_of_the_person_ends(
    desk: Desk, clock: Clock
) -> None:
    browser, _, _ = somebody(desk, "gina", clock)
    kim = desk.browser()
    found = re.search(r'href="(/users/\d+)"', kim.get("/users/?q=gina").text)
    assert found is not None
    assert "Second factor" in kim.get(found[1]).text
    clock.wait(1)
    post(kim, f"{found[1]}/second-factor/reset")
    assert not is_in(browser)
    clock.wait(1)
    assert is_in(enter(desk, "gina", NEW))
    audit = desk.runtime.system.audit
    asked = sa.select(audit.c.actor_name, audit.c.record_title).where(
        audit.c.operation == "second_factor_reset"
    )
    with read(desk.runtime.engine) as connection:
        assert ("kim", "gina") in [tuple(row) for row in connection.execute(asked)]


def test_turning_it_off_and_new_recovery_codes_ask_for_a_code(desk: Desk, clock: Clock) -> None:
    browser, phone, old = somebody(desk, "hugo", clock)
    page = "/me/second-factor"
    assert post(browser, f"{page}/off", page, code="1").status_code == 422
    new = recovery_codes(post(browser, f"{page}/codes", page, code=phone.code()))
    assert len(set(new) | set(old)) == 20
    assert give(enter(desk, "hugo", NEW), old[1]).status_code == 422
    assert post(browser, f"{page}/off", page, code=new[0]).status_code == 303
    assert is_in(enter(desk, "hugo", NEW))


def test_a_role_that_demands_it_lets_nobody_in_without(
    desk: Desk, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, link = invite(desk, "iris", roles=["reader"])
    before = desk.browser("")
    before.send(before.get(link), link, password=NEW, again=NEW)
    assert is_in(before)
    factors = desk.app.extensions["shopwright"].gate.second_factors
    monkeypatch.setattr(factors, "_demanding", frozenset({"reader"}))
    assert not is_in(before), "a session from before the demand ends"
    assert program(desk, "iris").json["errors"][0]["code"] == "second_factor_missing"
    browser = enter(desk, "iris", NEW)
    assert not is_in(browser)
    page = browser.get("/login/second-factor")
    phone = Phone(page, clock)
    wrong = browser.client.post(
        "/login/second-factor", data={"csrf_token": token(page), "code": "1"}
    )
    assert wrong.status_code == 422
    done = browser.client.post(
        "/login/second-factor", data={"csrf_token": token(page), "code": phone.code()}
    )
    assert len(recovery_codes(done)) == 10
    assert is_in(browser)
    clock.wait()
    refused = post(browser, "/me/second-factor/off", "/me/second-factor", code=phone.code())
    assert refused.status_code == 422
    assert number


def test_a_link_to_choose_a_password_does_not_go_round_it(desk: Desk, clock: Clock) -> None:
    somebody(desk, "jane", clock)
    kim = desk.browser()
    found = re.search(r'href="(/users/\d+)"', kim.get("/users/?q=jane").text)
    assert found is not None
    made = re.search(
        r"http://localhost(/login/welcome/[^<\"]+)", post(kim, f"{found[1]}/link").text
    )
    assert made is not None
    browser = desk.browser("")
    browser.send(browser.get(made[1]), made[1], password=PASSWORD, again=PASSWORD)
    assert not is_in(browser)
    assert browser.get("/login/code").status_code == 200


def test_the_qr_code_needs_neither_style_nor_script(desk: Desk) -> None:
    page = post(desk.browser("ron"), "/me/second-factor/begin", "/me/second-factor").text
    drawn = re.search(r"<svg.*?</svg>", page, re.S)
    assert drawn is not None
    assert "style" not in drawn[0]
    assert "script" not in drawn[0]
