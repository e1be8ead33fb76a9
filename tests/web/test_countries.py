"""A sign-in from a country where somebody never was is told to who reads the log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from runtime.settings import SettingsError, read_settings
from runtime.store.engine import read
from tests import databases
from tests.web.desk import PASSWORD, Desk, open_desk, token

HEADER = "X-Country"


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    opened = open_desk(databases.url_of(request.param, tmp_path), tmp_path / "files")
    believe(opened, HEADER)
    yield opened
    opened.runtime.engine.dispose()


def believe(desk: Desk, header: str) -> None:
    here = desk.app.extensions["shopwright"]
    settings = replace(here.settings, country_header=header)
    desk.app.extensions["shopwright"] = replace(here, settings=settings)


def sign_in(desk: Desk, country: str | None, name: str = "ron") -> None:
    client = desk.app.test_client()
    headers = {} if country is None else {HEADER: country}
    sent = {
        "username": name,
        "password": PASSWORD,
        "csrf_token": token(client.get("/login/")),
    }
    assert client.post("/login/", data=sent, headers=headers).status_code == 302


def told(desk: Desk) -> list[tuple[str, str]]:
    notice = desk.runtime.system.notification
    asked = sa.select(notice.c.user_id, notice.c.title).where(notice.c.kind == "new_country")
    with read(desk.runtime.engine) as connection:
        return [(number, title) for number, title in connection.execute(asked)]


def test_the_first_country_is_kept_and_another_one_is_told_once(desk: Desk) -> None:
    kim = desk.people["kim"]
    for country in ("CN", "cn", None, "", "XX", "T1", "C N", "ÄÖ", "\x00", "China"):
        sign_in(desk, country)
    assert told(desk) == []
    sign_in(desk, "US")
    assert told(desk) == [(kim, "US")]
    now = desk.runtime.clock() + timedelta(hours=2)
    desk.runtime.clock = lambda: now
    sign_in(desk, "US")
    sign_in(desk, "CN")
    assert told(desk) == [(kim, "US")]
    sign_in(desk, "FR")
    assert told(desk) == [(kim, "US"), (kim, "FR")]
    page = desk.browser().get("/me/notifications").text
    assert "Ron signed in from a country where they never were" in page


def test_a_program_that_signs_in_tells_its_country_too(desk: Desk) -> None:
    sign_in(desk, "CN")
    body = {"username": "ron", "password": PASSWORD, "provider": "db"}
    answer = desk.app.test_client().post(
        "/api/v1/security/login", json=body, headers={HEADER: "DE"}
    )
    assert answer.status_code == 200, answer.text
    assert told(desk) == [(desk.people["kim"], "DE")]


def test_without_the_setting_the_header_means_nothing(desk: Desk) -> None:
    believe(desk, "")
    for country in ("CN", "US"):
        sign_in(desk, country)
    assert told(desk) == []


def test_the_header_is_believed_from_a_proxy_alone() -> None:
    with pytest.raises(SettingsError, match="SHOPWRIGHT_PROXIES"):
        read_settings({"SHOPWRIGHT_COUNTRY_HEADER": "CF-IPCountry"})
    given = {"SHOPWRIGHT_COUNTRY_HEADER": "CF-IPCountry", "SHOPWRIGHT_PROXIES": "1"}
    assert read_settings(given).country_header == "CF-IPCountry"
