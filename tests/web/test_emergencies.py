"""A role taken in an emergency: what it takes, who hears of it, what it leaves, how it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from runtime import emergencies
from runtime.store.audit_verify import verify
from runtime.store.engine import read
from runtime.web.users import create_user
from tests.web.desk import PASSWORD, Browser, Desk, open_desk_with

ROLES = """
roles:
  keeper:
    label: {en: Keeper, zh: 管理员}
    break_glass: {by: lender, tells: [keeper, cashier]}
  vault:
    label: {en: Vault, zh: 金库}
    second_factor: true
    break_glass: {by: lender, tells: cashier, minutes: 10}
  reader: {label: {en: Reader, zh: 读者}, owner: keeper}
  lender: {label: {en: Lender, zh: 借阅员}}
  cashier: {label: {en: Cashier, zh: 收银}}
"""
ACCESS = """
access: desk
grants:
  keeper: {"*": all}
  vault: {member: view}
  reader: {loan: [list, read]}
  lender: {loan: view}
  cashier: {loan: view}
"""
URL = "/api/v1/security/emergencies"
WHY = "the keeper is away and the roof leaks"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def opened(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("emergency")
    opened = open_desk_with(request.param, folder, ACCESS, roles=ROLES)
    for name, role in (("lea", "lender"), ("cas", "cashier")):
        email = f"{name}@x.example"
        opened.people[name] = create_user(
            opened.runtime.engine, name, PASSWORD, [role], email=email
        )
    yield opened
    opened.runtime.engine.dispose()


@pytest.fixture
def desk(opened: Desk) -> Iterator[Desk]:
    runtime, clock = opened.runtime, opened.runtime.clock
    yield opened
    set_clock(opened, clock)
    with runtime.engine.begin() as connection:
        for table in (runtime.system.emergency, runtime.system.notification):
            connection.execute(sa.delete(table))


def set_clock(desk: Desk, clock: Callable[[], datetime]) -> None:
    desk.runtime.clock = clock
    desk.app.extensions["shopwright"].gate.principals.clock = clock


def later(desk: Desk, minutes: int) -> None:
    now = desk.runtime.clock() + timedelta(minutes=minutes)
    set_clock(desk, lambda: now)


def program(desk: Desk, name: str, **proof: Any) -> FlaskClient:
    """Return a client of somebody who signed in a moment ago, or as `proof` says."""
    client = desk.app.test_client()
    gate = desk.app.extensions["shopwright"].gate
    found = gate.principals.current(desk.people[name])
    issued = gate.jwt.issue(found.actor.id, found.fingerprint, "access", **proof)
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {issued}"
    return client


def take(client: FlaskClient, role: str = "keeper", reason: str = WHY) -> Any:
    return client.post(URL, json={"role": role, "reason": reason})


def decide(client: FlaskClient, use: str, decision: str, said: str = "all was well") -> Any:
    return client.post(f"{URL}/{use}", json={"decision": decision, "said": said})


def may(client: FlaskClient) -> bool:
    return client.get("/api/v1/member").status_code == 200


def told(desk: Desk, who: str) -> list[str]:
    table = desk.runtime.system.notification
    mine = sa.select(table.c.kind).where(table.c.user_id == desk.people[who]).order_by(table.c.id)
    with read(desk.runtime.engine) as connection:
        return list(connection.execute(mine).scalars())


def carried(desk: Desk, use: str) -> list[tuple[str, str, str]]:
    """Return who did what with what in an emergency, as the audit says it."""
    audit = desk.runtime.system.audit.c
    rows = sa.select(audit.actor_name, audit.operation, audit.entity).where(audit.emergency == use)
    with read(desk.runtime.engine) as connection:
        return [tuple(row) for row in connection.execute(rows.order_by(audit.id))]


def test_nobody_takes_what_is_not_for_them_or_without_reason_and_proof(desk: Desk) -> None:
    lea = program(desk, "lea")
    assert take(lea, reason="  ").status_code == 428
    assert take(program(desk, "lea", proved=time.time() - 301)).json["code"] == "R462"
    no_factor = take(lea, role="vault")
    assert (no_factor.status_code, no_factor.json["errors"][0]["code"]) == (
        403,
        "second_factor_missing",
    )
    assert take(lea, role="cashier").status_code == take(lea, role="none").status_code == 403
    assert take(program(desk, "cas")).status_code == 403
    secret = lea.post("/api/v1/security/tokens", json={"name": "t"}).json["data"]["token"]
    by_token = desk.app.test_client()
    by_token.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    assert take(by_token).status_code == 403
    assert not may(lea)
    assert not told(desk, "kim")
    with_factor = program(desk, "lea", second=True)
    assert take(with_factor, role="vault").status_code == 201
    assert may(with_factor)


def test_it_gives_the_role_to_one_session_tells_others_and_marks_all_that_is_done(
    desk: Desk,
) -> None:
    lea, elsewhere = program(desk, "lea"), program(desk, "lea")
    secret = lea.post("/api/v1/security/tokens", json={"name": "t"}).json["data"]["token"]
    by_token = desk.app.test_client()
    by_token.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    assert not may(lea)
    use = take(lea).json["data"]["id"]
    assert take(lea).status_code == take(elsewhere).status_code == 409
    assert may(lea)
    assert not may(elsewhere)
    assert not may(by_token)
    assert told(desk, "kim") == told(desk, "cas") == ["emergency_began"]
    made = lea.post("/api/v1/member", json={"code": f"E{use[-6:]}", "name": "Mia"})
    assert made.status_code == 201
    assert lea.get(f"/api/v1/member/{made.json['data']['id']}").status_code == 200
    assert carried(desk, use) == [
        ("lea", "list", "member"),
        ("lea", "create", "member"),
        ("lea", "read", "member"),
    ]
    asked = program(desk, "cas").post(
        "/api/v1/security/roles",
        json={"role": "reader", "reason": "wants to", "until": "2999-01-01"},
    )
    assert asked.status_code == 422  # and nobody in an emergency would decide about it
    runtime = desk.runtime
    assert verify(runtime.engine, runtime.schema, [runtime.audit_key]).findings == []


def test_it_ends_by_itself_and_somebody_else_looks_into_it(desk: Desk) -> None:
    lea = program(desk, "lea")
    use = take(lea).json["data"]["id"]
    cas = program(desk, "cas")
    assert decide(cas, use, "review").status_code == 409
    later(desk, 29)
    assert may(lea)
    later(desk, 2)
    assert not may(lea)
    assert emergencies.tidy(desk.runtime) == 1
    assert emergencies.tidy(desk.runtime) == 0
    assert told(desk, "cas") == ["emergency_began", "emergency_ended"]
    assert decide(lea, use, "review").status_code == 403
    assert decide(program(desk, "ron"), use, "review").status_code == 404
    assert decide(cas, use, "review", said="").status_code == 422
    seen = decide(cas, use, "review").json["data"]
    assert (seen["reviewed_name"], seen["said"]) == ("cas", "all was well")
    assert decide(cas, use, "review").status_code == 409


def test_others_end_it_at_once_and_who_leaves_too_many_open_takes_none(desk: Desk) -> None:
    lea, cas = program(desk, "lea"), program(desk, "cas")
    for _ in range(emergencies.MOST_OPEN):
        use = take(lea).json["data"]["id"]
        assert may(lea)
        assert decide(cas, use, "end").status_code == 200
        assert not may(lea)
        assert decide(cas, use, "end").status_code == 409
    assert take(lea).status_code == 409
    decide(cas, use, "review")
    assert take(lea).status_code == 201


def post(browser: Browser, address: str, **values: str) -> Any:
    return browser.send(browser.get("/emergencies/"), address, **values)


def test_on_screen_every_page_says_so_and_people_are_not_administered(desk: Desk) -> None:
    loud = "Emergency access: Keeper"
    lea, cas = desk.browser("lea"), desk.browser("cas")
    assert post(lea, "/emergencies/", role="keeper", reason=" ").status_code == 428
    later(desk, 6)
    asked = post(lea, "/emergencies/", role="keeper", reason=WHY)
    assert (asked.status_code, "_password" in asked.text) == (403, True)
    assert lea.send(asked, "/emergencies/", _password="wrong").status_code == 403
    assert not desk.count("sw_emergency")
    assert lea.send(asked, "/emergencies/", _password=PASSWORD).status_code == 303
    for page in ("/", "/member/", "/preferences", "/emergencies/", "/nowhere/"):
        assert loud in lea.get(page).text, page
    lea.client.set_cookie("locale", "zh")
    assert "紧急权限：管理员" in lea.get("/loan/").text
    lea.client.set_cookie("locale", "en")
    for page in ("/users/", "/roles/", "/reviews/", "/permissions/"):
        assert lea.get(page).status_code == 403, page
    assert lea.get("/audit/").status_code == 200
    page = cas.get("/emergencies/")
    assert WHY in page.text
    use = page.text.partition('id="use-')[2][:36]
    assert cas.send(page, f"/emergencies/{use}", decision="end").status_code == 303
    assert loud not in lea.get("/").text
    assert lea.get("/member/").status_code == 404
    assert post(cas, f"/emergencies/{use}", decision="review", said="").status_code == 422
    assert post(cas, f"/emergencies/{use}", decision="review", said=WHY).status_code == 303
    assert 'id="use-' + use in cas.get("/emergencies/").text
    assert program(desk, "ron").get("/emergencies/").status_code == 403
    found = desk.browser("kim").get(f"/audit/?emergency={use}").text
    assert f"/emergencies/#use-{use}" in found


def test_signing_out_ends_it_with_the_session(desk: Desk) -> None:
    lea = desk.browser("lea")
    page = post(lea, "/emergencies/", role="keeper", reason=WHY)
    assert page.status_code == 303
    assert lea.get("/member/").status_code == 200
    lea.send(lea.get("/emergencies/"), "/logout/")
    again = desk.browser("lea")
    assert again.get("/member/").status_code in (403, 404)
