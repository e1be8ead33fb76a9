"""What more than one person must approve: each once, and only who still may counts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runtime.web.users import create_user
from tests.web.desk import PASSWORD, Desk, open_desk_with
from tests.web.test_sensitive import decide, member, name_of, patch, program

ACCESS = """
access: desk
grants:
  keeper: {"*": all, member: [all, approve]}
  reader: {loan: [list, read], member: [list, read, approve]}
sensitive:
  name:
    entities: member
    actions: update
    fields: [name]
    ask: approve
    approvers: 2
"""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    opened = open_desk_with(request.param, tmp_path_factory.mktemp("approvers"), ACCESS)
    engine = opened.runtime.engine
    for name in ("lea", "max"):
        opened.people[name] = create_user(
            engine, name, PASSWORD, ["keeper", "reader"], email=f"{name}@x.example"
        )
    yield opened
    engine.dispose()


def waiting(desk: Desk, who: str) -> int:
    return len(program(desk, who).get("/api/v1/security/approvals").json["data"])


def test_one_person_has_one_vote(desk: Desk) -> None:
    record = member(desk)
    asked = patch(program(desk, "kim"), record, name="Mia Neu")
    assert asked.status_code == 202
    number = asked.json["data"]["id"]
    first = decide(program(desk, "lea"), number)
    assert (first.status_code, first.json["data"]["state"]) == (200, "pending")
    assert waiting(desk, "lea") == 0
    assert waiting(desk, "max") == 1
    assert decide(program(desk, "lea"), number).status_code == 409
    assert decide(program(desk, "kim"), number).status_code == 403
    assert name_of(desk, record) == "Mia Moll"
    assert decide(program(desk, "max"), number).json["data"]["state"] == "approved"
    assert name_of(desk, record) == "Mia Neu"
    assert decide(program(desk, "ron"), number).status_code == 409


def test_one_no_is_enough(desk: Desk) -> None:
    record = member(desk)
    number = patch(program(desk, "kim"), record, name="Mia Neu").json["data"]["id"]
    decide(program(desk, "lea"), number)
    assert decide(program(desk, "max"), number, "reject").json["data"]["state"] == "rejected"
    assert decide(program(desk, "ron"), number).status_code == 409
    assert name_of(desk, record) == "Mia Moll"


def test_a_yes_of_somebody_who_may_no_longer_say_it_does_not_count(desk: Desk) -> None:
    record = member(desk)
    number = patch(program(desk, "kim"), record, name="Mia Neu").json["data"]["id"]
    decide(program(desk, "lea"), number)
    keeper = desk.browser("max")
    keeper.send(keeper.get("/users/"), f"/users/{desk.people['lea']}/active", active="0")
    assert decide(program(desk, "max"), number).json["data"]["state"] == "pending"
    assert name_of(desk, record) == "Mia Moll"
    assert decide(program(desk, "ron"), number).json["data"]["state"] == "approved"
    assert name_of(desk, record) == "Mia Neu"
    keeper.send(keeper.get("/users/"), f"/users/{desk.people['lea']}/active", active="1")


def test_the_inbox_says_how_many_said_yes(desk: Desk) -> None:
    number = patch(program(desk, "kim"), member(desk), name="Mia Neu").json["data"]["id"]
    browser = desk.browser("lea", "zh")
    page = browser.get("/approvals/")
    assert "已有 0/2 人同意" in page.text
    sent = browser.send(page, f"/approvals/{number}", decision="approve")
    assert "还需其他人审批" in browser.get(sent.headers["Location"]).text
    assert "已有 1/2 人同意" in desk.browser("kim", "zh").get("/approvals/").text
