"""Records over REST: made, read, listed, changed, put away and brought back."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.web.conftest import Shop

LINES = [{"item": "Shirt", "quantity": 2, "price": "10.50"}, {"item": "Cap", "price": "3"}]

NOBODY = "01930000-0000-7000-8000-00000000000a"


def customer(client: FlaskClient, name: str = "Li Wei") -> dict[str, Any]:
    made = client.post("/api/v1/customer", json={"code": uuid.uuid4().hex[:12], "name": name})
    assert made.status_code == 201, made.text
    return dict(made.json["data"])


def order(client: FlaskClient, **values: Any) -> TestResponse:
    return client.post("/api/v1/order", json={"lines": LINES, **values})


def test_a_record_is_created_with_its_children_and_answers_where_it_is(shop: Shop):
    client = shop.client("ann")
    buyer = customer(client)
    made = order(client, customer=buyer["id"])
    assert made.status_code == 201
    data = made.json["data"]
    assert made.headers["Location"] == f"/api/v1/order/{data['id']}"
    assert made.headers["ETag"] == '"1"'
    assert data["total"] == "24.00"
    assert [line["amount"] for line in data["lines"]] == ["21.00", "3.00"]
    assert client.get(made.headers["Location"]).json["data"]["number"] == data["number"]


def test_a_list_is_filtered_sorted_and_shows_what_lies_behind_a_reference(shop: Shop):
    client = shop.client("ann")
    buyer = customer(client, "Zhao 赵")
    numbers = [order(client, customer=buyer["id"]).json["data"]["number"] for _ in range(3)]
    found = client.get(
        "/api/v1/order",
        query_string={
            "customer": buyer["id"],
            "fields": "number,customer.name",
            "sort": "-number",
            "count": "capped",
        },
    )
    assert [row["number"] for row in found.json["data"]] == sorted(numbers, reverse=True)
    assert found.json["data"][0]["customer"] == {"id": buyer["id"], "name": "Zhao 赵"}
    assert found.json["page"]["total"] == 3
    assert found.json["page"]["total_is_exact"] is True


def test_pages_are_walked_by_the_links_in_both_directions(shop: Shop):
    client = shop.client("ann")
    buyer = customer(client)
    made = {order(client, customer=buyer["id"]).json["data"]["id"] for _ in range(5)}
    url = f"/api/v1/order?customer={buyer['id']}&limit=2&sort=number"
    seen, pages = [], 0
    answer = client.get(url)
    while True:
        seen += [row["id"] for row in answer.json["data"]]
        pages += 1
        link = answer.headers.get("Link", "")
        if 'rel="next"' not in link:
            break
        following = next(part for part in link.split(", ") if 'rel="next"' in part)
        answer = client.get(following[1 : following.index(">")])
    assert (set(seen), len(seen), pages) == (made, 5, 3)
    back = link[1 : link.index(">")]
    assert [row["id"] for row in client.get(back).json["data"]] == seen[2:4]


def test_a_link_to_the_next_page_keeps_the_query_and_cannot_be_broken_out_of(shop: Shop):
    client = shop.client("ann")
    for _ in range(2):
        customer(client, 'a">, <b')
    query = 'limit=1&name[contains]=%22%3E,%20%3Cb&after=&q=a">'
    answer = client.get("/api/v1/customer", environ_overrides={"QUERY_STRING": query})
    link = answer.headers["Link"]
    assert link.count(">") == link.count("<") == 1
    assert "name[contains]=%22%3E,%20%3Cb&q=a%22%3E&after=" in link


def test_children_are_included_under_their_name(shop: Shop):
    client = shop.client("ann")
    made = order(client).json["data"]
    found = client.get(f"/api/v1/order?ids={made['id']}&include=lines&fields=number")
    assert [line["item"] for line in found.json["data"][0]["lines"]] == ["Shirt", "Cap"]


def test_a_change_needs_the_version_that_was_read(shop: Shop):
    client = shop.client("ann")
    made = customer(client)
    url = f"/api/v1/customer/{made['id']}"
    without = client.patch(url, json={"vip": True})
    assert (without.status_code, without.json["code"]) == (428, "R428")
    changed = client.patch(url, json={"vip": True}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    assert changed.json["data"]["vip"] is True
    stale = client.patch(url, json={"vip": False}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.headers["ETag"]) == (412, '"2"')
    assert client.get(url).json["data"]["vip"] is True


@pytest.mark.parametrize("tag", ["1", 'W/"1"', "*", '"one"', '"1", "2"', '"99999999999"'])
def test_an_if_match_that_is_not_one_version_is_refused(shop: Shop, tag: str):
    client = shop.client("ann")
    url = f"/api/v1/customer/{customer(client)['id']}"
    answer = client.patch(url, json={"vip": True}, headers={"If-Match": tag})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (400, "If-Match")


def test_a_record_that_has_not_changed_is_not_sent_again(shop: Shop):
    client = shop.client("ann")
    made = customer(client)
    url = f"/api/v1/customer/{made['id']}"
    same = client.get(url, headers={"If-None-Match": '"1"'})
    assert (same.status_code, same.data) == (304, b"")
    assert client.get(url, headers={"If-None-Match": '"2"'}).status_code == 200


def test_a_record_with_values_of_another_is_always_sent_again(shop: Shop):
    client = shop.client("ann")
    made = order(client, customer=customer(client)["id"]).json["data"]
    url = f"/api/v1/order/{made['id']}?fields=number,customer.name"
    assert client.get(url, headers={"If-None-Match": '"1"'}).status_code == 200


def test_a_deleted_record_is_gone_from_lists_and_comes_back(shop: Shop):
    client = shop.client("ann")
    made = customer(client)
    url = f"/api/v1/customer/{made['id']}"
    assert client.delete(url).status_code == 428
    gone = client.delete(url, headers={"If-Match": '"1"'})
    assert (gone.status_code, gone.data) == (204, b"")
    assert client.get(f"/api/v1/customer?code={made['code']}").json["data"] == []
    back = client.post(f"{url}/restore")
    assert (back.status_code, back.json["data"]["archived_at"]) == (200, None)
    assert len(client.get(f"/api/v1/customer?code={made['code']}").json["data"]) == 1


def test_a_record_that_others_point_at_stays(shop: Shop):
    client = shop.client("ann")
    buyer = customer(client)
    order(client, customer=buyer["id"])
    answer = client.delete(f"/api/v1/customer/{buyer['id']}", headers={"If-Match": '"1"'})
    assert answer.status_code == 409
    assert answer.json["errors"][0]["code"] == "has_dependants"


def test_a_request_sent_twice_under_one_key_is_done_once(shop: Shop):
    client = shop.client("ann")
    key = {"Idempotency-Key": uuid.uuid4().hex}
    first = client.post("/api/v1/order", json={"lines": LINES}, headers=key)
    again = client.post("/api/v1/order", json={"lines": LINES}, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert again.headers["Idempotency-Replayed"] == "true"
    other = client.post("/api/v1/order", json={"lines": LINES[:1]}, headers=key)
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")


def test_wrong_values_are_named_by_field_in_the_callers_language(shop: Shop):
    client = shop.client("ann")
    values = {"lines": [{"item": "Shirt", "quantity": "many"}], "status": "lost", "total": "1"}
    answer = client.post("/api/v1/order", json=values, headers={"Accept-Language": "zh-CN,en;q=.5"})
    assert (answer.status_code, answer.json["title"]) == (422, "部分内容有误")
    found = {error["field"]: error["code"] for error in answer.json["errors"]}
    assert found["lines.0.price"] == "required"
    assert found["total"] == "read_only"
    assert {"lines.0.quantity", "status"} <= found.keys()
    assert answer.content_type == "application/problem+json"


def test_a_rule_of_the_definitions_is_told_by_its_own_code(shop: Shop):
    answer = order(shop.client("ann"), discount="100")
    assert answer.status_code == 422
    assert answer.json["errors"][0]["code"] == "NEGATIVE_TOTAL"


def test_what_a_caller_may_not_see_is_not_there_and_what_they_may_not_do_is_refused(shop: Shop):
    made = customer(shop.client("ann"))
    guest = shop.client("gus")
    assert guest.get("/api/v1/order").status_code == 404
    assert guest.get("/api/v1/nothing").json["detail"] == guest.get("/api/v1/order").json["detail"]
    assert guest.get(f"/api/v1/customer/{made['id']}").status_code == 200
    assert guest.post("/api/v1/customer", json={}).status_code == 403
    assert shop.client().get("/api/v1/order").status_code == 401


@pytest.mark.parametrize(
    "identifier", ["1", "../etc", "0193%00", "019a-not", "A" * 5000, NOBODY.upper()]
)
def test_an_id_that_cannot_exist_is_not_found(shop: Shop, identifier: str):
    assert shop.client("ann").get(f"/api/v1/customer/{identifier}").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "customer", "GET, HEAD, POST"),
        ("DELETE", "customer", "GET, HEAD, POST"),
        ("POST", f"customer/{NOBODY}", "DELETE, GET, HEAD, PATCH"),
        ("GET", f"customer/{NOBODY}/restore", "POST"),
    ],
)
def test_a_method_that_is_not_offered_names_those_that_are(
    shop: Shop, method: str, path: str, allowed: str
):
    answer = shop.client("ann").open(f"/api/v1/{path}", method=method)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)
    assert answer.json["code"] == "R405"


@pytest.mark.parametrize(
    ("body", "media", "status", "code"),
    [
        (b'{"name": "a", "name": "b"}', "application/json", 400, "duplicate_key"),
        (b'{"a": {"b": 1, "b": 2}}', "application/json", 400, "duplicate_key"),
        (b'{"name": NaN}', "application/json", 400, "invalid_json"),
        (b'{"name": -Infinity}', "application/json", 400, "invalid_json"),
        (b'{"name": 1e999}', "application/json", 400, "invalid_json"),
        (b'{"name": [123456789012345678901234567890]}', "application/json", 400, "out_of_range"),
        (b'{"name": "\xff"}', "application/json", 400, "invalid_json"),
        (b'{"name": "\\ud800"}', "application/json", 400, "invalid_json"),
        (b"[" * 100_000, "application/json", 400, "invalid_json"),
        (b"[" * 500 + b"]" * 500, "application/json", 400, "too_deep"),
        (b"", "application/json", 400, "invalid_json"),
        (b"name=a", "application/x-www-form-urlencoded", 415, ""),
        (b"{}", "text/plain", 415, ""),
        (b"{}", "application/json; charset=utf-16", 415, ""),
        (b"[]", "application/json", 422, ""),
        (b"null", "application/json", 422, ""),
        (b'"text"', "application/json", 422, ""),
        (b'{"name": "a\\u0000b", "code": "x"}', "application/json", 422, "control"),
        (b" " * 3_000_000, "application/json", 413, ""),
    ],
    ids=lambda value: value[:30] if isinstance(value, bytes) else str(value),
)
def test_a_body_that_cannot_be_understood_is_refused(
    shop: Shop, body: bytes, media: str, status: int, code: str
):
    answer = shop.client("ann").post("/api/v1/customer", data=body, content_type=media)
    assert answer.status_code == status, answer.text
    if code:
        assert answer.json["errors"][0]["code"] == code
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize(
    "query",
    [
        "nope=1",
        "name[nope]=1",
        "name[contains]=",
        "sort=nope",
        "fields=nope",
        "include=nope",
        "limit=0",
        "limit=9999",
        "limit=ten",
        "after=garbage",
        "after=%00",
        "name=%ff",
        "ids=not-an-id",
        "ids=",
        "created_at=yesterday",
        "count=all",
        "archived=maybe",
        "view=nope",
        "&".join("name=a" for _ in range(200)),
        "q=" + "x" * 1000,
    ],
)
def test_a_query_that_means_nothing_is_refused_and_never_ignored(shop: Shop, query: str):
    answer = shop.client("ann").get(f"/api/v1/customer?{query}")
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")


@pytest.mark.parametrize(
    ("include", "code"),
    [("lines.item", "through_many"), ("customer.a.b.c.d", "too_deep"), ("nope", "unknown_field")],
)
def test_an_include_is_refused_for_its_own_reason(shop: Shop, include: str, code: str):
    answer = shop.client("ann").get(f"/api/v1/order?include={include}")
    assert [(one["field"], one["code"]) for one in answer.json["errors"]] == [(include, code)]


@pytest.mark.parametrize("key", ["limit", "q", "view", "count", "archived", "after", "before"])
def test_a_key_of_one_value_that_is_there_twice_is_refused(shop: Shop, key: str):
    answer = shop.client("ann").get(f"/api/v1/customer?{key}=1&{key}=2")
    assert (answer.status_code, answer.json["code"]) == (400, "R400")
    assert [(one["field"], one["code"]) for one in answer.json["errors"]] == [(key, "repeated")]


def test_a_request_id_is_taken_over_when_it_is_harmless(shop: Shop):
    client = shop.client("ann")
    answer = client.get("/api/v1/customer", headers={"X-Request-Id": "trace-0123456789"})
    assert answer.headers["X-Request-Id"] == "trace-0123456789"
    answer = client.get("/api/v1/customer", headers={"X-Request-Id": "a b<script>"})
    assert answer.headers["X-Request-Id"] != "a b<script>"


def test_a_head_request_has_the_headers_and_no_body(shop: Shop):
    client = shop.client("ann")
    answer = client.head(f"/api/v1/customer/{customer(client)['id']}")
    assert (answer.status_code, answer.headers["ETag"], answer.data) == (200, '"1"', b"")
