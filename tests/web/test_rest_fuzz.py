"""Whatever is sent, the API answers below 500 and as its document says."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig

from tests.web.conftest import Shop

MUCH = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
FEW = settings(MUCH, max_examples=12)

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30)
    | st.sampled_from(["12.50", "2026-11-22", "paid", "\x00", "\u202e", "' OR 1=1 --", "{{7*7}}"])
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=12,
)
keys = st.sampled_from(["code", "name", "vip", "id", "version", "lines", "customer", "discount"])
bodies = st.dictionaries(keys | st.text(max_size=8), values, max_size=6) | values


def understood(answer: Any) -> None:
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.content_type == "application/problem+json"
        assert answer.json["code"].startswith("R4")


@MUCH
@given(body=bodies, entity=st.sampled_from(["customer", "order", "order/bulk"]))
def test_no_payload_is_a_fault_of_ours(shop: Shop, body: Any, entity: str):
    understood(shop.client("ann").post(f"/api/v1/{entity}", json=body))


@MUCH
@given(body=st.binary(max_size=200))
def test_no_bytes_are_a_fault_of_ours(shop: Shop, body: bytes):
    client = shop.client("ann")
    understood(client.post("/api/v1/customer", data=body, content_type="application/json"))


words = st.sampled_from(
    [
        *(
            "name",
            "vip",
            "created_at",
            "id",
            "total",
            "customer",
            "customer.name",
            "lines",
            "status",
        ),
        *("sort", "fields", "include", "after", "before", "limit", "q", "ids", "count", "archived"),
        *("name[contains]", "total[gte]", "created_at[between]", "id[in]", "customer[empty]"),
        *("total[lt]", "status[not_in]", "version[gte]", "number[starts_with]", "updated_by"),
    ]
)
texts = st.text(max_size=40) | st.sampled_from(
    [
        *(
            "1",
            "-1",
            "true",
            "2026-11-22",
            "2026-11-22T00:00:00Z",
            "9" * 30,
            "1e9",
            "NaN",
            "%",
            "_",
        ),
        *("name,-vip", "lines", "customer", "*", "'", '"', "\\", "0001-01-01", "9999-12-31"),
        *(str(uuid.uuid4()), "a,b", "%_%", "999999999999999999.99", "0000-00-00", "paid,draft"),
    ]
)


@MUCH
@given(
    query=st.dictionaries(words | st.text(max_size=10), texts, max_size=4),
    entity=st.sampled_from(["customer", "order", "order_line"]),
)
def test_no_query_is_a_fault_of_ours(shop: Shop, query: dict[str, str], entity: str):
    understood(shop.client("ann").get(f"/api/v1/{entity}", query_string=query))


@FEW
@given(path=st.text(max_size=40), method=st.sampled_from(["GET", "POST", "PATCH", "DELETE", "PUT"]))
def test_no_address_is_a_fault_of_ours(shop: Shop, path: str, method: str):
    answer = shop.client("ann").open(f"/api/v1/{path}".split("?")[0], method=method, json={})
    assert answer.status_code < 500


@MUCH
@given(
    name=st.sampled_from(
        ["If-Match", "If-None-Match", "Idempotency-Key", "Accept-Language", "X-Request-Id"]
    ),
    value=st.text(st.characters(codec="latin-1", exclude_categories=("Cc",)), max_size=60),
)
def test_no_header_is_a_fault_of_ours(shop: Shop, name: str, value: str):
    client = shop.client("ann")
    understood(client.post("/api/v1/customer", json={"name": "x"}, headers={name: value}))


def test_every_operation_answers_as_the_document_says(shop: Shop):
    client = shop.client("ann")
    bearer = {"Authorization": client.environ_base["HTTP_AUTHORIZATION"]}
    document = client.get("/api/v1/openapi.json").json
    schema = schemathesis.openapi.from_dict(document, config=SchemathesisConfig())
    schema.app = shop.app
    for found in schema.get_all_operations():
        operation = found.ok()
        if "/security/" in operation.path:
            continue

        @FEW
        @given(case=operation.as_strategy())
        def check(case: Any) -> None:
            case.headers.update(bearer)
            answer = case.call()
            assert answer.status_code < 500, answer.text
            case.validate_response(
                answer,
                excluded_checks=[
                    schemathesis.checks.CHECKS.get_one("ignored_auth"),
                    schemathesis.checks.CHECKS.get_one("use_after_free"),
                    schemathesis.checks.CHECKS.get_one("positive_data_acceptance"),
                ],
            )

        check()


@pytest.mark.parametrize("identifier", ["x", "", "01930000-0000-7000-8000-000000000009"])
def test_a_bulk_change_of_what_is_not_there_changes_nothing(shop: Shop, identifier: str):
    body = {"operation": "delete", "ids": [identifier]}
    answer = shop.client("ann").post("/api/v1/customer/bulk", json=body)
    understood(answer)
