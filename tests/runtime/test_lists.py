"""Lists: filters, order, pages, search, counts, includes — and refusals of what means nothing."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.errors import BadRequest, RequestError
from runtime.messages import Actor, Result
from tests.shop import Shop, person

NAMES = ["Ann", "ann", "Bo_b", "100%", "王芳", "李伟", "O'Neil", 'Q"uote', "Zoë", "back\\slash"]


@pytest.fixture
def people(shop: Shop) -> Shop:
    for number, name in enumerate(NAMES):
        values = {"code": f"C{number:02}", "name": name, "vip": number % 3 == 0}
        shop.done("create", "customer", values)
    return shop


def codes(shop: Shop, **query: str) -> list[str]:
    return [row["code"] for row in shop.rows(shop.done("list", "customer", query=query))]


def test_what_the_system_made_is_found_by_the_number_it_is_shown_with(people: Shop) -> None:
    made = {"code": "S", "name": "Seed"}
    people.done("create", "customer", made, actor=person("clerk", number=0))
    shown = people.rows(people.done("list", "customer", query={"code": "S"}))[0]["created_by"]
    assert shown == 0
    assert codes(people, created_by="0") == ["S"]
    assert codes(people, **{"created_by[in]": "0,1", "code": "S"}) == ["S"]
    refusal = people.refused("list", "customer", query={"created_by": "-1"})
    assert refusal.message.text("en") == "Send the number of a user."
    assert refusal.message.text("zh") == "请选择用户。"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"code": "C03"}, ["C03"]),
        ({"code[ne]": "C03", "vip": "true"}, ["C00", "C06", "C09"]),
        ({"code[in]": "C01,C04,C99"}, ["C01", "C04"]),
        ({"code[not_in]": "C00,C01,C02,C03,C04,C05,C06,C07"}, ["C08", "C09"]),
        ({"name[contains]": "ANN"}, ["C00", "C01"]),
        ({"name[contains]": "_"}, ["C02"]),
        ({"name[contains]": "%"}, ["C03"]),
        ({"name[contains]": "\\"}, ["C09"]),
        ({"name[contains]": "'"}, ["C06"]),
        ({"name[starts_with]": "李"}, ["C05"]),
        ({"name[empty]": "true"}, []),
        ({"q": "芳"}, ["C04"]),
        ({"q": '"'}, ["C07"]),
    ],
)
def test_a_filter_finds_what_it_says(
    people: Shop, query: dict[str, str], expected: list[str]
) -> None:
    assert codes(people, sort="code", **query) == expected


@pytest.mark.parametrize(
    "query",
    [
        {"nothing": "x"},
        {"name[like]": "x"},
        {"vip": "perhaps"},
        {"vip[gt]": "true"},
        {"name[empty]": "maybe"},
        {"name[contains]": ""},
        {"sort": "nothing"},
        {"sort": "-"},
        {"fields": "nothing"},
        {"fields": "name.first"},
        {"include": "nothing"},
        {"limit": "0"},
        {"limit": "201"},
        {"limit": "ten"},
        {"limit": "１０"},
        {"after": "not-a-cursor"},
        {"after": "bnVsbA"},
        {"view": "nothing"},
        {"count": "maybe"},
        {"archived": "yes"},
        {"q": "x" * 201},
        {"q": "\x00"},
        {"created_at[gte]": "yesterday"},
        {"version": "1.5"},
    ],
)
def test_what_means_nothing_is_refused_and_never_ignored(
    people: Shop, query: dict[str, str]
) -> None:
    refusal = people.refused("list", "customer", query=query)
    assert isinstance(refusal, BadRequest)
    assert refusal.errors


def pages(shop: Shop, way: str = "after", **query: str) -> list[list[str]]:
    """Read every page of a list by its cursors."""
    found, cursor = [], ""
    for _ in range(50):
        result = shop.done("list", "customer", query={**query, **({way: cursor} if cursor else {})})
        found.append([row["code"] for row in shop.rows(result)])
        cursor = result.next_cursor if way == "after" else result.previous_cursor
        if not cursor:
            return found
    raise AssertionError("the pages never end")


@pytest.mark.parametrize("sort", ["code", "-code", "vip,-code", "-vip", "name", "created_at", "id"])
@pytest.mark.parametrize("limit", ["1", "3", "10", "200"])
def test_pages_hold_every_record_once_in_order(people: Shop, sort: str, limit: str) -> None:
    whole = codes(people, sort=sort, limit="200")
    found = pages(people, sort=sort, limit=limit)
    assert [code for page in found for code in page] == whole


def test_the_page_before_is_the_page_one_came_from(people: Shop) -> None:
    first = people.done("list", "customer", query={"sort": "code", "limit": "4"})
    second = people.done(
        "list", "customer", query={"sort": "code", "limit": "4", "after": first.next_cursor}
    )
    back = people.done(
        "list", "customer", query={"sort": "code", "limit": "4", "before": second.previous_cursor}
    )
    assert people.rows(back) == people.rows(first)
    assert back.previous_cursor == ""


def test_a_cursor_of_another_order_is_refused(people: Shop) -> None:
    first = people.done("list", "customer", query={"sort": "code", "limit": "4"})
    query = {"sort": "name", "limit": "4", "after": first.next_cursor}
    assert isinstance(people.refused("list", "customer", query=query), BadRequest)


def test_a_cursor_is_its_readers_and_their_questions_alone(people: Shop) -> None:
    asked = {"sort": "code", "limit": "4", "vip": "true"}
    made = people.done("list", "customer", query={**asked, "limit": "1"}).next_cursor
    inner, _, mark = made.rpartition(".")
    others = [
        Actor(99, "other", people.actor.roles),
        replace(people.actor, real_id=5, real_name="who looks through these eyes"),
    ]
    for one in others:
        query = {**asked, "after": made}
        assert isinstance(people.refused("list", "customer", query=query, actor=one), BadRequest)
    forged = [
        inner,
        f"{inner}.",
        f"{inner}.{'0' * len(mark)}",
        *(f"{written(body)}.{mark}" for body in ([], {}, [[]], 1, None, ["code,id", 1, 2])),
        *(written(body) for body in ([], {}, [[]], 1, None, ["code,id", 1, 2])),
    ]
    for text in forged:
        query = {**asked, "after": text}
        assert isinstance(people.refused("list", "customer", query=query), BadRequest)
    for other in ({**asked, "vip": "false"}, {**asked, "q": "a"}, {**asked, "archived": "all"}):
        query = {**other, "after": made}
        assert isinstance(people.refused("list", "customer", query=query), BadRequest)
    people.done("list", "customer", query={**asked, "fields": "code", "after": made})


def written(body: object) -> str:
    """Return a cursor as somebody makes it who knows its form."""
    return base64.urlsafe_b64encode(json.dumps(body).encode()).decode().rstrip("=")


def test_a_count_is_made_only_when_it_is_asked_for(people: Shop) -> None:
    assert people.done("list", "customer").total is None
    counted = people.done("list", "customer", query={"count": "capped", "vip": "true"})
    assert (counted.total, counted.total_is_exact) == (4, True)
    assert people.done("list", "customer", query={"count": "exact"}).total == len(NAMES)


@pytest.fixture
def orders(shop: Shop) -> Shop:
    """Return a shop with orders of two buyers and of nobody."""
    buyers = [
        shop.row(shop.done("create", "customer", {"code": code, "name": name}))["id"]
        for code, name in (("A", "Ann"), ("B", "Bob"))
    ]
    for number in range(6):
        values: dict[str, Any] = {
            "lines": [{"item": f"I{number}", "quantity": number + 1, "price": "1.10"}],
            "status": "paid" if number % 2 else "draft",
        }
        if number < 4:
            values["customer"] = buyers[number % 2]
        shop.done("create", "order", values)
    return shop


def names(shop: Shop, **query: str) -> list[str | None]:
    result = shop.done("list", "order", query={"fields": "number,customer.name,total", **query})
    return [row["customer"]["name"] if row["customer"] else None for row in shop.rows(result)]


def test_a_record_without_a_reference_stays_in_a_list_sorted_by_it(orders: Shop) -> None:
    assert names(orders, sort="customer.name") == ["Ann", "Ann", "Bob", "Bob", None, None]
    assert names(orders, sort="-customer.name") == [None, None, "Bob", "Bob", "Ann", "Ann"]


@pytest.mark.parametrize("sort", ["customer.name", "-customer.name,total", "customer,-total"])
def test_pages_over_a_reference_with_nulls_are_whole(orders: Shop, sort: str) -> None:
    whole = [
        row["id"]
        for row in orders.rows(orders.done("list", "order", query={"sort": sort, "limit": "50"}))
    ]
    found, cursor = [], ""
    while True:
        query = {"sort": sort, "limit": "2", **({"after": cursor} if cursor else {})}
        result = orders.done("list", "order", query=query)
        found += [row["id"] for row in orders.rows(result)]
        cursor = result.next_cursor
        if not cursor:
            break
    assert found == whole


def test_a_filter_looks_behind_a_reference(orders: Shop) -> None:
    assert set(names(orders, **{"customer.name[contains]": "an"})) == {"Ann"}
    assert set(names(orders, **{"customer[empty]": "true"})) == {None}


def test_amounts_are_filtered_exactly(orders: Shop) -> None:
    query = {"total[gte]": "3.30", "total[lt]": "5.50", "sort": "total"}
    found = orders.rows(orders.done("list", "order", query=query))
    assert [row["total"] for row in found] == ["3.30", "4.40"]
    between = orders.done("list", "order", query={"total[between]": "1.10,2.20"})
    assert len(between.rows) == 2


def test_a_saved_view_shows_what_its_condition_says(orders: Shop) -> None:
    found = orders.rows(orders.done("list", "order", query={"view": "paid"}))
    assert {row["status"] for row in found} == {"paid"}
    assert len(found) == 3


def test_children_and_references_are_included_on_request(orders: Shop) -> None:
    query = {"include": "lines,customer", "sort": "total", "limit": "2"}
    for row in orders.rows(orders.done("list", "order", query=query)):
        assert [line["item"] for line in row["lines"]]
        assert row["customer"]["code"] in {"A", "B"}


def test_only_what_is_asked_for_is_answered(orders: Shop) -> None:
    (row, *_) = orders.rows(orders.done("list", "order", query={"fields": "number"}))
    assert set(row) == {"id", "version", "number"}


@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    query=st.dictionaries(
        st.one_of(
            st.sampled_from(["name", "code[in]", "vip", "sort", "fields", "after", "q", "limit"]),
            st.text(max_size=12),
        ),
        st.text(max_size=30),
        max_size=4,
    )
)
def test_any_query_is_answered_or_refused(shop: Shop, query: dict[str, str]) -> None:
    assert isinstance(shop.ask("list", "customer", query=query), (Result, RequestError))
