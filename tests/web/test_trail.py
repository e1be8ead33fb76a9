"""What people do beside records is in the audit: who, from where, and what was refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from runtime.alarms import MOST_DENIED
from runtime.flood import A_MINUTE, Flood
from runtime.store.audit_verify import verify
from runtime.store.engine import read
from tests import databases
from tests.web.desk import PASSWORD, Desk, open_desk
from tests.web.test_people import enter, invite, post


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("trail")
    url = databases.sqlite_url(folder) if request.param == "sqlite" else databases.postgres_url()
    opened = open_desk(url, folder / "files")
    yield opened
    opened.runtime.engine.dispose()


class Log:
    """What came into the audit since it was opened."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.last = self._rows("")[-1]["id"] if self._rows("") else ""

    def _rows(self, after: str) -> list[dict[str, Any]]:
        audit = self.desk.runtime.system.audit
        asked = sa.select(audit).where(audit.c.id > after).order_by(audit.c.id)
        with read(self.desk.runtime.engine) as connection:
            return [dict(row) for row in connection.execute(asked).mappings()]

    def rows(self) -> list[dict[str, Any]]:
        return self._rows(self.last)

    def operations(self) -> list[str]:
        return [row["operation"] for row in self.rows()]


def program(desk: Desk, name: str) -> FlaskClient:
    """Return a client that sends a JWT of somebody."""
    client = desk.app.test_client()
    gate = desk.app.extensions["shopwright"].gate
    found = gate.principals.current(desk.people[name])
    token = gate.jwt.issue(found.actor.id, found.fingerprint, "access")
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


def test_signing_in_and_out_is_told_with_the_address_and_the_request(desk: Desk) -> None:
    log = Log(desk)
    browser = desk.browser("ron")
    post(browser, "/logout/", "/preferences")
    first, second = log.rows()
    assert (first["operation"], second["operation"]) == ("sign_in", "sign_out")
    assert {row["actor_name"] for row in (first, second)} == {"ron"}
    assert first["record_id"] == str(desk.people["ron"])
    assert first["address"] == "127.0.0.1"
    assert first["request_id"]
    assert first["source"] == "screen"


def test_a_program_that_signs_in_is_told_as_one(desk: Desk) -> None:
    log = Log(desk)
    body = {"username": "ron", "password": PASSWORD}
    assert desk.app.test_client().post("/api/v1/security/login", json=body).status_code == 200
    (row,) = log.rows()
    assert (row["operation"], row["source"], row["actor_name"]) == ("sign_in", "rest", "ron")


def test_a_refused_sign_in_is_told_under_the_name_that_was_tried(desk: Desk) -> None:
    log = Log(desk)
    enter(desk, "ron", "not the password")
    body = {"username": "no\r\none", "password": "nothing at all"}
    assert desk.app.test_client().post("/api/v1/security/login", json=body).status_code == 401
    wrong, unknown = log.rows()
    assert wrong["operation"] == unknown["operation"] == "sign_in_refused"
    assert (wrong["actor_kind"], wrong["actor_id"]) == ("nobody", None)
    assert (wrong["record_title"], unknown["record_title"]) == ("ron", "no  one")
    assert "password" not in json.dumps([wrong["before"], wrong["record_title"]])


def test_attempts_beyond_the_budget_are_told_once(desk: Desk) -> None:
    log = Log(desk)
    for _ in range(14):
        enter(desk, "nobody-here", "not the password")
    told = [row["after"]["why"] for row in log.rows()]
    assert told == ["wrong_password"] * 10 + ["too_many"]


def test_what_is_changed_of_an_account_is_told_before_and_after(desk: Desk) -> None:
    log = Log(desk)
    number, _ = invite(desk, "vera", roles=["reader"])
    kept = {"email": "vera@x.example", "first_name": "Vera"}
    post(desk.browser(), f"/users/{number}", roles=["reader", "keeper"], **kept)
    post(desk.browser(), f"/users/{number}", roles=["reader", "keeper"], **kept)
    post(desk.browser(), f"/users/{number}/active", active="0")
    rows = [row for row in log.rows() if row["operation"] != "sign_in"]
    assert [row["operation"] for row in rows] == [
        "account_created",
        "account_changed",
        "account_deactivated",
    ]
    assert all(row["record_id"] == str(number) for row in rows)
    assert all(row["actor_name"] == "kim" for row in rows)
    assert rows[0]["after"]["roles"] == ["reader"]
    assert rows[1]["before"] == {"roles": ["reader"]}
    assert rows[1]["after"] == {"roles": ["keeper", "reader"]}


def test_groups_links_sessions_and_tokens_are_told(desk: Desk) -> None:
    browser = desk.browser()
    number, _ = invite(desk, "zoe")
    log = Log(desk)
    post(browser, "/groups/new", name="early", roles=["reader"])
    post(browser, f"/users/{number}/link")
    post(browser, f"/users/{number}/sign-out")
    made = post(browser, "/tokens", "/tokens", name="sync", days="7", scopes="read:loan")
    assert made.status_code == 200
    assert log.operations() == [
        "group_created",
        "password_link_made",
        "signed_out_everywhere",
        "token_created",
    ]
    assert "sw_" not in json.dumps([row["after"] for row in log.rows()])


def test_an_export_is_told_before_it_leaves_and_how_much_did(desk: Desk) -> None:
    desk.make("member", code="U-1", name="Uma Reads")
    log = Log(desk)
    answer = program(desk, "kim").get("/api/v1/member/export?fields=name")
    assert "Uma Reads" in answer.text
    begun, ended = log.rows()
    assert (begun["operation"], begun["entity"]) == ("export", "member")
    assert "name" in begun["after"]["fields"]
    assert ended["after"]["rows"] == answer.text.count("\n") - 1


UNKNOWN = "01900000-0000-7000-8000-000000000000"


def test_whoever_tries_a_door_leaves_a_row_and_whoever_errs_does_not(desk: Desk) -> None:
    member = desk.make("member", code="W-1", name="Wanda")
    reader, log = program(desk, "ron"), Log(desk)
    assert reader.get("/api/v1/member?no_such_field=1").status_code == 400
    assert reader.get("/api/v1/member/nothing-like-an-id").status_code == 404
    assert log.rows() == []
    answer = reader.delete(f"/api/v1/member/{member}", headers={"If-Match": '"1"'})
    assert answer.status_code == 403
    assert desk.browser("ron").get("/users/").status_code == 403
    denied = [row for row in log.rows() if row["operation"] == "denied"]
    assert [(row["entity"], row["record_id"]) for row in denied] == [
        ("member", member),
        ("@page", None),
    ]
    assert denied[0]["after"] == {"action": "delete", "code": "R403", "why": "no_right"}
    assert denied[1]["record_title"] == "/users/"


def test_a_hidden_and_a_missing_record_leave_the_same_row(desk: Desk) -> None:
    reader, log = program(desk, "ron"), Log(desk)
    assert reader.get(f"/api/v1/member/{UNKNOWN}").status_code == 404
    found = log.rows()[-1]
    assert (found["operation"], found["record_id"]) == ("denied", UNKNOWN)
    assert found["after"] == {"action": "read", "code": "R404", "why": "not_found"}


def test_many_denials_of_one_kind_are_one_row_with_their_number(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = desk.runtime.clock()
    monkeypatch.setattr(desk.runtime, "clock", lambda: now)
    monkeypatch.setattr(desk.runtime, "denials", Flood())
    reader, log = program(desk, "ron"), Log(desk)
    for _ in range(A_MINUTE + 20):
        assert reader.get(f"/api/v1/member/{UNKNOWN}").status_code == 404
    assert log.operations() == ["denied"] * A_MINUTE
    monkeypatch.setattr(desk.runtime, "clock", lambda: now + timedelta(minutes=1))
    assert reader.get(f"/api/v1/member/{UNKNOWN}").status_code == 404
    assert log.rows()[-1]["after"]["more"] == 20


def test_who_administers_is_told_of_somebody_who_tries_many_doors(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = desk.runtime.clock() + timedelta(hours=3)
    monkeypatch.setattr(desk.runtime, "clock", lambda: now)
    monkeypatch.setattr(desk.runtime, "denials", Flood())
    reader = program(desk, "ron")
    for _ in range(MOST_DENIED):
        assert reader.get(f"/api/v1/member/{UNKNOWN}").status_code == 404
    assert alarms(desk, now) == []
    for _ in range(3):
        assert reader.get(f"/api/v1/member/{UNKNOWN}").status_code == 404
    assert alarms(desk, now) == [("many_denials", "ron")]


def test_who_tries_what_is_for_administrators_is_told_to_them_at_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = desk.runtime.clock() + timedelta(hours=6)
    browser = desk.browser("ron")
    page = browser.get("/preferences")
    assert browser.get("/users/").status_code == 403
    monkeypatch.setattr(desk.runtime, "clock", lambda: now)
    address = f"/users/{desk.people['ron']}/active"
    assert browser.send(page, address).status_code == 403
    assert browser.send(page, address).status_code == 403
    assert alarms(desk, now) == [("tried_to_administer", "ron")]
    told = desk.browser().get("/me/notifications").text
    assert "tried what is for administrators" in told
    assert address in told


def alarms(desk: Desk, since: datetime) -> list[tuple[str, str]]:
    """Return what the one who administers was told since a moment."""
    told = desk.runtime.system.notification
    asked = sa.select(told.c.kind, told.c.actor_name).where(
        told.c.user_id == desk.people["kim"], told.c.created_at >= since
    )
    with read(desk.runtime.engine) as connection:
        return [(kind, who) for kind, who in connection.execute(asked)]


def test_what_a_bulk_change_did_not_reach_is_one_row_with_its_number(desk: Desk) -> None:
    member = desk.make("member", code="B-1", name="Bea")
    keeper, log = program(desk, "kim"), Log(desk)
    gone = [f"01900000-0000-7000-8000-{number:012}" for number in range(30)]
    wish = {"operation": "delete", "ids": [*gone, member]}
    assert keeper.post("/api/v1/member/bulk", json=wish).status_code == 200
    denied = [row for row in log.rows() if row["operation"] == "denied"]
    assert [row["after"]["rows"] for row in denied] == [30]


def test_the_story_of_a_record_does_not_tell_who_was_refused(desk: Desk) -> None:
    member = desk.make("member", code="X-1", name="Xenia")
    program(desk, "ron").delete(f"/api/v1/member/{member}", headers={"If-Match": '"1"'})
    told = program(desk, "kim").get(f"/api/v1/member/{member}/history").json["data"]
    assert [entry["operation"] for entry in told] == ["create"]


def test_all_of_it_is_signed_and_an_altered_row_is_found(desk: Desk) -> None:
    enter(desk, "ron", "not the password")
    runtime = desk.runtime
    keys = (runtime.audit_key,)
    assert verify(runtime.engine, runtime.schema, keys).findings == []
    audit = runtime.system.audit
    forged = {**Log(desk)._rows("")[-1], "id": runtime.make_id(), "operation": "sign_in"}
    with runtime.engine.begin() as connection:
        connection.execute(audit.insert(), forged)
    found = verify(runtime.engine, runtime.schema, keys).findings
    assert [finding.code for finding in found] == ["altered"]
