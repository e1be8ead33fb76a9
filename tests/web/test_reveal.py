"""A masked cell is shown to somebody whose line says so, for a reason, and the log tells it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from runtime.alarms import MOST_REVEALED
from runtime.operations.reveal import AN_HOUR
from runtime.web.users import create_user
from tests.web.desk import PASSWORD, Desk, open_desk_with
from tests.web.test_trail import Log, program

ACCESS = """
access: desk
grants:
  keeper:
    "*": all
  reader:
    member:
      - {allow: [list, read, history], fields: {masked: {email: email}, hidden: [home]}}
      - {allow: reveal, rows: "active", fields: {read: [email]}}
"""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    opened = open_desk_with(request.param, tmp_path_factory.mktemp("reveal"), ACCESS)
    yield opened
    opened.runtime.engine.dispose()


_numbers = iter(range(1000))


def member(desk: Desk, *, active: bool = True) -> str:
    code = f"R{next(_numbers)}"
    return desk.make("member", code=code, name="Rea", email="rea@x.example", active=active)


def reveal(client: FlaskClient, record: str, field: str = "email", reason: str = "a call back"):
    body = {"field": field, "reason": reason}
    return client.post(f"/api/v1/member/{record}/reveal", json=body)


def test_the_value_is_in_the_answer_and_only_the_fact_is_in_the_log(desk: Desk) -> None:
    record, ron = member(desk), program(desk, "ron")
    assert "rea@x.example" not in ron.get(f"/api/v1/member/{record}").text
    log = Log(desk)
    answer = reveal(ron, record)
    assert answer.json["data"] == {"field": "email", "value": "rea@x.example"}
    assert answer.headers["Cache-Control"] == "no-store"
    (row,) = log.rows()
    assert (row["operation"], row["record_id"], row["actor_name"]) == ("reveal", record, "ron")
    assert (row["after"], row["reason"]) == ({"field": "email"}, "a call back")
    told = ron.get(f"/api/v1/member/{record}/history")
    assert "reveal" in told.text
    assert "rea@x.example" not in told.text


@pytest.mark.parametrize(
    ("field", "reason", "status"),
    [("email", "", 422), ("email", "x", 422), ("home", "a reason", 400), ("name", "a reason", 400),
     ("nothing", "a reason", 400)],
)  # fmt: skip
def test_without_a_reason_or_for_what_is_not_masked_nothing_is_shown(
    desk: Desk, field: str, reason: str, status: int
) -> None:
    answer = reveal(program(desk, "ron"), member(desk), field, reason)
    assert answer.status_code == status
    assert "rea@x.example" not in answer.text


def test_a_record_outside_the_line_keeps_its_mask_and_all_does_not_include_it(
    desk: Desk,
) -> None:
    assert reveal(program(desk, "ron"), member(desk, active=False)).status_code in (403, 404)
    assert reveal(program(desk, "kim"), member(desk)).status_code == 403


def test_one_person_sees_only_so_many_an_hour(desk: Desk) -> None:
    engine, record = desk.runtime.engine, member(desk)
    desk.people["uwe"] = create_user(engine, "uwe", PASSWORD, ["reader"], email="u@x.example")
    uwe = program(desk, "uwe")
    answers = [reveal(uwe, record).status_code for _ in range(AN_HOUR + 1)]
    assert answers == [200] * AN_HOUR + [429]
    assert reveal(program(desk, "ron"), record).status_code == 200


def test_who_administers_is_told_of_somebody_who_looks_at_many(desk: Desk) -> None:
    engine, record = desk.runtime.engine, member(desk)
    desk.people["una"] = create_user(engine, "una", PASSWORD, ["reader"], email="una@x.example")
    una, browser = program(desk, "una"), desk.browser()
    words = "una looks at many masked values"
    for _ in range(MOST_REVEALED):
        assert reveal(una, record).status_code == 200
    assert words not in browser.get("/me/notifications").text
    for _ in range(3):
        assert reveal(una, record).status_code == 200
    page = browser.get("/me/notifications").text
    assert page.count(words) == 1
    assert "rea@x.example" not in page
    assert words not in desk.browser("ron").get("/me/notifications").text


def test_on_screen_a_page_asks_which_and_why(desk: Desk) -> None:
    record, browser = member(desk), desk.browser("ron")
    address = f"/member/{record}/reveal"
    assert address in browser.get(f"/member/{record}").text
    page = browser.get(address)
    assert "rea@x.example" not in page.text
    assert browser.send(page, address, field="email", reason="").status_code == 422
    shown = browser.send(page, address, field="email", reason="a call back")
    assert "rea@x.example" in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    assert desk.browser().get(address).status_code == 403


def test_a_masked_value_has_a_button_of_its_own_that_a_drawer_answers(desk: Desk) -> None:
    record, browser = member(desk), desk.browser("ron")
    address = f"/member/{record}/reveal?field=email"
    assert f'href="{address}" data-reveal' in browser.get(f"/member/{record}").text
    assert "data-reveal" not in desk.browser().get(f"/member/{record}").text
    page = browser.get(f"{address}&_drawer=1")
    assert "<html" not in page.text
    refused = browser.send(page, address, field="email", reason="")
    assert (refused.status_code, "<html" in refused.text) == (422, False)
    shown = browser.send(page, address, field="email", reason="a call back")
    assert shown.json == {"label": "E-mail", "value": "rea@x.example"}
    assert shown.headers["Cache-Control"] == "no-store"
