"""The door beside Flask answers exactly as Flask would."""

from __future__ import annotations

import uuid
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
