"""What somebody uses a right of weight for the first time is told to who reads the log, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from runtime import alarms
from runtime.store.engine import read
from tests.web.desk import Desk, open_desk_with
from tests.web.test_imports import GUEST, MAP, imported, tried
from tests.web.test_trail import program

ACCESS = """
access: desk
grants:
  keeper:
    "*": all
  reader:
    guest: all
    member:
      - {allow: [list, read, history, export], fields: {masked: {email: email}}}
      - {allow: [create, update, import]}
      - {allow: reveal, fields: {read: [email]}}
"""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    more = {"club__importmap": MAP, "guest__entity": GUEST}
    opened = open_desk_with(request.param, tmp_path, ACCESS, **more)
    yield opened
    opened.runtime.engine.dispose()


def told(desk: Desk) -> list[tuple[int, str, str]]:
    notice = desk.runtime.system.notification.c
    asked = sa.select(notice.user_id, notice.actor_name, notice.params)
    asked = asked.where(notice.kind == "first_use").order_by(notice.created_at)
    with read(desk.runtime.engine) as connection:
        rows = connection.execute(asked).all()
    return [(row.user_id, row.actor_name, row.params["action"]) for row in rows]


def test_the_first_look_behind_a_mask_and_the_first_export_are_told_and_no_other(
    desk: Desk,
) -> None:
    kim, ron = desk.people["kim"], program(desk, "ron")
    record = desk.make("member", code="B1", name="Rea", email="rea@x.example")
    body = {"field": "email", "reason": "a call back"}
    for _ in range(2):
        assert ron.post(f"/api/v1/member/{record}/reveal", json=body).status_code == 200
    assert told(desk) == [(kim, "ron", "reveal")]
    desk.runtime.used.clear()  # another process, or this one after a restart
    for _ in range(2):
        assert ron.get("/api/v1/member/export").status_code == 200
    assert ron.post(f"/api/v1/member/{record}/reveal", json=body).status_code == 200
    assert told(desk) == [(kim, "ron", "reveal"), (kim, "ron", "export")]
    page = desk.browser().get("/me/notifications").text
    assert "Ron uses a right for the first time: export" in page


def test_what_is_refused_is_no_use_and_ordinary_work_is_not_told(desk: Desk) -> None:
    ron = program(desk, "ron")
    record = desk.make("member", code="B1", name="Rea", email="rea@x.example")
    body = {"field": "name", "reason": "a call back"}
    assert ron.post(f"/api/v1/member/{record}/reveal", json=body).status_code == 400
    changed = ron.patch(
        f"/api/v1/member/{record}", json={"name": "New"}, headers={"If-Match": '"1"'}
    )
    assert changed.status_code == 200
    assert told(desk) == []


def test_an_import_is_told_when_it_is_carried_out_and_not_when_it_is_tried(desk: Desk) -> None:
    browser = desk.browser("ron")
    run = tried(browser, "Code,Name\nB9,Bo\n")
    assert told(desk) == []
    imported(desk, browser, run)
    assert told(desk) == [(desk.people["kim"], "ron", "import")]


def test_what_was_done_is_done_although_it_could_not_be_told_and_is_told_the_next_time(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ron, asked = program(desk, "ron"), []
    record = desk.make("member", code="B1", name="Rea", email="rea@x.example")
    body = {"field": "email", "reason": "a call back"}

    def fail(*given: Any, **named: Any) -> None:
        asked.append(given)
        raise sa.exc.OperationalError("insert", {}, Exception("full"))

    with monkeypatch.context() as there:
        there.setattr(alarms, "notify", fail)
        assert ron.post(f"/api/v1/member/{record}/reveal", json=body).status_code == 200
    assert len(asked) == 1
    assert told(desk) == []
    assert ron.post(f"/api/v1/member/{record}/reveal", json=body).status_code == 200
    assert told(desk) == [(desk.people["kim"], "ron", "reveal")]


def test_a_first_use_is_still_known_when_sessions_of_that_time_are_long_forgotten(
    desk: Desk,
) -> None:
    ron, clock = program(desk, "ron"), desk.runtime.clock
    record = desk.make("member", code="B1", name="Rea", email="rea@x.example")
    body = {"field": "email", "reason": "a call back"}
    assert ron.post(f"/api/v1/member/{record}/reveal", json=body).status_code == 200
    desk.runtime.clock = lambda: clock() + timedelta(days=400)
    ron = program(desk, "ron")
    # what else is kept of a person sweeps away what is old
    assert ron.get("/api/v1/member/export").status_code == 200
    desk.runtime.used.clear()
    assert ron.post(f"/api/v1/member/{record}/reveal", json=body).status_code == 200
    assert [action for _, _, action in told(desk)] == ["reveal", "export"]
