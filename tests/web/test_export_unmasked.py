"""Masked values leave in clear only where a line gives `export_plain`, for a reason, and told.

Everything else stays as it was: lists, ordinary exports, filters, other people's files.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from rules.proof import Proof
from runtime.errors import Forbidden, TooMany
from runtime.jobs.starting import every_kind
from runtime.jobs.worker import WorkerSetup, work_on
from runtime.messages import Actor, Incoming, Result
from runtime.pipeline import handle
from runtime.web.users import create_user
from tests import databases
from tests.web.desk import DESK, PASSWORD, Desk, open_desk, open_desk_with, token
from tests.web.test_trail import Log, program

ACCESS = """
access: desk
grants:
  keeper:
    "*": all
  reader:
    member:
      - allow: [list, read, aggregate, share, export]
        fields: {masked: {email: email, phone: phone}, hidden: [home]}
        limits: {export_day: 999}
      - allow: export_plain
        rows: "code != 'FAR'"
        fields: {read: [phone, home]}
        limits: {export_day: 99}
  clerk:
    member:
      - {allow: [list, read, export], fields: {masked: {email: email, phone: phone}}}
  single:
    member:
      - {allow: [list, read], fields: {masked: {email: email, phone: phone}}}
      - {allow: export_plain, fields: {read: [phone]}}
  few:
    member:
      - allow: [list, read, export]
        fields: {masked: {phone: phone}}
        limits: {export_day: 30}
      - {allow: export_plain, fields: {read: [phone]}, limits: {export_day: 7}}
  several:
    member:
      - {allow: [list, read, export], fields: {masked: {email: email, phone: phone}}}
      - {allow: export_plain, rows: "code == 'TOM'", fields: {read: [phone]}}
      - {allow: export_plain, rows: "code == 'REA'", fields: {read: [email]}}
guardrails:
  far_stays:
    entities: member
    deny: export_plain
    when: "code == 'SHY'"
"""
SAID = """
sensitive:
  plainly: {entities: member, actions: export_plain, ask: confirm}
"""
PHONES = {
    "REA": "+8613812345678",
    "TOM": "+8613987654321",
    "FAR": "+8613711112222",
    "SHY": "+8613633334444",
}
ROLES = ("clerk", "single", "few", "several")
WHY = {"X-Reason": "A recall of goods"}
YES = {**WHY, "X-Confirm": "yes"}


def opened(kind: str, folder: Path, access: str, **settings: Any) -> Desk:
    (entity,) = DESK.rglob("member.entity.yaml")
    (roles,) = DESK.rglob("roles.yaml")
    text = entity.read_text("utf-8")
    text = text.replace("  home:", "  phone: {type: phone, region: CN, class: personal}\n  home:")
    people = roles.read_text("utf-8").rstrip() + "\n"
    more = "".join(f"  {one}: {{label: A}}\n" for one in ROLES)
    people = people.replace("roles:\n", "roles:\n" + more)
    found = open_desk_with(kind, folder, access, member__entity=text, roles=people)
    if settings:
        (folder / "again").mkdir()
        found.runtime.engine.dispose()
        url = databases.url_of(kind, folder / "again")
        found = open_desk(url, folder / "more", folder / "desk", **settings)
    for code, phone in PHONES.items():
        email = f"{code.lower()}@x.example"
        found.make("member", code=code, name=f"Name {code}", email=email, phone=phone)
    for name in ROLES:
        made = create_user(found.runtime.engine, name, PASSWORD, [name], email=f"{name}@x.example")
        found.people[name] = made
    return found


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    found = opened(request.param, tmp_path_factory.mktemp("unmasked"), ACCESS + SAID)
    yield found
    found.runtime.engine.dispose()


def export(desk: Desk, who: str = "ron", headers: Any = YES, **query: str) -> Any:
    asked = "&".join(f"{key}={value}" for key, value in {"unmasked": "true", **query}.items())
    return program(desk, who).get(f"/api/v1/member/export?{asked}", headers=headers)


def cells(answer: Any) -> dict[str, dict[str, str]]:
    assert answer.status_code == 200, answer.text
    rows = csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig")))
    return {row["code"]: dict(row) for row in rows}


def test_what_is_masked_leaves_in_clear_where_both_lines_open_the_row(desk: Desk) -> None:
    found = cells(export(desk, fields="code,phone,email"))
    assert set(found) == {"REA", "TOM"}
    assert {code: row["phone"] for code, row in found.items()} == {
        code: PHONES[code] for code in found
    }
    assert found["REA"]["email"] == "r****@x.example"


def test_what_is_hidden_stays_hidden_whatever_the_line_reads(desk: Desk) -> None:
    answer = export(desk, fields="code,home")
    assert answer.status_code == 400
    assert "home" not in cells(export(desk))["REA"]


def test_nothing_leaves_in_clear_unasked(desk: Desk) -> None:
    for said in ({}, {"unmasked": "false"}):
        asked = "&".join(f"{key}={value}" for key, value in said.items())
        answer = program(desk, "ron").get(f"/api/v1/member/export?{asked}", headers=YES)
        assert set(cells(answer)) == set(PHONES)
        assert not any(phone in answer.text for phone in PHONES.values())


@pytest.mark.parametrize("who", ["clerk", "single"])
def test_nobody_has_it_without_both_lines(desk: Desk, who: str) -> None:
    answer = export(desk, who)
    assert answer.status_code == 403
    assert not any(phone in answer.text for phone in PHONES.values())


def test_rows_of_several_lines_show_what_each_of_them_opens(desk: Desk) -> None:
    found = cells(export(desk, "several", fields="code,phone,email"))
    assert set(found) == {"REA", "TOM"}
    assert found["TOM"]["phone"] == PHONES["TOM"]
    assert found["TOM"]["email"] == "t****@x.example"
    assert found["REA"]["phone"] != PHONES["REA"]
    assert found["REA"]["email"] == "rea@x.example"


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"X-Confirm": "yes"}, 422), ({**YES, "X-Reason": " a "}, 422), (WHY, 428)],
)
def test_it_wants_a_reason_and_what_the_definitions_ask(
    desk: Desk, headers: dict[str, str], status: int
) -> None:
    log = Log(desk)
    answer = export(desk, headers=headers)
    assert answer.status_code == status, answer.text
    assert "export" not in log.operations()
    assert not any(phone in answer.text for phone in PHONES.values())


def test_what_is_masked_still_cannot_be_asked_for(desk: Desk) -> None:
    for query in ({"phone": "13812345678"}, {"phone[starts_with]": "%2B86138"}, {"sort": "phone"}):
        assert export(desk, **query).status_code == 400


def test_no_other_value_of_the_key_means_anything(desk: Desk) -> None:
    assert export(desk, unmasked="1").status_code == 400
    assert program(desk, "ron").get("/api/v1/member?unmasked=true").status_code == 400


def test_the_log_says_who_why_and_which_fields_without_a_value(desk: Desk) -> None:
    log = Log(desk)
    cells(export(desk, fields="code,phone"))
    (row,) = [row for row in log.rows() if row["operation"] == "export"]
    assert row["after"]["unmasked"] == ["phone"]
    assert row["reason"] == "A recall of goods"
    assert row["actor_name"] == "ron"
    assert not any(phone in str(log.rows()) for phone in PHONES.values())


def test_nobody_takes_it_with_somebody_elses_eyes(desk: Desk) -> None:
    ron = Actor(desk.people["ron"], "ron", frozenset({"reader"}))
    asked = Incoming(
        "export", "member", replace(ron, real_id=1), also=("export_plain",), reason="Because"
    )
    assert isinstance(handle(asked, desk.runtime), Forbidden)


def test_the_document_of_the_api_says_so_to_whom_it_concerns(desk: Desk) -> None:
    def named(who: str) -> set[str]:
        shape = program(desk, who).get("/api/v1/openapi.json").json
        found = shape["paths"]["/api/v1/member/export"]["get"]["parameters"]
        return {one.get("name", "") for one in found}

    assert "unmasked" in named("ron")
    assert "unmasked" not in named("clerk")


@pytest.fixture
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The desk whose definitions ask for nothing: what everybody is asked then."""
    found = opened("sqlite", tmp_path_factory.mktemp("strict"), ACCESS)
    yield found
    found.runtime.engine.dispose()


def test_rows_count_against_the_narrower_of_both_days(desk: Desk) -> None:
    asks = Incoming(
        "export",
        "member",
        Actor(99, "ann", frozenset({"few"}), proof=Proof("yes")),
        also=("export_plain",),
        reason="A recall",
    )
    for also, rows in ((asks.also, 3), ((), 4)):
        found = handle(replace(asks, also=also), desk.runtime)
        assert isinstance(found, Result), found
        assert sum(len(page) for page in found.pages) == rows
    refused = handle(asks, desk.runtime)
    assert isinstance(refused, TooMany)
    assert "0 of 7 a day" in refused.message.text("en")


def test_without_a_rule_a_password_is_asked_and_a_token_has_none(
    strict: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, later = strict.browser("ron"), program(strict, "ron")
    page = browser.get("/tokens")
    form = {"csrf_token": token(page), "name": "t", "days": "7", "scopes": ""}
    made = browser.client.post("/tokens", data=form)
    secret = re.search(r"sw_[A-Za-z0-9_-]{43}", made.text)
    assert secret is not None
    by_token = strict.app.test_client()
    by_token.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret[0]}"
    now = strict.runtime.clock()
    monkeypatch.setattr(strict.runtime, "clock", lambda: now + timedelta(minutes=6))
    for client in (by_token, later):
        answer = client.get("/api/v1/member/export?unmasked=true", headers=YES)
        assert (answer.status_code, answer.json["code"]) == (403, "R462")
    page = browser.get("/member/export")
    assert "Write these in clear: Phone" in page.text
    told = {"what": "all", "columns": ["code", "phone"], "format": "csv", "unmasked": "1"}
    unexplained = browser.send(page, "/member/export", **told)
    assert unexplained.status_code == 422
    assert "Say why the values leave unmasked" in unexplained.text
    ticked = r'<input class="ck" type="checkbox" name="(\w+)" value="(\w+)" checked'
    assert set(re.findall(ticked, unexplained.text)) == {
        ("columns", "code"), ("columns", "phone"), ("unmasked", "1"),
    }  # fmt: skip
    asked = browser.send(page, "/member/export", **told, reason="A recall of goods")
    assert 'name="_password"' in asked.text
    assert "12345678" not in asked.text
    sent = browser.send(asked, "/member/export", **told, reason="A recall of goods",
                        _password=PASSWORD)  # fmt: skip
    assert sent.status_code == 200
    lines = sent.data.decode("utf-8-sig").splitlines()[1:]
    assert sorted(lines) == [f"{code},{PHONES[code]}" for code in ("REA", "TOM")]
    usual = browser.send(page, "/member/export", **{**told, "unmasked": ""})
    assert "138****5678" in usual.text
    assert PHONES["REA"] not in usual.text


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_large_file_is_made_in_clear_and_given_out_only_while_the_right_is_there(
    kind: str, tmp_path: Path
) -> None:
    desk = opened(kind, tmp_path, ACCESS + SAID, export_now=1)
    try:
        browser = desk.browser("ron")
        page = browser.get("/member/export")
        told = {"what": "all", "columns": ["code", "phone"], "format": "csv", "unmasked": "1"}
        told |= {"reason": "A recall of goods", "_confirm": "yes"}
        begun = browser.send(page, "/member/export", **told)
        assert begun.status_code == 303, begun.text
        run = begun.location.rpartition("/")[2]
        setup = WorkerSetup(
            desk.runtime.engine,
            desk.runtime.clock,
            every_kind(desk.runtime.app),
            desk.runtime,
            results=tmp_path / "results",
        )
        log = Log(desk)
        assert work_on(setup, "export_rows", run, "test") == "succeeded"
        (row,) = [one for one in log.rows() if one["operation"] == "export"]
        assert (row["after"]["unmasked"], row["reason"]) == (["phone"], "A recall of goods")
        (link,) = re.findall(
            rf'href="({begun.location}/files/[^"]+)"', browser.get(begun.location).text
        )
        lines = browser.get(link).data.decode("utf-8-sig").splitlines()[1:]
        assert sorted(lines) == [f"{code},{PHONES[code]}" for code in ("REA", "TOM")]
    finally:
        desk.runtime.engine.dispose()


def test_what_is_kept_for_later_leaves_masked(strict: Desk) -> None:
    browser = strict.browser("ron")
    page = browser.get("/member/export")
    told = {"columns": ["code", "phone"], "format": "csv", "unmasked": "1", "reason": "A recall"}
    kept = browser.send(page, "/member/export", keep="1", name="Phones", **told)
    assert kept.status_code == 303
    with strict.runtime.engine.connect() as connection:
        content = connection.execute(sa.text("select content from sw_saved_export")).scalar_one()
    assert "unmasked" not in str(content)


def test_who_may_not_is_not_offered_it(strict: Desk) -> None:
    assert "Write these in clear" not in strict.browser("clerk").get("/member/export").text
    browser = strict.browser("clerk")
    page = browser.get("/member/export")
    told = {"what": "all", "columns": ["code", "phone"], "format": "csv", "unmasked": "1"}
    refused = browser.send(page, "/member/export", **told, reason="A recall of goods")
    assert refused.status_code == 403
    assert "12345678" not in refused.text
