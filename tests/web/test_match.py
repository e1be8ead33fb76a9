"""Somebody who sees a value masked finds its record by the whole value, where a line gives `match`.

The record stays masked, each look-up is counted and logged by a mark of what was asked, and nothing
else is learnt: no part, no order, no group, no saved view, no file, no bulk change.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from runtime.operations._looking import AN_HOUR
from runtime.web.users import create_user
from tests.web.desk import DESK, PASSWORD, Desk, open_desk_with
from tests.web.test_trail import Log, program

ACCESS = """
access: desk
grants:
  keeper:
    "*": all
  reader:
    member:
      - allow: [list, read, history, aggregate, bulk, update, export, share]
        fields: {masked: {email: email, phone: phone, active: full}, hidden: [home]}
      - {allow: match, rows: "code != 'FAR'", fields: {read: [email, phone, active]}}
  helper:
    member:
      - allow: [list, read, match]
        fields: {masked: {email: email, phone: phone}}
        limits: {match: 3}
  clerk:
    member:
      - {allow: [list, read], fields: {masked: {email: email, phone: phone}}}
  friend:
    member: {allow: list, rows: "code == 'TOM'"}
  caller:
    member: {allow: match, rows: "code == 'REA'", fields: {read: [phone]}}
"""
PHONE = "+8613812345678"
NEW = ("helper", "clerk", "friend", "caller")
PEOPLE = {"helper": ["helper"], "clerk": ["clerk"], "several": ["clerk", "friend", "caller"]}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    (entity,) = DESK.rglob("member.entity.yaml")
    (roles,) = DESK.rglob("roles.yaml")
    text = entity.read_text("utf-8")
    text = text.replace("  home:", "  phone: {type: phone, region: CN, class: personal}\n  home:")
    text = text.replace("search: [name, code]", "search: [name, code, phone, email]")
    text = text.replace("filters: [active, name]", "filters: [active, name, phone, email]")
    people = roles.read_text("utf-8").rstrip() + "\n"
    people = people.replace(
        "roles:\n", "roles:\n" + "".join(f"  {one}: {{label: A}}\n" for one in NEW)
    )
    opened = open_desk_with(
        request.param,
        tmp_path_factory.mktemp("match"),
        ACCESS,
        member__entity=text,
        roles=people,
    )
    for code, phone in (("REA", PHONE), ("TOM", "+8613987654321"), ("FAR", "+8613711112222")):
        opened.make(
            "member", code=code, name=f"Name {code}", email=f"{code}@x.example", phone=phone
        )
    for name, roles_held in PEOPLE.items():
        email = f"{name}@x.example"
        made = create_user(opened.runtime.engine, name, PASSWORD, roles_held, email=email)
        opened.people[name] = made
    yield opened
    opened.runtime.engine.dispose()


def find(desk: Desk, query: str, who: str = "ron") -> Any:
    return program(desk, who).get(f"/api/v1/member?{query}")


def codes(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [row["code"] for row in answer.json["data"]]


def typed(text: str) -> str:
    return f"phone={quote(text)}"


@pytest.mark.parametrize("text", [PHONE, "13812345678", "138 1234 5678", "+86 138-1234-5678"])
def test_the_whole_number_finds_its_record_masked_however_it_is_typed(
    desk: Desk, text: str
) -> None:
    answer = find(desk, typed(text))
    assert codes(answer) == ["REA"]
    assert answer.json["data"][0]["phone"] == {"v": "138****5678", "m": 1}
    assert "12345678" not in answer.text


def test_nobody_finds_anything_by_it_without_the_right(desk: Desk) -> None:
    answer = find(desk, typed(PHONE), "clerk")
    assert answer.status_code == 400
    assert answer.json["errors"][0]["code"] == "masked_field"
    assert codes(find(desk, f"q={quote(PHONE)}", "clerk")) == []


WRONG = (
    "phone[ne]=%2B8613812345678", "phone[in]=%2B8613812345678", "phone[starts_with]=%2B86138",
    "phone[contains]=1234", "phone[empty]=false", "phone~1=%2B8613812345678&name~1=x", "sort=phone",
    "phone=%2B8613812345678&match=any&name=x", "active=true", "home=x", "member.phone=1",
)  # fmt: skip


@pytest.mark.parametrize("query", WRONG)
def test_nothing_but_the_whole_value_is_compared(desk: Desk, query: str) -> None:
    log = Log(desk)
    assert find(desk, query).status_code == 400
    assert "match" not in log.operations()


def test_other_filters_go_together_with_it(desk: Desk) -> None:
    assert codes(find(desk, f"{typed(PHONE)}&name=Name+REA&sort=-code&count=exact")) == ["REA"]
    assert codes(find(desk, f"{typed(PHONE)}&name=Name+TOM")) == []
    assert codes(find(desk, f"{typed(PHONE)}&email=REA%40X.EXAMPLE")) == ["REA"]


def test_a_record_outside_the_line_is_not_found(desk: Desk) -> None:
    assert codes(find(desk, typed("13711112222"))) == []
    assert codes(find(desk, f"q={quote('13711112222')}")) == []
    assert codes(find(desk, typed("13711112222"), "kim")) == ["FAR"]


def test_several_roles_find_a_row_where_it_is_clear_or_where_one_of_them_looks_up(
    desk: Desk,
) -> None:
    found = {
        code: find(desk, f"phone={number}", "several").json["data"]
        for code, number in (("REA", 13812345678), ("TOM", 13987654321), ("FAR", 13711112222))
    }
    assert [row["phone"] for row in found["REA"]] == [{"v": "138****5678", "m": 1}]
    assert [row["phone"] for row in found["TOM"]] == ["+8613987654321"]
    assert found["FAR"] == []
    parts = find(desk, "phone[contains]=1", "several")
    assert codes(parts) == ["TOM"]


def test_the_log_says_who_asked_for_which_field_and_has_no_value(desk: Desk) -> None:
    log = Log(desk)
    find(desk, typed(PHONE))
    find(desk, typed("138 1234 5678"))
    find(desk, typed("13511111111"))
    rows = [row for row in log.rows() if row["operation"] == "match"]
    assert [row["after"]["rows"] for row in rows] == [1, 1, 0]
    marks = [row["after"]["sought"]["sealed"] for row in rows]
    assert marks[0] == marks[1] != marks[2]
    assert {(row["entity"], row["actor_name"], row["after"]["field"]) for row in rows} == {
        ("member", "ron", "phone")
    }
    assert "12345678" not in str(rows)


def test_who_sees_it_in_clear_looks_nothing_up(desk: Desk) -> None:
    log = Log(desk)
    assert codes(find(desk, typed(PHONE), "kim")) == ["REA"]
    assert "match" not in log.operations()


def test_one_person_looks_up_only_so_often_an_hour(desk: Desk) -> None:
    answers = [find(desk, typed(PHONE), "helper").status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]
    assert codes(find(desk, "name=Name+REA", "helper")) == ["REA"]
    page = desk.browser("helper").get(f"/member/?{typed(PHONE)}")
    assert page.status_code == 429
    assert "Name REA" not in page.text
    assert AN_HOUR == 60


def test_a_search_box_takes_a_whole_value_and_no_part(desk: Desk) -> None:
    log = Log(desk)
    assert codes(find(desk, f"q={quote('138 1234 5678')}")) == ["REA"]
    assert codes(find(desk, f"q={quote('tom@x.example')}")) == []
    assert codes(find(desk, f"q={quote('TOM@x.example')}")) == ["TOM"]
    assert log.operations() == ["match"] * 3
    assert codes(find(desk, "q=12345678")) == []
    assert codes(find(desk, "q=x.example")) == []
    assert log.operations() == ["match"] * 3


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/member/aggregate?{}&by=code",
        "/api/v1/member/export?{}",
        "/api/v1/member/export?q=x&{}",
    ],
)
def test_files_and_sums_ask_nothing_of_it(desk: Desk, address: str) -> None:
    answer = program(desk, "ron").get(address.format(typed(PHONE)))
    assert answer.status_code == 400, answer.text


def test_on_screen_the_filter_looks_it_up(desk: Desk) -> None:
    browser = desk.browser("ron")
    page = browser.get(f"/member/?{typed('138 1234 5678')}")
    assert page.status_code == 200
    assert "Name REA" in page.text
    assert "Name TOM" not in page.text
    assert 'name="phone"' in page.text
    assert 'name="phone[contains]"' not in page.text
    assert 'name="phone"' not in desk.browser("clerk").get("/member/").text
    assert desk.browser("clerk").get(f"/member/?{typed(PHONE)}").status_code == 400


def test_the_builder_offers_nothing_but_equality(desk: Desk) -> None:
    fields = desk.browser("ron").get("/member/filter-fields").json["fields"]
    offered = {one["path"]: [each["name"] for each in one["operators"]] for one in fields}
    assert offered["phone"] == ["eq"]
    assert "active" not in offered
    others = desk.browser("clerk").get("/member/filter-fields").json["fields"]
    assert "phone" not in {one["path"] for one in others}


def test_the_button_of_the_filter_does_not_count_beforehand(desk: Desk) -> None:
    log = Log(desk)
    told = desk.browser("ron").get(f"/member/count?{typed(PHONE)}").json
    assert told == {"text": "Look up", "fits": True}
    assert "match" not in log.operations()


@pytest.mark.parametrize("query", [typed(PHONE), f"q={quote(PHONE)}"])
def test_no_view_keeps_it(desk: Desk, query: str) -> None:
    browser, before = desk.browser("ron"), desk.count("sw_saved_view")
    page = browser.get("/member/")
    answer = browser.send(page, "/member/views", action="save", name="Rea", query=query)
    assert answer.status_code == 303
    assert desk.count("sw_saved_view") == before
    assert "no view keeps" in browser.get("/member/").text


def test_the_search_over_everything_finds_it_too(desk: Desk) -> None:
    page = desk.browser("ron").get(f"/search?q={quote('138 1234 5678')}")
    assert "Name REA" in page.text
    assert "12345678" not in page.text.replace("138 1234 5678", "")
    assert "Name REA" not in desk.browser("clerk").get(f"/search?q={quote(PHONE)}").text
    assert "Name REA" not in desk.browser("ron").get(f"/search/palette?q={quote(PHONE)}").text


def test_the_document_of_the_api_says_so_to_whom_it_concerns(desk: Desk) -> None:
    def named(who: str) -> set[str]:
        shape = program(desk, who).get("/api/v1/openapi.json").json
        return {
            one.get("name", "") for one in shape["paths"]["/api/v1/member"]["get"]["parameters"]
        }

    assert {"phone", "email"} <= named("ron")
    assert not {"phone", "email"} & named("clerk")
