"""The door beside Flask answers exactly as Flask would."""

from __future__ import annotations

import re
import uuid
from json import dumps
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from runtime.web.factory import create_app
from runtime.web.settings import WebSettings
from tests.web.conftest import Shop


@pytest.fixture(scope="module")
def behind(shop: Shop) -> Flask:
    """The same shop without the door."""
    return create_app(shop.runtime, WebSettings(front=False))


@pytest.fixture(scope="module")
def known(shop: Shop) -> dict[str, str]:
    """Ids that can be asked for."""
    client = shop.client("ann")
    code = uuid.uuid4().hex[:12]
    buyer = client.post("/api/v1/customer", json={"code": code, "name": "Zhao 赵"}).json["data"]
    body = {"customer": buyer["id"], "lines": [{"item": "Cap", "price": "3"}]}
    made = [client.post("/api/v1/order", json=body).json["data"]["id"] for _ in range(3)]
    return {"customer": buyer["id"], "order": made[0]}


def answered(client: FlaskClient, path: str, headers: dict[str, str]) -> dict[str, Any]:
    answer = client.get(path, headers={**headers, "X-Request-Id": "the-same-for-both"})
    kept = {name: value for name, value in answer.headers.items() if name != "Date"}
    return {"status": answer.status_code, "body": answer.text, "headers": kept}


PATHS = (
    "order/{order}",
    "order/{order}?include=customer,lines",
    "order?customer={customer}&limit=2&count=capped&sort=-number",
    "order?customer={customer}&fields=number,customer.name",
    "order?q=%E8%B5%B5&customer={customer}",
    "order/{order}/history",
    "order/{order}/nothing",
    "order/{order}/restore",
    "order?nope=1",
    "order?name=%ff",
    "nothing",
    "",
    "order/",
    "order//x",
    "订单",
    "order/0d9f4f0e-3c3b-4a7e-9a54-7b1f7c1d2e3f",
    "bulk/order",
    "messages",
    "prints/order/{order}",
    "imports/order",
    "alerts",
    "webhooks",
    "order/bulk",
    "security/me",
    "security/nothing",
    "../healthz",
)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", ["ann", "gus"])
def test_both_doors_give_the_same_answer(
    shop: Shop, behind: Flask, known: dict[str, str], path: str, name: str
):
    client, other = shop.client(name), behind.test_client()
    other.environ_base["HTTP_AUTHORIZATION"] = client.environ_base["HTTP_AUTHORIZATION"]
    url = f"/api/v1/{path.format(**known)}"
    headers = {"Accept-Language": "zh-CN"}
    assert answered(client, url, headers) == answered(other, url, headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic YTpi"},
        {"If-None-Match": '"1"'},
        {"If-Match": "nonsense"},
        {"Accept-Language": "xx;q=nonsense, zh"},
        {"Cookie": "session=nonsense"},
        {"Cookie": "theme=dark; locale=zh"},
        {"X-Forwarded-For": "203.0.113.1"},
    ],
)
def test_both_doors_read_headers_alike(
    shop: Shop, behind: Flask, known: dict[str, str], headers: dict[str, str]
):
    client, other = shop.client("ann"), behind.test_client()
    other.environ_base["HTTP_AUTHORIZATION"] = client.environ_base["HTTP_AUTHORIZATION"]
    for path in (f"customer/{known['customer']}", "customer?nope=1"):
        url = f"/api/v1/{path}"
        assert answered(client, url, headers) == answered(other, url, headers)


LINE = {"item": "Cap", "price": "3"}
WRITES: tuple[tuple[str, str, Any, dict[str, str]], ...] = (
    ("POST", "customer", {"name": "Zoë 赵"}, {}),
    ("POST", "customer", {"name": 5, "nope": 1}, {}),
    ("POST", "order", {"customer": "{customer}", "lines": [LINE, LINE]}, {}),
    ("POST", "order", "{", {}),
    ("POST", "order", {"lines": [LINE]}, {"Content-Type": "text/plain"}),
    ("POST", "order", {"lines": [LINE]}, {"X-Reason": "why not", "Idempotency-Key": "{key}"}),
    ("POST", "order", "x" * 2_000_000, {}),
    ("POST", "order", b"", {}),
    ("POST", "order/{order}", {}, {}),
    ("POST", "nothing", {}, {}),
    ("POST", "order/{order}/restore", b"", {}),
    ("PATCH", "customer/{customer}", {"vip": True}, {"If-Match": '"1"'}),
    ("PATCH", "customer/{customer}", {"vip": True}, {}),
    ("PATCH", "customer/{customer}", {"vip": "x"}, {"If-Match": '"1"'}),
    ("PATCH", "customer/0d9f4f0e-3c3b-4a7e-9a54-7b1f7c1d2e3f", {}, {"If-Match": '"1"'}),
    ("PATCH", "customer", {"vip": True}, {}),
    ("DELETE", "order/{order}", b"", {"If-Match": '"1"'}),
    ("DELETE", "order/{order}?nope=1", b"", {"If-Match": '"1"'}),
    ("DELETE", "order", b"", {}),
    ("PUT", "order", {}, {}),
    ("POST", "order/bulk", {"ids": ["{order}"], "values": {"note": "x"}}, {}),
    ("POST", "security/nothing", {}, {}),
)
CHANGING = re.compile(
    r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+Z|SO[0-9-]+|ord-\d+|\b\d{6}\b"
)


def written(
    client: FlaskClient, method: str, path: str, body: Any, headers: dict[str, str]
) -> dict[str, Any]:
    code = uuid.uuid4().hex[:12]
    buyer = client.post("/api/v1/customer", json={"code": code, "name": "Li"}).json
    made = client.post("/api/v1/order", json={"lines": [LINE]}).json
    known = {"customer": buyer["data"]["id"], "order": made["data"]["id"], "key": uuid.uuid4().hex}

    def fill(text: str) -> str:
        return re.sub(r"\{(customer|order|key)\}", lambda found: known[found[1]], text)

    if isinstance(body, dict) and path == "customer":
        body = {"code": uuid.uuid4().hex[:12], **body}
    data = body if isinstance(body, bytes) else fill(body if isinstance(body, str) else dumps(body))
    answer = client.open(
        f"/api/v1/{fill(path)}",
        method=method,
        data=data,
        headers={
            "Content-Type": "application/json",
            "X-Request-Id": "the-same-for-both",
            **{name: fill(text) for name, text in headers.items()},
        },
    )
    kept = {
        name: CHANGING.sub("?", value)
        for name, value in answer.headers.items()
        if name not in ("Date", "Content-Length")
    }
    return {
        "status": answer.status_code,
        "body": CHANGING.sub("?", answer.text),
        "headers": kept,
    }


@pytest.mark.parametrize(("method", "path", "body", "headers"), WRITES)
def test_both_doors_write_alike(
    shop: Shop, behind: Flask, method: str, path: str, body: Any, headers: dict[str, str]
):
    client, other = shop.client("ann"), behind.test_client()
    other.environ_base["HTTP_AUTHORIZATION"] = client.environ_base["HTTP_AUTHORIZATION"]
    here = written(client, method, path, body, headers)
    assert here == written(other, method, path, body, headers)
    assert here["status"] < 500


def test_a_host_that_is_not_ours_is_refused_at_both_doors(shop: Shop):
    settings = {"hosts": ("shop.example",)}
    for front in (True, False):
        app = create_app(shop.runtime, WebSettings(front=front, **settings))
        client = app.test_client()
        client.environ_base.update(shop.client("ann").environ_base)
        wrong = client.get("/api/v1/customer", base_url="http://evil.example")
        assert wrong.status_code == 400
        right = client.get("/api/v1/customer", base_url="http://shop.example")
        assert right.status_code == 200
