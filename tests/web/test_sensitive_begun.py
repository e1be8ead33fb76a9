"""What is asked once before something begins: a look behind a mask, an import, a change of many."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.web.desk import PASSWORD, Desk, open_desk_with, token
from tests.web.test_imports import GUEST, MAP, tried, work
from tests.web.test_trail import Log, program

ACCESS = """
access: desk
grants:
  keeper:
    guest: all
    member:
      - {allow: [list, read, history], fields: {masked: {email: email}}}
      - {allow: [create, update, delete, restore, import, bulk]}
      - {allow: reveal, fields: {read: [email]}}
sensitive:
  looking:
    entities: member
    actions: reveal
    fields: [email]
    ask: reauthenticate
  return:
    entities: member
    actions: restore
    ask: type
  many:
    entities: member
    actions: [bulk, import]
    ask: confirm
"""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def desk(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[Desk]:
    more = {"club__importmap": MAP, "guest__entity": GUEST}
    opened = open_desk_with(request.param, tmp_path, ACCESS, **more)
    yield opened
    opened.runtime.engine.dispose()


def member(desk: Desk, code: str = "B1") -> str:
    return desk.make("member", code=code, name="Rea", email="rea@x.example")


def reveal(client: FlaskClient, record: str):
    body = {"field": "email", "reason": "a call back"}
    return client.post(f"/api/v1/member/{record}/reveal", json=body)


def test_who_looks_behind_a_mask_gives_the_password_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, kim = member(desk), program(desk, "kim")
    assert reveal(kim, record).json["data"]["value"] == "rea@x.example"
    now = desk.runtime.clock()
    monkeypatch.setattr(desk.runtime, "clock", lambda: now + timedelta(minutes=6))
    log = Log(desk)
    late = reveal(kim, record)
    assert (late.status_code, late.json["code"]) == (403, "R462")
    assert "rea@x.example" not in late.text
    assert "reveal" not in [row["operation"] for row in log.rows()]


def test_a_record_comes_back_only_under_its_own_title(desk: Desk) -> None:
    record, kim = member(desk), program(desk, "kim")
    address = f"/api/v1/member/{record}"
    assert kim.delete(address, headers={"If-Match": '"1"'}).status_code == 204
    refused = kim.post(f"{address}/restore")
    assert (refused.status_code, refused.json["code"]) == (428, "R461")
    assert kim.get(address).json["data"]["archived_at"]
    assert kim.post(f"{address}/restore", headers={"X-Confirm": "Rea"}).status_code == 200
    assert kim.get(address).json["data"]["archived_at"] is None


def test_a_change_of_many_is_confirmed_once_and_its_preview_never(desk: Desk) -> None:
    records, kim = [member(desk, f"B{number}") for number in range(3)], program(desk, "kim")
    body = {"operation": "update", "values": {"name": "All"}, "ids": records}
    address = "/api/v1/member/bulk"
    assert kim.post(address, json={**body, "preview": True}).status_code == 200
    for later in (False, True):
        assert kim.post(address, json={**body, "background": later}).status_code == 428
    assert kim.get(f"/api/v1/member/{records[0]}").json["data"]["name"] == "Rea"
    done = kim.post(address, json=body, headers={"X-Confirm": "yes"})
    assert [one["status"] for one in done.json["data"]] == ["ok"] * 3


def test_what_a_job_changes_was_confirmed_when_it_was_begun(desk: Desk) -> None:
    record, kim = member(desk), program(desk, "kim")
    body = {"operation": "update", "values": {"name": "Later"}, "ids": [record]}
    headers = {"X-Confirm": "yes"}
    begun = kim.post("/api/v1/member/bulk", json={**body, "background": True}, headers=headers)
    assert begun.status_code == 202
    work(desk, begun.json["data"]["run"], "changes")
    assert kim.get(f"/api/v1/member/{record}").json["data"]["name"] == "Later"


def test_on_the_screens_a_change_of_many_asks_holds_what_was_chosen_and_goes_on(
    desk: Desk,
) -> None:
    record, browser = member(desk), desk.browser()
    page = browser.get("/member/")
    asked = browser.send(page, "/member/bulk", action="delete", id=record)
    assert asked.status_code == 428
    assert record in asked.text
    done = browser.send(asked, "/member/bulk", action="delete", id=record, _confirm="yes")
    assert done.status_code == 303
    assert browser.get(f"/member/{record}").text.count("archived")


def test_an_import_is_confirmed_when_it_is_carried_out_and_tried_without(desk: Desk) -> None:
    kim = program(desk, "kim")
    headers = {"X-Confirm": "yes"}
    content = b"Code,Name\nB8,Bob\n"
    address = "/api/v1/imports/member"
    upload = kim.post(f"{address}?name=m.csv", data=content, content_type="text/csv").json["data"]
    trial = kim.post(f"{address}/{upload['id']}/runs", json={})
    assert trial.status_code == 202
    work(desk, trial.json["data"]["run"])
    body = {"tried": trial.json["data"]["run"]}
    assert kim.post(f"{address}/{upload['id']}/runs", json=body).status_code == 428
    run = kim.post(f"{address}/{upload['id']}/runs", json=body, headers=headers)
    work(desk, run.json["data"]["run"])
    listed = kim.get("/api/v1/member?code=B8").json["data"]
    assert [one["name"] for one in listed] == ["Bob"]


def test_in_the_wizard_the_question_comes_when_what_was_tried_is_imported(desk: Desk) -> None:
    browser = desk.browser()
    run = tried(browser, "Code,Name\nB9,Bo\n")
    work(desk, run)
    page = browser.get(f"/jobs/runs/{run}")
    address = find(r'action="(/member/import/[^"]+/go)"', page.text)
    asked = browser.send(page, address, run=run)
    assert asked.status_code == 428
    done = browser.send(asked, address, _confirm="yes")
    assert done.status_code == 303
    work(desk, done.location.rpartition("/")[2])
    assert desk.count("member") == 1


def test_a_drawer_asks_in_its_place_and_goes_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, browser = member(desk), desk.browser()
    address = f"/member/{record}/reveal"
    page = browser.get(f"{address}?field=email")
    now = desk.runtime.clock()
    monkeypatch.setattr(desk.runtime, "clock", lambda: now + timedelta(minutes=6))
    given = {"field": "email", "reason": "a call back", "_drawer": "1"}
    asked = browser.client.post(address, data={**given, "csrf_token": token(page)})
    assert asked.status_code == 428
    assert "<html" not in asked.text
    wrong = browser.send(asked, address, _password="wrong")
    assert (wrong.status_code, "This is not right." in wrong.text) == (428, True)
    shown = browser.send(wrong, address, _password=PASSWORD)
    assert shown.json["value"] == "rea@x.example"


def find(pattern: str, page: str) -> str:
    found = re.search(pattern, page)
    assert found is not None, page
    return found[1]
