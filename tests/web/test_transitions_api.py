"""Transitions over REST: what is offered, what is done, and every refusal as a problem."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import databases
from tests.flow import FLOW, ORDER
from tests.web.conftest import Shop, open_shop

API = "/api/v1/order"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def flow(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """The shop of state machines: cid is a clerk, mia manages, gus looks on."""
    url = databases.url_of(request.param, tmp_path_factory.mktemp("flow"))
    opened = open_shop(url, FLOW, {"cid": "clerk", "mia": "manager", "gus": "guest"})
    yield opened
    opened.runtime.engine.dispose()


def order(client: FlaskClient, **values: Any) -> str:
    answer = client.post(API, json={**ORDER, **values})
    assert answer.status_code == 201, answer.json
    return str(answer.json["data"]["id"])


def test_a_transition_is_offered_and_fired_over_rest(flow: Shop) -> None:
    client = flow.client("cid")
    one = order(client)
    offered = client.get(f"{API}/{one}/transitions")
    assert offered.headers["ETag"] == '"1"'
    data = offered.json["data"]
    assert data["states"] == {"fulfilment": "new", "payment": "unpaid"}
    by_name = {each["transition"]: each for each in data["transitions"]}
    assert by_name["confirm"]["allowed"]
    assert by_name["hold"]["input_schema"]["required"] == ["reason"]
    asked = client.get(f"{API}/{one}/transitions/fulfilment/hold").json["data"]["transitions"]
    assert [each["id"] for each in asked] == ["fulfilment.hold"]
    done = client.post(f"{API}/{one}/transitions/fulfilment/confirm", headers={"If-Match": '"1"'})
    assert done.status_code == 200, done.json
    assert done.headers["ETag"] == '"2"'
    assert done.json["data"]["status"] == "confirmed"
    assert [(step["from"], step["to"]) for step in done.json["steps"]] == [("new", "confirmed")]
    held = client.post(
        f"{API}/{one}/transitions/fulfilment/hold", json={"input": {"reason": "late"}}
    )
    assert held.json["data"]["note"] == "late"


def test_every_refusal_is_a_problem_with_its_code_in_both_languages(flow: Shop) -> None:
    client = flow.client("cid")
    one = order(client, lines=[])

    def asked(name: str, locale: str = "en", **more: Any) -> tuple[int, dict[str, Any]]:
        headers = {"Accept-Language": locale, **more.pop("headers", {})}
        answer = client.post(f"{API}/{one}/transitions/fulfilment/{name}", headers=headers, **more)
        assert answer.content_type == "application/problem+json"
        return answer.status_code, answer.json

    status, body = asked("confirm")
    assert (status, body["code"], body["current"]) == (409, "guard_blocked", "new")
    assert [one["message"] for one in body["reasons"]] == ["The order has no line."]
    assert asked("confirm", "zh")[1]["reasons"][0]["message"] == "订单没有明细。"
    status, body = asked("resume")
    assert (status, body["code"]) == (409, "not_in_from_state")
    assert "confirm" in body["allowed"]
    assert asked("fly")[1]["code"] == "unknown_transition"
    assert asked("fly")[0] == 404
    assert (asked("expire")[0], asked("expire")[1]["code"]) == (403, "wrong_trigger")
    status, body = asked("hold", json={"input": {"reason": "x" * 60}})
    assert (status, body["code"], body["errors"][0]["field"]) == (422, "invalid_input", "reason")
    assert asked("hold")[1]["errors"][0]["code"] == "required"
    status, body = asked("confirm", headers={"If-Match": '"7"'})
    assert (status, body["code"]) == (409, "version_conflict")
    assert asked("cancel")[0] == 428
    status, body = asked("cancel", headers={"If-Match": '"1"'})
    assert (status, body["code"], body["needs"]) == (428, "confirmation_required", "type_value")
    key = {"Idempotency-Key": f"key-{one}"}
    done = client.post(f"{API}/{one}/transitions/fulfilment/submit", headers=key)
    assert done.status_code == 200
    again = client.post(f"{API}/{one}/transitions/fulfilment/submit", headers=key)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (200, "true")
    assert again.json["steps"] == done.json["steps"]
    status, body = asked("confirm", headers=key)
    assert (status, body["code"]) == (422, "idempotency_key_reused")
    status, body = asked("approve")
    assert (status, body["code"]) == (403, "forbidden")
    seen = flow.client("gus").post(f"{API}/{one}/transitions/fulfilment/submit")
    assert seen.status_code == 404
    strange = client.post(f"{API}/{one}/transitions/fulfilment/confirm", json={"cause": "x"})
    assert strange.status_code == 400


def test_a_step_that_is_not_ones_own_is_refused_noted_and_changes_nothing(flow: Shop) -> None:
    client = flow.client("cid")
    one = order(client)
    client.post(f"{API}/{one}/transitions/fulfilment/submit")
    refused = client.post(f"{API}/{one}/transitions/fulfilment/approve", json={})
    assert (refused.status_code, refused.json["code"]) == (403, "forbidden")
    assert client.get(f"{API}/{one}").json["data"]["status"] == "review"
    audit = flow.runtime.system.audit
    asked = sa.select(audit.c.operation).where(audit.c.record_id == one)
    with flow.runtime.engine.connect() as connection:
        assert "denied" in connection.execute(asked).scalars().all()


def test_a_typed_title_confirms_what_cannot_be_undone(flow: Shop) -> None:
    client = flow.client("cid")
    one = order(client, name="Zed")
    address = f"{API}/{one}/transitions/fulfilment/cancel"
    done = client.post(address, headers={"If-Match": '"1"', "X-Confirm": "Zed"})
    assert done.json["data"]["status"] == "cancelled"


def test_the_document_names_the_transitions_that_a_caller_may_fire(flow: Shop) -> None:
    paths = flow.client("cid").get("/api/v1/openapi.json").json["paths"]
    fired = {path.rpartition("/")[2] for path in paths if "/transitions/" in path}
    assert {"confirm", "hold", "capture"} <= fired
    assert not fired & {"approve", "expire", "reject"}
    document = flow.client("mia").get("/api/v1/openapi.json").json
    path = document["paths"][f"{API}/{{id}}/transitions/fulfilment/refund"]["post"]
    assert path["requestBody"]["required"]
    body = document["components"]["schemas"][
        path["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    ]
    assert body["properties"]["input"]["required"] == ["amount"]
