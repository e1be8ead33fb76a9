"""Incidents over REST: listed, settled, and kept for a second person with 202."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runtime.files import FileStore
from runtime.messages import Actor
from runtime.metrics import outside
from runtime.web.rest import Api
from runtime.web.wire import Answer, Asked
from tests.outside.shop import CLERK, MANAGER, Desk
from tests.outside.test_incidents import stuck


@pytest.fixture
def api(desk: Desk, tmp_path: Path) -> Api:
    runtime = desk.runtime
    files = FileStore(tmp_path, runtime.engine, runtime.system.file, runtime.clock, runtime.make_id)
    return Api(runtime, files)


def asked(
    api: Api, method: str, body: Any = None, actor: Actor = MANAGER, query: str = ""
) -> tuple[Answer, Any]:
    text = json.dumps(body).encode()
    headers = {"content-type": "application/json", "content-length": str(len(text))}
    one = Asked(
        method,
        "payment/incidents",
        query,
        headers,
        lambda most=0: text,
        actor,
        actor.locale,
        "r1",
        "127.0.0.1",
    )
    answer = api.answer(one)
    return answer, json.loads(answer.body)


def test_an_operator_lists_and_settles(desk: Desk, api: Api) -> None:
    record = stuck(desk)
    answer, told = asked(api, "GET")
    assert answer.status == 200
    (one,) = told["data"]
    assert (one["kind"], one["record_id"]) == ("call_unknown", record)
    answer, told = asked(api, "POST", {"incident": one["id"], "outcome": "retry"})
    assert (answer.status, told["data"]["outcome"]) == (200, "retry")
    assert asked(api, "GET")[1]["data"] == []
    assert len(asked(api, "GET", query="state=closed")[1]["data"]) == 1
    answer, told = asked(api, "POST", {"incident": one["id"], "outcome": "retry"})
    assert answer.status == 409


def test_what_needs_a_second_person_is_202_with_its_address(desk: Desk, api: Api) -> None:
    stuck(desk)
    one = asked(api, "GET")[1]["data"][0]
    said = {"incident": one["id"], "outcome": "done", "reason": "asked the bank"}
    answer, told = asked(api, "POST", said)
    assert answer.status == 202
    assert answer.headers["Location"].endswith(told["data"]["id"])
    assert told["data"]["after"]["outcome"] == "done"


@pytest.mark.parametrize(
    ("method", "body", "query", "status"),
    [
        ("GET", None, "state=x", 400),
        ("GET", None, "odd=1", 400),
        ("POST", {"outcome": "retry"}, "", 422),
        ("POST", {"incident": "x", "outcome": "retry"}, "", 404),
        ("PUT", None, "", 405),
    ],
)
def test_what_is_wrong_is_a_problem(
    desk: Desk, api: Api, method: str, body: Any, query: str, status: int
) -> None:
    assert asked(api, method, body, query=query)[0].status == status


def test_who_may_not_operate_is_forbidden(desk: Desk, api: Api) -> None:
    assert asked(api, "GET", actor=CLERK)[0].status == 403
    said = {"incident": "x", "outcome": "retry"}
    assert asked(api, "POST", said, actor=CLERK)[0].status == 403


def test_a_scraper_is_told_of_calls_and_incidents(desk: Desk) -> None:
    stuck(desk)
    text = outside.render(desk.runtime).decode()
    assert 'shopwright_incidents{kind="call_unknown"} 1.0' in text
    assert 'shopwright_calls_last_hour{operation="bank.capture",status="stuck"} 1.0' in text
    assert 'shopwright_connector_failures{connector="bank"}' in text
    desk.pay("P2")
    desk.relay()
    text = outside.render(desk.runtime).decode()
    assert 'shopwright_calls_waiting{operation="bank.capture"} 1.0' in text
