"""What a click must not do alone: confirmed, typed, with the password again, by two people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from runtime.messages import Actor, Incoming, Result
from runtime.pipeline import handle
from runtime.store.engine import read
from runtime.web.users import create_user
from tests.web.desk import PASSWORD, Desk, open_desk_with, token

ACCESS = """
access: desk
grants:
  keeper:
    "*": all
    member: [all, approve]
  reader:
    loan: [list, read]
    member: [list, read, approve]
sensitive:
  activity:
    entities: member
    actions: update
    fields: [active]
    ask: confirm
  address:
    entities: member
    actions: update
    fields: [email]
    ask: reauthenticate
  name:
    entities: member
    actions: update
    fields: [name]
    ask: approve
    when: "active"
    days: 2
  removal:
    entities: member
    actions: delete
    ask: type
"""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    opened = open_desk_with(request.param, tmp_path_factory.mktemp("sensitive"), ACCESS)
    engine = opened.runtime.engine
    opened.people["lea"] = create_user(engine, "lea", PASSWORD, ["keeper"], email="l@x.example")
    yield opened
    engine.dispose()


def program(desk: Desk, name: str) -> FlaskClient:
    """Return a client of somebody who has just given their password."""
    client = desk.app.test_client()
    gate = desk.app.extensions["shopwright"].gate
    found = gate.principals.current(desk.people[name])
    issued = gate.jwt.issue(found.actor.id, found.fingerprint, "access")
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {issued}"
    return client


_numbers = iter(range(1000))


def member(desk: Desk, name: str = "Mia Moll") -> str:
    """Make a member past everything; nobody of the desk wrote to it."""
    actor = Actor(0, "command line", frozenset({"keeper"}), kind="system")
    values = {"code": f"S{next(_numbers)}", "name": name}
    answer = handle(Incoming("create", "member", actor, values=values), desk.runtime)
    assert isinstance(answer, Result)
    return str(answer.row[0])


def patch(client: FlaskClient, record: str, version: int = 1, confirm: str = "", **values: Any):
    headers = {"If-Match": f'"{version}"'}
    if confirm:
        headers["X-Confirm"] = quote(confirm)
    return client.patch(f"/api/v1/member/{record}", json=values, headers=headers)


def decide(client: FlaskClient, approval: str, decision: str = "approve"):
    return client.post(f"/api/v1/security/approvals/{approval}", json={"decision": decision})


def name_of(desk: Desk, record: str) -> str:
    return str(program(desk, "kim").get(f"/api/v1/member/{record}").json["data"]["name"])


def test_confirm_asks_once_more_and_only_for_the_fields_it_names(desk: Desk) -> None:
    kim, record = program(desk, "kim"), member(desk)
    refused = patch(kim, record, active=False)
    assert (refused.status_code, refused.json["code"]) == (428, "R461")
    assert patch(kim, record, confirm="yes", active=False).status_code == 200
    assert patch(kim, record, version=2, home={"city": "Ulm", "country": "DE"}).status_code == 200


def test_a_record_goes_only_under_its_own_title(desk: Desk) -> None:
    kim, record = program(desk, "kim"), member(desk, "王小明")
    address = f"/api/v1/member/{record}"
    for said in ("", "yes", quote("王小")):
        headers = {"If-Match": '"1"', **({"X-Confirm": said} if said else {})}
        assert kim.delete(address, headers=headers).status_code == 428
    headers = {"If-Match": '"1"', "X-Confirm": quote("王小明")}
    assert kim.delete(address, headers=headers).status_code == 204


def test_the_password_counts_for_five_minutes_and_a_token_never(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    kim, record = program(desk, "kim"), member(desk)
    assert patch(kim, record, email="a@x.example").status_code == 200
    now = desk.runtime.clock()
    monkeypatch.setattr(desk.runtime, "clock", lambda: now + timedelta(minutes=6))
    late = patch(kim, record, version=2, email="b@x.example")
    assert (late.status_code, late.json["code"]) == (403, "R462")
    monkeypatch.undo()
    browser = desk.browser()
    page = browser.get("/tokens")
    form = {"csrf_token": token(page), "name": "t", "days": "7", "scopes": ""}
    made = browser.client.post("/tokens", data=form)
    secret = re.search(r"sw_[A-Za-z0-9_-]{43}", made.text)
    assert secret is not None
    by_token = desk.app.test_client()
    by_token.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret[0]}"
    assert patch(by_token, record, version=2, email="c@x.example").json["code"] == "R462"


def test_what_needs_two_people_waits_and_is_carried_out_once_as_its_requester(desk: Desk) -> None:
    kim, ron, record = program(desk, "kim"), program(desk, "ron"), member(desk)
    waits = patch(kim, record, name="Mia Neu")
    assert waits.status_code == 202
    told = waits.json["data"]
    assert told["state"] == "pending"
    assert told["before"] == {"name": "Mia Moll"}
    assert told["after"] == {"name": "Mia Neu"}
    assert waits.headers["Location"].endswith(told["id"])
    assert name_of(desk, record) == "Mia Moll"
    listed = ron.get("/api/v1/security/approvals").json
    assert told["id"] in [one["id"] for one in listed["data"]]
    assert decide(kim, told["id"]).status_code == 403, "nobody approves what they asked for"
    assert decide(ron, told["id"]).json["data"]["state"] == "approved"
    assert name_of(desk, record) == "Mia Neu"
    assert decide(ron, told["id"]).status_code == 409
    audit = desk.runtime.system.audit
    asked = sa.select(audit.c.operation, audit.c.actor_name).where(audit.c.record_id == record)
    with read(desk.runtime.engine) as connection:
        rows = [tuple(row) for row in connection.execute(asked.order_by(audit.c.id))]
    assert rows[1:] == [
        ("approval_requested", "kim"),
        ("approval_approved", "ron"),
        ("update", "kim"),
    ]


def test_who_ever_wrote_to_the_record_does_not_approve_its_change(desk: Desk) -> None:
    kim, lea, record = program(desk, "kim"), program(desk, "lea"), member(desk)
    assert patch(lea, record, home={"city": "Bonn", "country": "DE"}).status_code == 200
    waits = patch(kim, record, version=2, name="Other").json["data"]["id"]
    assert decide(lea, waits).status_code == 403
    assert decide(program(desk, "ron"), waits).status_code == 200


def test_a_change_in_between_makes_the_request_void(desk: Desk) -> None:
    kim, ron, record = program(desk, "kim"), program(desk, "ron"), member(desk)
    waits = patch(kim, record, name="Other").json["data"]["id"]
    patch(program(desk, "lea"), record, home={"city": "Bonn", "country": "DE"})
    assert decide(ron, waits).status_code == 409
    assert decide(ron, waits).status_code == 409
    assert name_of(desk, record) == "Mia Moll"


def test_a_request_that_is_too_old_is_not_carried_out(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    kim, ron, record = program(desk, "kim"), program(desk, "ron"), member(desk)
    waits = patch(kim, record, name="Other").json["data"]["id"]
    now = desk.runtime.clock()
    monkeypatch.setattr(desk.runtime, "clock", lambda: now + timedelta(days=2))
    assert decide(ron, waits).status_code == 409
    assert name_of(desk, record) == "Mia Moll"


@pytest.mark.parametrize(("who", "decision"), [("ron", "reject"), ("kim", "withdraw")])
def test_a_request_that_was_rejected_or_withdrawn_changes_nothing(
    desk: Desk, who: str, decision: str
) -> None:
    kim, record = program(desk, "kim"), member(desk)
    waits = patch(kim, record, name="Other").json["data"]["id"]
    assert decide(program(desk, who), waits, decision).status_code == 200
    assert decide(program(desk, "ron"), waits).status_code == 409
    assert name_of(desk, record) == "Mia Moll"


def test_the_requesters_rights_count_when_it_is_carried_out(desk: Desk) -> None:
    engine, record = desk.runtime.engine, member(desk)
    desk.people["max"] = create_user(engine, "max", PASSWORD, ["keeper"], email="m@x.example")
    waits = patch(program(desk, "max"), record, name="Other").json["data"]["id"]
    with engine.begin() as connection:
        connection.execute(
            sa.text("DELETE FROM ab_user_role WHERE user_id = :id"), {"id": desk.people["max"]}
        )
    assert decide(program(desk, "ron"), waits).status_code == 409
    assert name_of(desk, record) == "Mia Moll"


def test_rows_of_a_bulk_change_do_not_go_round_it(desk: Desk) -> None:
    record = member(desk)
    body = {"operation": "update", "values": {"name": "All"}, "ids": [record]}
    answer = program(desk, "kim").post("/api/v1/member/bulk", json=body).json
    assert answer["data"][0]["status"] != "ok"
    assert name_of(desk, record) == "Mia Moll"


def test_a_condition_leaves_other_records_alone(desk: Desk) -> None:
    kim, record = program(desk, "kim"), member(desk)
    assert patch(kim, record, confirm="yes", active=False).status_code == 200
    assert patch(kim, record, version=2, name="Free").status_code == 200


def test_a_form_asks_holds_what_was_typed_and_goes_on(desk: Desk) -> None:
    record, browser = member(desk, "Nele Nord"), desk.browser()
    page = browser.get(f"/member/{record}/delete")
    asked = browser.send(page, f"/member/{record}/delete")
    assert asked.status_code == 428
    assert "Nele Nord" in asked.text
    wrong = browser.send(asked, f"/member/{record}/delete", _confirm="Nele")
    assert "This is not right." in wrong.text
    done = browser.send(wrong, f"/member/{record}/delete", _confirm="Nele Nord")
    assert done.status_code == 303


def test_the_inbox_shows_the_difference_and_decides(desk: Desk) -> None:
    record = member(desk)
    patch(program(desk, "kim"), record, name="Mia Inbox")
    ron = desk.browser("ron")
    page = ron.get("/approvals/")
    assert "Mia Inbox" in page.text
    assert "Mia Moll" in page.text
    (number,) = [
        one
        for one, shown in re.findall(r'(?s)id="approval-([0-9a-f-]{36})"(.*?)</form>', page.text)
        if "Mia Inbox" in shown
    ]
    data = {"csrf_token": token(page), "decision": "approve", "said": "fine"}
    assert ron.client.post(f"/approvals/{number}", data=data).status_code == 303
    assert name_of(desk, record) == "Mia Inbox"
