"""Every way a transition is refused, over REST by its code and on the screens in words.

One row a code of the error table; a record that is busy is held by another connection. A second
request under a key that is still being worked on waits for the first and is answered alike, so
nobody is ever told that it is in progress.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa

from tests.web.desk import Desk, open_desk_with

TRIAL = """
entity: trial
label: {en: Trial, zh: 试验}
title: "{code}"
fields:
  code: {type: text, required: true, label: {en: Code, zh: 编号}}
  n: {type: integer, default: 1, label: {en: Number, zh: 数}}
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
      b: {en: Second, zh: 乙}
      left: {en: Left, zh: 左}
      right: {en: Right, zh: 右}
      end: {label: {en: Over, zh: 结束}, final: true}
    transitions:
      go: {label: {en: Go, zh: 前进}, from: a, to: b, roles: any}
      over: {label: {en: End, zh: 结束}, from: [a, b, left, right], to: end, roles: any}
      clock: {from: a, to: b, trigger: timer, timer: {after: P9D}}
      theirs: {label: {en: Theirs, zh: 别人的}, from: a, to: b, roles: reader}
      second: {label: {en: Second, zh: 复核}, from: a, to: b, roles: any, not_actor: created_by}
      ask:
        label: {en: Ask, zh: 提问}
        from: a
        to: b
        roles: any
        input: {why: {type: text, required: true, label: {en: Why, zh: 原因}}}
      sure: {label: {en: Sure, zh: 确定}, from: a, to: b, roles: any, confirm: type_value}
      guarded:
        label: {en: Guarded, zh: 有条件}
        from: a
        to: b
        roles: any
        guard: [{if: "n > 5", code: SMALL, message: {en: It is too small., zh: 数值太小。}}]
      stopped:
        label: {en: Stopped, zh: 被拦}
        from: a
        to: b
        roles: any
        before: [{refuse: "n == 1", code: ONE, message: {en: One is none., zh: 一等于无。}}]
      spin: {label: {en: Spin, zh: 打转}, from: a, to: left, roles: any}
      swing: {from: left, to: right, trigger: auto, guard: [{if: "n < 90"}], do: {set: {n: n + 1}}}
      back: {from: right, to: left, trigger: auto}
      burst:
        {label: {en: Burst, zh: 爆开}, from: a, to: b, roles: any, do: {set: {n: n * n * n * n}}}
"""
ACCESS = """
access: desk
grants:
  keeper:
    "*": all
  reader:
    member: {allow: view}
    trial: {allow: view}
"""
NOBODY = "00000000-0000-7000-8000-000000000000"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    files = {"trial__entity": TRIAL, "trial__workflow": FLOW}
    opened = open_desk_with("sqlite", tmp_path_factory.mktemp("refusals"), ACCESS, **files)
    yield opened
    opened.runtime.engine.dispose()


@dataclass(frozen=True)
class Case:
    """A refusal: what leads to it, its code over REST, its words on the screens."""

    code: str
    step: str
    status: int
    screen: int
    words: str
    chinese: str
    values: dict[str, Any] = field(default_factory=dict)
    version: int = 0
    keyed: bool = False
    """The key was used for another step before."""
    arrange: Callable[[Desk, str], None] | None = None
    missing: bool = False


def moved(desk: Desk, record: str) -> None:
    token = bearer(desk)
    done = desk.app.test_client().post(address(record, "go"), headers=token)
    assert done.status_code == 200, done.text


def lost(desk: Desk, record: str) -> None:
    """Let somebody write a state past the engine."""
    table = desk.runtime.schema.tables["trial"]
    with desk.runtime.engine.begin() as connection:
        connection.execute(sa.update(table).where(table.c.id == record).values(status="nowhere"))


CASES = (
    Case("unknown_transition", "fly", 404, 404, "", ""),
    Case("R404", "go", 404, 404, "", "", missing=True),
    Case("wrong_trigger", "clock", 403, 403, "not", "不"),
    Case("forbidden", "theirs", 403, 303, "None of your roles may do this.", "您的角色无权"),
    Case("same_person", "second", 403, 303, "Somebody else has to do this", "须由他人完成"),
    Case("invalid_input", "ask", 422, 422, "required", "必填"),
    Case("confirmation_required", "sure", 428, 428, "Type: ", "请输入", version=1),
    Case("not_in_from_state", "go", 409, 303, "You changed this", "您", arrange=moved),
    Case("guard_blocked", "guarded", 409, 303, "It is too small.", "数值太小。"),
    Case("vetoed", "stopped", 409, 303, "One is none.", "一等于无。"),
    Case("version_conflict", "go", 409, 303, "You changed this", "您", version=9),
    Case("idempotency_key_reused", "over", 422, 422, "key", "", keyed=True),
    Case("unknown_stored_state", "go", 500, 500, "", "", arrange=lost),
    Case("auto_loop", "spin", 500, 500, "do not come to an end", "无法结束"),
    Case("effect_failed", "burst", 500, 500, "failed", "失败", values={"n": 10**12}),
)


def bearer(desk: Desk) -> dict[str, str]:
    gate = desk.app.extensions["shopwright"].gate
    found = gate.principals.current(desk.people["kim"])
    token = gate.jwt.issue(found.actor.id, found.fingerprint, "access")
    return {"Authorization": f"Bearer {token}"}


def address(record: str, step: str) -> str:
    return f"/api/v1/trial/{record}/transitions/course/{step}"


def stored(desk: Desk, record: str) -> Any:
    table = desk.runtime.schema.tables["trial"]
    with desk.runtime.engine.connect() as connection:
        return connection.execute(sa.select(table).where(table.c.id == record)).first()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.code)
def test_a_refusal_has_its_code_over_rest_and_its_words_on_the_screens(
    desk: Desk, case: Case
) -> None:
    record = NOBODY if case.missing else desk.make("trial", code="T", **case.values)
    if case.arrange is not None:
        case.arrange(desk, record)
    headers = bearer(desk)
    if case.version:
        headers["If-Match"] = f'"{case.version}"'
    if case.keyed:
        headers["Idempotency-Key"] = f"key-{record}"
        desk.app.test_client().post(address(record, "go"), headers=headers)
    before = stored(desk, record)
    answer = desk.app.test_client().post(address(record, case.step), headers=headers)
    assert (answer.status_code, answer.json["code"]) == (case.status, case.code)
    if case.status == 500:
        assert answer.json["incident"]
    for locale, words in (("en", case.words), ("zh", case.chinese)):
        browser = desk.browser(locale=locale)
        page = browser.get("/preferences")
        key = f"page-{record}-{locale}"
        sent = {"_version": str(case.version or ""), "_key": key}
        if case.keyed:
            browser.send(page, f"/trial/{record}/do/course/sure", **sent)
            sent["_key"] = f"key-{record}"
        seen = browser.send(page, f"/trial/{record}/do/course/{case.step}", **sent)
        assert seen.status_code == case.screen, seen.text
        told = browser.get(seen.location).text if case.screen == 303 else seen.text
        assert words in told
    assert stored(desk, record) == before, "nothing changed"


def test_a_record_that_somebody_holds_is_busy_at_both_doors(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    files = {"trial__entity": TRIAL, "trial__workflow": FLOW}
    held = open_desk_with("postgresql", tmp_path_factory.mktemp("held"), ACCESS, **files)
    record = held.make("trial", code="T")
    table = held.runtime.schema.tables["trial"]
    browser = held.browser()
    page = browser.get(f"/trial/{record}")
    with held.runtime.engine.begin() as other:
        other.execute(sa.select(table).where(table.c.id == record).with_for_update())
        answer = held.app.test_client().post(address(record, "go"), headers=bearer(held))
        assert (answer.status_code, answer.json["code"]) == (409, "busy")
        assert int(answer.headers["Retry-After"]) > 0
        seen = browser.send(page, f"/trial/{record}/do/course/go", _version="1")
        assert seen.status_code == 303
    again = held.app.test_client().post(address(record, "go"), headers=bearer(held))
    assert again.json["data"]["status"] == "b"
    held.runtime.engine.dispose()
