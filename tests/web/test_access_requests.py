"""Asking for a role for a time: who decides, what it gives meanwhile, that it ends by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import Model

from runtime import role_requests
from runtime.store.engine import read
from runtime.web.users import create_user
from tests import databases
from tests.web.desk import PASSWORD, Desk, open_desk, open_desk_with
from tests.web.test_sensitive import program

ROLES = """
roles:
  keeper: {label: {en: Keeper, zh: 管理员}}
  reader: {label: {en: Reader, zh: 读者}}
  lender: {label: {en: Lender, zh: 借阅员}, owner: [keeper, lender]}
  cashier: {label: {en: Cashier, zh: 收银}, owner: keeper}
conflicts:
  lending_and_counting:
    roles: [lender, cashier]
    message: {en: Whoever lends does not count the till., zh: 借阅员不能管钱。}
reviews: {every_months: 2, days: 14}
"""
ACCESS = """
access: desk
grants:
  keeper: {"*": all}
  reader: {loan: [list, read]}
  lender: {loan: all, member: [view, export]}
  cashier: {member: view}
"""
URL = "/api/v1/security/roles"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def opened(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("asking")
    opened = open_desk_with(request.param, folder, ACCESS, roles=ROLES)
    engine = opened.runtime.engine
    for name, roles in (("lea", ["lender"]), ("cas", ["cashier"]), ("new", [])):
        email = f"{name}@x.example"
        opened.people[name] = create_user(engine, name, PASSWORD, roles, email=email)
    yield opened
    engine.dispose()


HELD = Model.metadata.tables["ab_user_role"]
USER = Model.metadata.tables["ab_user"]
KEPT = ("role_request", "review", "review_line", "notification")


@pytest.fixture
def desk(opened: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Give the desk as it was: who holds what, who may sign in, and nobody asked for anything."""
    runtime = opened.runtime
    clock = runtime.clock
    with runtime.engine.connect() as connection:
        held = [row._asdict() for row in connection.execute(sa.select(HELD))]
    monkeypatch.setitem(BEGAN, "audit", runtime.make_id())
    yield opened
    runtime.clock = clock
    opened.app.extensions["shopwright"].gate.principals.clock = clock
    with runtime.engine.begin() as connection:
        connection.execute(sa.delete(HELD))
        connection.execute(sa.insert(HELD), held)
        connection.execute(sa.update(USER).values(active=True))
        for name in KEPT:
            connection.execute(sa.delete(getattr(runtime.system, name)))


BEGAN = {"audit": ""}
"""The rows of the audit of this test come after this id."""


def in_days(desk: Desk, days: int) -> str:
    return (desk.runtime.clock() + timedelta(days=days)).date().isoformat()


def asked(desk: Desk, who: str, role: str = "lender", **more: Any) -> Any:
    wish = {"role": role, "reason": "covers the night shift", "until": in_days(desk, 7), **more}
    return program(desk, who).post(URL, json=wish)


def decided(desk: Desk, who: str, request: str, decision: str) -> Any:
    return program(desk, who).post(f"{URL}/{request}", json={"decision": decision, "said": "ok"})


def later(desk: Desk, days: int) -> None:
    """Let days pass for everything that asks the time."""
    now = desk.runtime.clock() + timedelta(days=days)
    desk.runtime.clock = lambda: now
    desk.app.extensions["shopwright"].gate.principals.clock = lambda: now


def may(desk: Desk, who: str, path: str) -> bool:
    return program(desk, who).get(f"/api/v1/{path}").status_code == 200


def told(desk: Desk, who: str) -> list[str]:
    table = desk.runtime.system.notification
    mine = sa.select(table.c.kind).where(table.c.user_id == desk.people[who]).order_by(table.c.id)
    with read(desk.runtime.engine) as connection:
        return list(connection.execute(mine).scalars())


def log(desk: Desk) -> list[str]:
    audit = desk.runtime.system.audit
    mine = audit.c.entity == "@role", audit.c.id > BEGAN["audit"]
    rows = sa.select(audit.c.operation).where(*mine).order_by(audit.c.id)
    with read(desk.runtime.engine) as connection:
        return list(connection.execute(rows).scalars())


def test_a_role_is_asked_for_given_used_and_ends_by_itself(desk: Desk) -> None:
    assert not may(desk, "new", "member")
    one = asked(desk, "new").json["data"]
    assert one["state"] == "pending"
    assert not may(desk, "new", "member")
    assert told(desk, "kim") == told(desk, "lea") == ["role_requested"]
    assert decided(desk, "lea", one["id"], "grant").json["data"]["state"] == "granted"
    assert may(desk, "new", "member")
    assert program(desk, "new").get("/api/v1/security/me").json["data"]["roles"] == ["lender"]
    later(desk, 6)
    assert may(desk, "new", "member")
    assert role_requests.tidy(desk.runtime) == 1
    later(desk, 3)
    assert not may(desk, "new", "member")
    assert role_requests.tidy(desk.runtime) == 1
    assert role_requests.tidy(desk.runtime) == 0
    assert told(desk, "new") == ["role_granted", "role_ends_soon", "role_ended"]
    assert log(desk) == ["role_requested", "role_granted", "role_ended"]


def test_a_part_of_a_role_gives_that_and_nothing_else(desk: Desk) -> None:
    one = asked(desk, "new", part="export:member").json["data"]
    decided(desk, "kim", one["id"], "grant")
    assert may(desk, "new", "member/export?format=csv")
    assert not may(desk, "new", "member")
    assert not may(desk, "new", "loan")
    for part in ("burn:member", "delete:member", "export", "*:*", "list:nothing"):
        refused = asked(desk, "ron", part=part)
        assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "part"), part


def test_nobody_decides_about_what_they_ask_for_or_gain_by(desk: Desk) -> None:
    mine = asked(desk, "kim").json["data"]
    assert decided(desk, "kim", mine["id"], "grant").status_code == 403
    assert decided(desk, "ron", mine["id"], "grant").status_code == 404
    assert decided(desk, "cas", mine["id"], "reject").status_code == 404
    assert decided(desk, "lea", mine["id"], "withdraw").status_code == 403
    assert decided(desk, "lea", mine["id"], "revoke").status_code == 409
    assert decided(desk, "new", "01900000-0000-7000-8000-000000000000", "grant").status_code == 404
    assert decided(desk, "kim", mine["id"], "withdraw").json["data"]["state"] == "withdrawn"


def test_a_request_is_decided_once(desk: Desk) -> None:
    one = asked(desk, "ron").json["data"]
    assert asked(desk, "ron").status_code == 422
    assert decided(desk, "lea", one["id"], "reject").status_code == 200
    for decision in ("grant", "reject", "revoke"):
        assert decided(desk, "kim", one["id"], decision).status_code == 409
    assert not may(desk, "ron", "member")


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"role": "keeper"}, "role"),
        ({"role": "nothing"}, "role"),
        ({"role": "__class__"}, "role"),
        ({"reason": ""}, "reason"),
        ({"reason": "    x   "}, "reason"),
        ({"reason": "x" * 2001}, "reason"),
        ({"reason": "a\x00bcdefgh"}, "reason"),
        ({"until": "9999-12-31"}, "until"),
        ({"until": "2020-01-01"}, "until"),
        ({"until": "soon"}, "until"),
        ({"until": ""}, "until"),
        ({"until": 7}, "until"),
        ({"approver": "new"}, "approver"),
    ],
)
def test_a_wish_without_reason_or_end_is_refused(
    desk: Desk, wish: dict[str, Any], field: str
) -> None:
    refused = asked(desk, "new", **wish)
    assert refused.status_code == 422
    assert field in {one["field"] for one in refused.json["errors"]}
    assert program(desk, "new").get(URL).json["data"] == []


def test_roles_that_do_not_go_together_are_not_given(desk: Desk) -> None:
    one = asked(desk, "cas").json["data"]
    refused = decided(desk, "lea", one["id"], "grant")
    assert (refused.status_code, refused.json["detail"]) == (
        409,
        "Whoever lends does not count the till.",
    )
    assert not may(desk, "cas", "loan")


def test_what_was_given_is_taken_or_given_back_before_its_end(desk: Desk) -> None:
    first, second = asked(desk, "new").json["data"], asked(desk, "ron").json["data"]
    for one in (first, second):
        decided(desk, "kim", one["id"], "grant")
    assert decided(desk, "lea", first["id"], "revoke").json["data"]["state"] == "revoked"
    assert decided(desk, "ron", second["id"], "revoke").json["data"]["state"] == "revoked"
    assert not may(desk, "new", "member")
    assert not may(desk, "ron", "member")
    assert told(desk, "new")[-1] == "role_revoked"


def test_a_request_that_waits_too_long_is_over(desk: Desk) -> None:
    one = asked(desk, "new", until=in_days(desk, 100)).json["data"]
    later(desk, 15)
    assert decided(desk, "kim", one["id"], "grant").status_code == 409
    assert role_requests.tidy(desk.runtime) == 1
    assert told(desk, "new") == ["role_expired"]


def test_neither_a_token_nor_a_look_with_other_eyes_asks_or_decides(desk: Desk) -> None:
    one = asked(desk, "new").json["data"]
    tokens = "/api/v1/security/tokens"
    made = program(desk, "kim").post(tokens, json={"name": "all"}).json["data"]["token"]
    client = desk.app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {made}"
    wish = {"role": "cashier", "reason": "for a program", "until": in_days(desk, 2)}
    assert client.post(URL, json=wish).status_code == 403
    assert client.post(f"{URL}/{one['id']}", json={"decision": "grant"}).status_code in {403, 404}


def test_a_deactivated_holder_and_a_changed_password_end_it_too(desk: Desk) -> None:
    one = asked(desk, "new").json["data"]
    decided(desk, "kim", one["id"], "grant")
    client = program(desk, "new")
    assert client.get("/api/v1/member").status_code == 200
    page = desk.browser().get("/users/")
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found is not None
    keeper = desk.browser()
    keeper.send(keeper.get("/users/"), f"/users/{desk.people['new']}/active", active="0")
    assert client.get("/api/v1/member").status_code == 401


def test_the_page_asks_decides_and_says_it_in_chinese(desk: Desk) -> None:
    asker = desk.browser("new", "zh")
    page = asker.get("/access/")
    assert "申请角色" in page.text
    wrong = asker.send(page, "/access/", role="lender", reason="", until="")
    assert wrong.status_code == 422
    assert "请填写理由" in wrong.text
    given = {"role": "lender", "reason": "夜班顶岗需要", "until": in_days(desk, 9)}
    assert asker.send(page, "/access/", **given).status_code == 303
    owner = desk.browser("lea", "zh")
    inbox = owner.get("/access/")
    assert "夜班顶岗需要" in inbox.text
    assert re.search(r'href="/access/".*?>1<', inbox.text, re.DOTALL)
    (number,) = re.findall(r'id="request-([0-9a-f-]{36})"', inbox.text)
    assert owner.send(inbox, f"/access/{number}", decision="grant").status_code == 303
    assert "临时授予" in owner.get("/access/").text
    mine = asker.get("/access/")
    assert "生效中" in mine.text
    bell = asker.get("/me/notifications")
    assert "授予了您一个角色" in bell.text
    opened = re.search(r"/me/notifications/[0-9a-f-]{36}", bell.text)
    assert opened is not None
    assert asker.get(opened[0]).headers["Location"] == "/access/"


def test_where_no_role_has_an_owner_nobody_is_offered_to_ask(tmp_path: Any) -> None:
    plain = open_desk(databases.sqlite_url(tmp_path), tmp_path / "files")
    page = plain.browser("ron").get("/")
    assert 'href="/access/"' not in page.text
    plain.runtime.engine.dispose()


def test_the_moment_of_the_end_is_the_end_of_the_day_in_the_shop(desk: Desk) -> None:
    noon = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    desk.runtime.clock = lambda: noon
    one = asked(desk, "new", until="2026-11-22").json["data"]
    ends = datetime.fromisoformat(one["until"])
    assert noon < ends <= noon + timedelta(hours=24)
