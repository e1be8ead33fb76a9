"""What is known of requests afterwards, and what probes are told."""

from __future__ import annotations

import logging

import pytest
import sqlalchemy as sa

from runtime.runtime import Runtime
from runtime.store.engine import make_engine
from runtime.store.schema import build_schema
from runtime.store.system_tables import system_tables
from runtime.web.factory import create_app
from runtime.web.settings import UnsafeSettings, WebSettings
from tests import databases
from tests.web.conftest import Shop


@pytest.mark.parametrize("front", [True, False])
def test_every_request_leaves_one_event_with_who_what_and_how_much(
    shop: Shop, caplog: pytest.LogCaptureFixture, front: bool
):
    client = create_app(shop.runtime, WebSettings(front=front)).test_client()
    client.environ_base.update(shop.client("ann").environ_base)
    caplog.set_level(logging.INFO, "runtime.web.observe")
    client.get("/api/v1/customer?limit=1")
    events = [record.fields for record in caplog.records if record.message == "request"]
    assert len(events) == 1
    event = dict(events[0])
    assert event.pop("ms") > 0
    assert event.pop("statements") >= 2
    steps = event.pop("steps_ms")
    assert list(steps) == ["authorize", "parse", "plan", "execute", "render"]
    assert event == {
        "method": "GET",
        "path": "/api/v1/customer",
        "operation": "list",
        "entity": "customer",
        "status": 200,
        "code": "",
        "actor": "ann",
    }


def test_a_query_string_is_not_logged(shop: Shop, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    shop.client("ann").get("/api/v1/customer?name=secret-name")
    assert "secret-name" not in "".join(str(vars(record)) for record in caplog.records)


def test_metrics_are_for_this_machine_or_for_who_knows_the_token(shop: Shop):
    app = create_app(shop.runtime, WebSettings(metrics_token="scrape-me-please"))
    client = app.test_client()
    client.get("/api/v1/customer")
    told = client.get("/metrics").data
    assert b"shopwright_requests_total" in told
    for step in ("authorize", "parse", "plan", "execute", "render"):
        assert f'shopwright_step_seconds_count{{step="{step}"}}'.encode() in told
    away = {"REMOTE_ADDR": "203.0.113.9"}
    assert client.get("/metrics", environ_overrides=away).status_code == 404
    headers = {"Authorization": "Bearer scrape-me-please"}
    assert client.get("/metrics", headers=headers, environ_overrides=away).status_code == 200


def test_a_process_is_ready_when_its_definitions_are_applied(shop: Shop):
    client = create_app(shop.runtime, WebSettings(start_token="run-7")).test_client()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (200, {"status": "ready", "reason": None})
    assert client.get("/healthz").json == {"status": "ok"}


def test_a_start_token_is_told_only_to_who_knows_it(shop: Shop):
    client = create_app(shop.runtime, WebSettings(start_token="run-7")).test_client()
    for given in ({}, {"X-Start-Token": ""}, {"X-Start-Token": "run-6"}):
        answer = client.get("/readyz", headers=given)
        assert "run-7" not in f"{answer.headers}{answer.text}"
        assert "X-Start-Token" not in answer.headers
    known = client.get("/readyz", headers={"X-Start-Token": "run-7"})
    assert (known.status_code, known.headers["X-Start-Token"]) == (200, "run-7")
    tokenless = create_app(shop.runtime, WebSettings()).test_client()
    answer = tokenless.get("/readyz", headers={"X-Start-Token": ""})
    assert "X-Start-Token" not in answer.headers


def test_a_process_is_not_ready_on_an_empty_database(shop: Shop, tmp_path):
    compiled = shop.runtime.compiled
    engine = make_engine(databases.sqlite_url(tmp_path))
    metadata = sa.MetaData()
    system = system_tables(metadata)
    runtime = Runtime(compiled, engine, build_schema(compiled, "sqlite", metadata), system)
    answer = create_app(runtime, WebSettings()).test_client().get("/readyz")
    assert (answer.status_code, answer.json["reason"]) == (503, "database")
    engine.dispose()


def test_production_is_refused_with_every_reason_at_once(shop: Shop):
    with pytest.raises(UnsafeSettings) as refused:
        create_app(shop.runtime, WebSettings(production=True))
    assert len(str(refused.value).splitlines()) == 3


def test_a_cookie_over_https_is_bound_to_the_host(shop: Shop):
    client = create_app(shop.runtime, WebSettings(https=True)).test_client()
    answer = client.get("/login/", base_url="https://shop.example")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
    assert "max-age" in answer.headers["Strict-Transport-Security"]
