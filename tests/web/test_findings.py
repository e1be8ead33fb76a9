"""What only a running shop can tell of its rights: roles without holders, approvals without."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.web.people.findings import Findings, findings
from runtime.web.users import create_user
from tests.web.desk import PASSWORD, Desk, open_desk_with, statements
from tests.web.test_access_requests import URL, in_days
from tests.web.test_people import post
from tests.web.test_sensitive import program

ACCESS = """
access: desk
grants:
  keeper: {"*": all}
  reader: {member: view}
  lender: {loan: all}
  approver: {member: [view, approve]}
sensitive:
  name: {entities: member, actions: update, fields: [name], ask: approve}
"""
ROLES = """
roles:
  keeper: {label: {en: Keeper, zh: 馆员}}
  reader: {label: {en: Reader, zh: 读者}, includes: [guest]}
  guest: {label: {en: Guest, zh: 访客}}
  lender: {label: {en: Lender, zh: 借阅员}, owner: keeper}
  approver: {label: {en: Approver, zh: 审批}}
  engineer: {label: {en: Engineer, zh: 运维}, administers: system}
  guard: {label: {en: Guard, zh: 安全}, administers: people}
  witness: {label: {en: Witness, zh: 审计}, administers: log}
conflicts:
  three_people: {roles: [keeper, engineer, guard, witness]}
"""
THREE = ("engineer", "guard", "witness")


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    opened = open_desk_with(request.param, tmp_path, ACCESS, roles=ROLES)
    yield opened
    opened.runtime.engine.dispose()


def person(desk: Desk, role: str) -> None:
    email = f"{role}@x.example"
    desk.people[role] = create_user(desk.runtime.engine, role, PASSWORD, [role], email=email)


def test_roles_and_approvals_without_holders_are_told_in_both_languages(desk: Desk) -> None:
    assert findings(desk.runtime) == Findings(("lender", "approver", *THREE), ("member",))
    for address in ("/reviews/", "/permissions/"):
        page = desk.browser().get(address).text
        assert "Nobody holds: Lender, Approver, Engineer, Guard, Witness" in page
        assert "Nobody may approve what waits for another person: Members" in page
        assert "无人持有的角色：借阅员、审批、运维" in desk.browser("kim", "zh").get(address).text
    assert "Nobody holds" not in desk.browser().get("/permissions/?role=reader").text


def test_who_holds_one_for_a_time_or_through_a_group_counts_and_who_left_does_not(
    desk: Desk,
) -> None:
    wish = {"role": "lender", "reason": "covers a shift", "until": in_days(desk, 3)}
    asked = program(desk, "ron").post(URL, json=wish)
    assert "lender" in findings(desk.runtime).unheld
    number = asked.json["data"]["id"]
    answer = program(desk, "kim").post(f"{URL}/{number}", json={"decision": "grant", "said": "ok"})
    assert answer.status_code == 200, answer.text
    assert "lender" not in findings(desk.runtime).unheld
    person(desk, "approver")
    assert findings(desk.runtime) == Findings(THREE, ())
    post(desk.browser(), f"/users/{desk.people['approver']}/active", active="0")
    assert findings(desk.runtime) == Findings(("approver", *THREE), ("member",))
    post(desk.browser(), "/groups/new", name="seconds", roles=["approver"])
    values = {"first_name": "Ron", "email": "ron@desk.example", "roles": ["reader"], "groups": [1]}
    assert post(desk.browser(), f"/users/{desk.people['ron']}", **values).status_code == 303
    assert findings(desk.runtime) == Findings(THREE, ())


def test_who_does_everything_is_told_once_three_roles_administer(desk: Desk) -> None:
    for role in THREE[:2]:
        person(desk, role)
    assert findings(desk.runtime).everything == ()
    person(desk, "witness")
    assert findings(desk.runtime).everything == ("kim",)
    page = desk.browser("guard").get("/reviews/").text
    assert "May do everything, although three roles administer: kim" in page


def test_it_costs_the_same_however_many_people_there_are(desk: Desk) -> None:
    browser = desk.browser()
    few = len(statements(desk, browser, "/reviews/"))
    for role in ("approver", *THREE):
        person(desk, role)
    assert len(statements(desk, browser, "/reviews/")) == few
