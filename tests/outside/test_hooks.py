"""The address itself: no session, no form token, no more bytes than allowed, one code."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from runtime.simulator.telling import signed
from runtime.web.factory import create_app
from runtime.web.settings import WebSettings
from tests.outside.shop import Desk
from tests.outside.test_events import SECRET, status, told


@pytest.fixture
def client(desk: Desk, tmp_path: Path) -> FlaskClient:
    settings = WebSettings(secret_key="a secret of the tests, long enough", files=tmp_path)
    return create_app(desk.runtime, settings).test_client()


def post(
    client: FlaskClient, desk: Desk, body: bytes, secret: str = SECRET
) -> tuple[int, dict[str, str]]:
    verify = desk.runtime.app.webhooks["bank_events"].verify
    headers = signed(verify, secret, body, int(desk.runtime.clock().timestamp()))
    answer = client.post("/hooks/bank", data=body, headers=headers)
    found: dict[str, str] = answer.get_json()
    return answer.status_code, found


def test_an_event_needs_neither_session_nor_form_token(desk: Desk, client: FlaskClient) -> None:
    body = told("payment.noticed", name="N1")
    assert post(client, desk, body) == (200, {"code": "stored"})
    assert post(client, desk, body) == (200, {"code": "known"})
    assert status(desk) == ["new"]


def test_a_wrong_signature_is_401_and_stores_nothing(desk: Desk, client: FlaskClient) -> None:
    assert post(client, desk, told("x"), "another secret") == (401, {"code": "bad_signature"})
    assert status(desk) == []


def test_too_much_is_413(desk: Desk, client: FlaskClient) -> None:
    assert post(client, desk, b"x" * 5000) == (413, {"code": "too_large"})


def test_other_addresses_and_methods_are_not_there(desk: Desk, client: FlaskClient) -> None:
    assert client.post("/hooks/nowhere", data=b"{}").status_code == 404
    assert client.get("/hooks/bank").status_code == 405


def test_the_log_says_what_became_of_it_and_not_what_it_said(
    desk: Desk, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        post(client, desk, told("payment.noticed", name="Mrs Private"))
    said = "\n".join(repr(vars(one)) for one in caplog.records)
    assert "stored" in said
    assert "Private" not in said
    assert SECRET not in said
