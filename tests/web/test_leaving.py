"""Somebody leaves: what they asked for is void, what waited for them is told to who is left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from runtime.store.engine import read
from runtime.web.users import create_user
from tests.web.desk import PASSWORD, Desk, open_desk_with
from tests.web.test_access_requests import URL, in_days
from tests.web.test_people import post
from tests.web.test_sensitive import decide, member, name_of, patch, program
from tests.web.test_trail import Log

ACCESS = """
access: desk
grants:
  keeper: {"*": all}
  reader: {loan: [list, read], member: view}
  writer: {member: [view, update]}
  approver: {member: [view, approve]}
  giver: {loan: view}
sensitive:
  name:
    entities: member
    actions: update
    fields: [name]
    ask: approve
    approvers: 2
"""
ROLES = """
roles:
  keeper: {label: {en: Keeper, zh: 馆员}}
  reader: {label: {en: Reader, zh: 读者}, owner: giver}
  writer: {label: {en: Writer, zh: 编辑}}
  approver: {label: {en: Approver, zh: 审批}}
  giver: {label: {en: Giver, zh: 授权}}
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[Desk]:
    opened = open_desk_with(request.param, tmp_path, ACCESS, roles=ROLES)
    for name, role in (
        ("wim", "writer"),
        ("ada", "approver"),
        ("bob", "approver"),
        ("gil", "giver"),
    ):
        opened.people[name] = create_user(
            opened.runtime.engine, name, PASSWORD, [role], email=f"{name}@x.example"
        )
    yield opened
    opened.runtime.engine.dispose()


def leave(desk: Desk, name: str) -> None:
    assert post(desk.browser(), f"/users/{desk.people[name]}/active", active="0").status_code == 303


def told(desk: Desk, name: str) -> list[tuple[str, dict[str, Any]]]:
    notice = desk.runtime.system.notification
    asked = sa.select(notice.c.kind, notice.c.params).where(
        notice.c.user_id == desk.people[name],
        notice.c.kind.in_(["approver_left", "approval_orphaned"]),
    )
    with read(desk.runtime.engine) as connection:
        return [(kind, dict(params)) for kind, params in connection.execute(asked)]


def asked_for(desk: Desk) -> tuple[str, str]:
    """Return a record, and a request of wim to change it."""
    record = member(desk)
    answer = patch(program(desk, "wim"), record, name="Mia Neu")
    assert answer.status_code == 202, answer.text
    return record, answer.json["data"]["id"]


def test_what_a_leaver_asked_for_is_void_and_the_log_says_so(desk: Desk) -> None:
    record, number = asked_for(desk)
    assert decide(program(desk, "ada"), number).json["data"]["state"] == "pending"
    wish = {"role": "reader", "reason": "covers a shift", "until": in_days(desk, 3)}
    assert program(desk, "wim").post(URL, json=wish).status_code == 201
    log = Log(desk)
    leave(desk, "wim")
    rows = [row for row in log.rows() if row["operation"] != "sign_in"]
    assert [row["operation"] for row in rows] == [
        "approval_void",
        "role_withdrawn",
        "account_deactivated",
    ]
    assert rows[0]["after"]["left"] == "wim"
    assert decide(program(desk, "bob"), number).status_code == 409
    assert name_of(desk, record) == "Mia Moll"
    assert told(desk, "ada") == told(desk, "bob") == []


def test_a_yes_of_a_leaver_is_gone_and_the_others_are_told(desk: Desk) -> None:
    record, number = asked_for(desk)
    assert decide(program(desk, "ada"), number).json["data"]["state"] == "pending"
    log = Log(desk)
    leave(desk, "ada")
    assert [row["operation"] for row in log.rows() if row["operation"] != "sign_in"] == [
        "approval_vote_void",
        "account_deactivated",
    ]
    facts = {"left": "ada", "requests": 1, "approvals": 1}
    assert told(desk, "bob") == [("approver_left", facts)]
    assert told(desk, "wim") == told(desk, "ron") == []
    page = desk.browser("bob").get("/me/notifications").text
    assert "ada has left: what waited for them waits for you" in page
    assert "Mia" not in page
    post(desk.browser(), f"/users/{desk.people['ada']}/active", active="1")
    assert decide(program(desk, "bob"), number).json["data"]["state"] == "pending"
    assert name_of(desk, record) == "Mia Moll"
    assert decide(program(desk, "ada"), number).json["data"]["state"] == "approved"


def test_where_nobody_is_left_who_administers_people_hears_of_it(desk: Desk) -> None:
    asked_for(desk)
    asked_for(desk)
    leave(desk, "ada")
    assert told(desk, "kim") == []
    leave(desk, "bob")
    (found,) = told(desk, "kim")
    assert found == ("approval_orphaned", {"left": "bob", "requests": 2})
    page = desk.browser("kim", "zh").get("/me/notifications").text
    assert "其待处理的申请已无人可审批" in page


def test_who_decided_about_nothing_leaves_without_a_word(desk: Desk) -> None:
    asked_for(desk)
    leave(desk, "ron")
    for name in ("kim", "ada", "bob", "gil"):
        assert told(desk, name) == []
