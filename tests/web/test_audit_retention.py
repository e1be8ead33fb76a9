"""Pages say where entries of the log are there no more, and whoever reads it sees the job."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from runtime.audit_keep import Keep
from runtime.web.users import create_user
from tests import databases
from tests.runtime.long_ago import LongAgo
from tests.shop import Shop
from tests.web.desk import PASSWORD, Desk, open_desk, open_desk_with


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    opened = open_desk(databases.url_of(request.param, tmp_path), tmp_path / "files")
    yield opened
    opened.runtime.engine.dispose()


def long_ago(desk: Desk) -> LongAgo:
    clock = desk.runtime.clock
    there = LongAgo(Shop(desk.runtime, None))  # type: ignore[arg-type]
    there.now = clock()
    return there


def trimmed(desk: Desk) -> tuple[str, str]:
    """Return a member of long ago and one of today, after the log was trimmed."""
    there = long_ago(desk)
    today = there.now
    there.on("2020-03-01")
    old = desk.make("member", code="OLD", name="Of Old")
    there.seal()
    there.now = today
    new = desk.make("member", code="NEW", name="Of Now")
    assert there.trim() == "succeeded"
    return old, new


def test_the_log_says_what_went_and_how_long_it_is_kept(desk: Desk) -> None:
    browser = desk.browser()
    assert "Kept: 3 years" in browser.get("/audit/").text
    assert "were removed" not in browser.get("/audit/").text
    trimmed(desk)
    body = desk.browser().get("/audit/").text
    assert "Entries up to 2020-03-01" in body or "Mar 1, 2020" in body
    assert "were removed when their time was over: 1, each proved by its seal before." in body
    assert 'href="/jobs/trim_log"' in body
    assert "log removed" in body
    chinese = desk.browser("kim", "zh").get("/audit/").text
    assert "保留时间：3 年" in chinese
    assert "的 1 条日志已到期删除，删除前均经封印核验。" in chinese
    assert "清除到期日志" in chinese


def test_the_history_of_a_record_says_that_entries_went(desk: Desk) -> None:
    old, new = trimmed(desk)
    browser = desk.browser()
    assert "were removed when their time was over." in (
        browser.get(f"/member/{old}?tab=history").text
    )
    assert "were removed" not in browser.get(f"/member/{new}?tab=history").text
    assert "的记录已到期删除。" in desk.browser("kim", "zh").get(f"/member/{old}?tab=history").text


def test_whoever_reads_the_log_finds_the_job_and_may_start_it(desk: Desk) -> None:
    browser = desk.browser()
    assert "Remove old entries of the log" in browser.get("/jobs/").text
    page = browser.get("/jobs/trim_log")
    assert "The log is kept: 3 years" in page.text
    assert "The back office itself" in page.text
    answer = browser.send(page, "/jobs/trim_log")
    assert answer.status_code == 303
    run = browser.get(answer.headers["Location"])
    assert (run.status_code, "Remove old entries of the log" in run.text) == (200, True)
    assert desk.browser("ron").get("/jobs/trim_log").status_code == 404
    assert "清除到期的操作日志" in desk.browser("kim", "zh").get("/jobs/trim_log").text


def test_there_is_no_such_job_where_the_log_is_kept_for_ever(desk: Desk) -> None:
    desk.runtime.audit_keep = Keep()
    browser = desk.browser()
    assert "Kept: for ever" in browser.get("/audit/").text
    assert "trim_log" not in browser.get("/audit/").text
    assert browser.get("/jobs/trim_log").status_code == 404


ACCESS = """
access: desk
grants:
  keeper:
    "*": all
    member: [all, approve]
  reader: {member: [list, read, approve], trial: {allow: view}}
sensitive:
  name: {entities: member, actions: update, fields: [name], ask: approve}
"""
TRIAL = """
entity: trial
label: {en: Trial, zh: 试验}
title: "{code}"
fields: {code: {type: text, required: true, label: {en: Code, zh: 编号}}}
"""
FLOW = """
entity: trial
workflows:
  course:
    label: {en: Course, zh: 进程}
    field: status
    initial: a
    states:
      a: {en: First, zh: 甲}
      b: {label: {en: Over, zh: 结束}, final: true}
    transitions:
      made: {label: {en: End, zh: 结束}, from: a, to: b, roles: any, not_actor: created_by}
      last: {label: {en: Last, zh: 复核}, from: a, to: b, roles: any, not_actor: last_editor}
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_who_wrote_a_record_stands_in_it_when_the_log_has_forgotten_it(
    kind: str, tmp_path: Path
) -> None:
    files = {"trial__entity": TRIAL, "trial__workflow": FLOW}
    desk = open_desk_with(kind, tmp_path, ACCESS, **files)
    engine = desk.runtime.engine
    other = create_user(engine, "lea", PASSWORD, ["keeper"], email="l@x.example")
    there = long_ago(desk)
    today = there.now
    there.on("2020-03-01")
    member = desk.make("member", code="OLD", name="Of Old")
    trial = desk.make("trial", code="T")
    there.seal()
    there.now = today
    assert there.trim() == "succeeded"
    kim, lea = program(desk, desk.people["kim"]), program(desk, other)
    asked = lea.patch(f"/api/v1/member/{member}", json={"name": "New"}, headers={"If-Match": '"1"'})
    waits = asked.json["data"]["id"]
    decision = f"/api/v1/security/approvals/{waits}"
    assert kim.post(decision, json={"decision": "approve"}).status_code == 403
    for step in ("made", "last"):
        done = kim.post(f"/api/v1/trial/{trial}/transitions/course/{step}")
        assert "SAME_PERSON" in done.text
    assert lea.post(f"/api/v1/trial/{trial}/transitions/course/made").status_code == 200
    engine.dispose()


def program(desk: Desk, number: int) -> FlaskClient:
    client = desk.app.test_client()
    gate = desk.app.extensions["shopwright"].gate
    found = gate.principals.current(number)
    issued = gate.jwt.issue(found.actor.id, found.fingerprint, "access")
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {issued}"
    return client
