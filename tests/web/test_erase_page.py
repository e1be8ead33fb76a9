"""Erasing somebody's data on screen and over REST: what is said before, and what is left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import databases
from tests.web.desk import PASSWORD, Desk, open_desk

WHY = "She asked for it by letter."


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("erase")
    opened = open_desk(databases.sqlite_url(folder), folder / "files")
    yield opened
    opened.runtime.engine.dispose()


def member(desk: Desk, code: str) -> str:
    mail = f"canary-{code}@example.com"
    record = desk.make("member", code=code, name="Ann", email=mail)
    desk.make("loan", member=record, books=[{"title": "One", "price": "1.00"}])
    return record


def test_the_page_says_what_goes_asks_why_and_does_it(desk: Desk) -> None:
    ann, kim = member(desk, "A1"), desk.browser()
    shown = kim.get(f"/member/{ann}")
    assert f'href="/member/{ann}/erase"' in shown.text
    page = kim.get(f"/member/{ann}/erase")
    assert "Erase the personal data of Ann?" in page.text
    assert "Emptied: E-mail" in page.text
    assert "Loans" in page.text
    refused = kim.send(page, f"/member/{ann}/erase", reason="")
    assert refused.status_code == 422
    assert "Say why" in refused.text
    old = kim.send(page, f"/member/{ann}/erase", reason=WHY, version="7")
    assert old.status_code == 412
    assert "canary-A1" in kim.get(f"/member/{ann}").text
    done = kim.send(page, f"/member/{ann}/erase", reason=WHY)
    assert done.status_code == 303
    for tab in ("", "?tab=history"):
        assert "canary-A1" not in kim.get(f"/member/{ann}{tab}").text
    told = kim.get(f"/member/{ann}?tab=history").text
    assert "erased all their data" in told
    assert WHY in told
    chinese = desk.browser(locale="zh").get(f"/member/{ann}/erase").text
    assert "清空：邮箱" in chinese


def test_only_who_may_erase_people_gets_there(desk: Desk) -> None:
    ann, ron = member(desk, "A2"), desk.browser("ron")
    assert f"/member/{ann}/erase" not in ron.get(f"/member/{ann}").text
    assert ron.get(f"/member/{ann}/erase").status_code == 403
    assert desk.browser().get(f"/loan/{ann}/erase").status_code == 404


def test_over_rest_it_is_looked_at_first_and_wants_the_version(desk: Desk) -> None:
    ann, client = member(desk, "A3"), desk.app.test_client()
    asked = {"username": "kim", "password": PASSWORD, "provider": "db"}
    token = client.post("/api/v1/security/login", json=asked).json["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    place = f"/api/v1/member/{ann}/erase"
    (first, second) = client.get(place, headers=bearer).json["data"][:2]
    assert (first["entity"], first["records"], first["fields"]) == ("member", 1, ["email"])
    assert (second["entity"], second["kept"], second["under_way"]) == ("loan", 0, 0)
    body = {"reason": WHY}
    assert client.post(place, json=body, headers=bearer).status_code == 428
    tagged = {**bearer, "If-Match": '"1"'}
    assert client.post(place, json={}, headers=tagged).status_code == 422
    assert client.post(place, json={**body, "x": 1}, headers=tagged).status_code in (400, 422)
    done = client.post(place, json=body, headers=tagged)
    assert done.status_code == 200, done.json
    assert done.json["data"]["email"] is None
    assert done.headers["ETag"] == '"2"'
    found = client.get("/api/v1/member?email=canary-A3@example.com", headers=bearer)
    assert found.json["data"] == []
    assert client.post(f"/api/v1/loan/{ann}/erase", json=body, headers=tagged).status_code == 403
