"""The copy of somebody's data on screen and over REST: what is said before, and where it leads."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import databases
from tests.web.desk import PASSWORD, Desk, open_desk

WHY = "She asked for it by letter."


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("copy")
    opened = open_desk(databases.sqlite_url(folder), folder / "files")
    yield opened
    opened.runtime.engine.dispose()


@pytest.fixture(scope="module")
def member(desk: Desk) -> str:
    record = desk.make("member", code="A1", name="Ann")
    desk.make("loan", member=record, books=[{"title": "One", "price": "1.00"}])
    return record


def test_the_page_says_what_is_kept_and_asks_why(desk: Desk, member: str) -> None:
    kim = desk.browser()
    assert f'href="/member/{member}/copy"' in kim.get(f"/member/{member}").text
    page = kim.get(f"/member/{member}/copy")
    assert "Copy of the data of Ann" in page.text
    assert f'<a href="/loan/?member={member}">Loans</a>' in page.text
    refused = kim.send(page, f"/member/{member}/copy", format="csv", reason="")
    assert refused.status_code == 422
    assert "Say why" in refused.text
    done = kim.send(page, f"/member/{member}/copy", format="csv", reason=WHY)
    assert done.status_code == 303
    assert "Copy of a person" in kim.get(done.headers["Location"]).text
    told = kim.get(f"/member/{member}?tab=history").text
    assert "copied all their data" in told
    assert WHY in told


def test_only_who_may_export_people_gets_there(desk: Desk, member: str) -> None:
    ron = desk.browser("ron")
    assert f"/member/{member}/copy" not in ron.get(f"/member/{member}").text
    assert ron.get(f"/member/{member}/copy").status_code == 403
    assert desk.browser().get(f"/loan/{member}/copy").status_code == 404


def test_over_rest_it_is_a_run_that_is_accepted(desk: Desk, member: str) -> None:
    client = desk.app.test_client()
    asked = {"username": "kim", "password": PASSWORD, "provider": "db"}
    token = client.post("/api/v1/security/login", json=asked).json["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    place = f"/api/v1/member/{member}/copy"
    begun = client.post(place, json={"reason": WHY, "format": "jsonl"}, headers=bearer)
    assert begun.status_code == 202
    assert (
        client.get(begun.headers["Location"], headers=bearer).json["data"]["job"] == "copy_person"
    )
    assert client.post(place, json={}, headers=bearer).status_code == 422
    assert client.post(f"/api/v1/loan/{member}/copy", json={}, headers=bearer).status_code == 404
