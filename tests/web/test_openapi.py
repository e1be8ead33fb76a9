"""The document of the API: valid, cut to the caller's rights, and good enough to generate from."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import uuid
from typing import Any

import httpx
import openapi_spec_validator
import pytest

from tests.web.conftest import Shop


def document(shop: Shop, name: str = "ann", locale: str = "en") -> dict[str, Any]:
    headers = {"Accept-Language": locale}
    answer = shop.client(name).get("/api/v1/openapi.json", headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


@pytest.mark.parametrize("name", ["ann", "gus", "ada"])
def test_the_document_is_valid_openapi_for_everybody(shop: Shop, name: str):
    openapi_spec_validator.validate(document(shop, name))


def test_the_document_offers_only_what_the_caller_may_do(shop: Shop):
    guest = document(shop, "gus")
    assert set(guest["paths"]["/api/v1/customer"]) == {"get"}
    assert set(guest["paths"]["/api/v1/customer/{id}"]) == {"get"}
    assert not any("order" in text for text in (*guest["paths"], *guest["components"]["schemas"]))
    clerk = document(shop)
    assert set(clerk["paths"]["/api/v1/order/{id}"]) == {"get", "patch", "delete"}
    assert "post" not in clerk["paths"]["/api/v1/order_line"]


def test_the_document_offers_to_ask_for_what_changed_since(shop: Shop):
    offered = document(shop)["paths"]["/api/v1/order"]["get"]["parameters"]
    names = {one["name"] for one in offered}
    assert {"updated_at[gt]", "updated_at[between]", "created_at[lt]"} <= names


def test_a_token_with_scopes_has_a_document_of_its_own(shop: Shop):
    ann = shop.client("ann")
    body = {"name": "t", "scopes": ["list:order", "read:order"]}
    token = ann.post("/api/v1/security/tokens", json=body).json["data"]["token"]
    headers = {"Authorization": f"Bearer {token}"}
    found = shop.app.test_client().get("/api/v1/openapi.json", headers=headers).json
    assert set(found["paths"]["/api/v1/order"]) == {"get"}
    assert "/api/v1/customer" not in found["paths"]
    openapi_spec_validator.validate(found)


def test_computed_and_generated_fields_come_out_and_do_not_go_in(shop: Shop):
    schemas = document(shop)["components"]["schemas"]
    assert {"number", "total", "created_at"} <= schemas["Order"]["properties"].keys()
    assert {"number", "total", "created_at", "id", "version"}.isdisjoint(
        schemas["Order_create"]["properties"]
    )
    assert schemas["Order_create"]["required"] == ["lines"]
    assert "required" not in schemas["Order_update"]
    assert "id" in schemas["OrderLine_part"]["properties"]


def test_names_are_in_the_callers_language(shop: Shop):
    schemas = document(shop, locale="zh-CN")["components"]["schemas"]
    assert schemas["Order"]["title"] == "订单"


def test_somebody_who_is_not_signed_in_gets_no_document(shop: Shop):
    assert shop.client().get("/api/v1/openapi.json").status_code == 401
    page = shop.client().get("/swagger/v1")
    assert (page.status_code, page.headers["Location"]) == (302, "/login/?next=/swagger/v1")


@pytest.fixture(scope="module")
def generated(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The client that openapi-python-client makes from the clerk's document."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "openapi.json").write_text(json.dumps(document(shop)), "utf-8")
    name = f"tiny_client_{uuid.uuid4().hex[:8]}"
    (folder / "config.yaml").write_text(f"package_name_override: {name}\npost_hooks: []\n", "utf-8")
    made = subprocess.run(
        [
            *(sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none"),
            *("--path", str(folder / "openapi.json"), "--config", str(folder / "config.yaml")),
            *("--output-path", str(folder / name), "--fail-on-warning"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    sys.path.insert(0, str(folder))
    yield name
    sys.path.remove(str(folder))


def module(package: str, path: str) -> Any:
    return importlib.import_module(f"{package}.{path}")


def test_a_generated_client_creates_lists_reads_and_changes_records(shop: Shop, generated: str):
    ann = shop.client("ann")
    token = ann.environ_base["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    client = module(generated, "client").AuthenticatedClient(
        base_url="http://localhost",
        token=token,
        httpx_args={"transport": httpx.WSGITransport(app=shop.app)},
    )
    models = module(generated, "models")
    code = uuid.uuid4().hex[:12]
    made = module(generated, "api.customer.create_customer").sync(
        client=client, body=models.CustomerCreate(code=code, name="Li Wei")
    )
    assert made.data.code == code
    page = module(generated, "api.customer.list_customer").sync(client=client, code=code)
    assert [each.name for each in page.data] == ["Li Wei"]
    changed = module(generated, "api.customer.update_customer").sync(
        made.data.id, client=client, body=models.CustomerUpdate(vip=True), if_match='"1"'
    )
    assert (changed.data.vip, changed.data.version) == (True, 2)
    order = module(generated, "api.order.create_order").sync(
        client=client,
        body=models.OrderCreate(
            customer=made.data.id, lines=[models.OrderLineCreate(item="Shirt", price="10.50")]
        ),
    )
    assert order.data.lines[0].amount == "10.50"
    stale = module(generated, "api.customer.update_customer").sync(
        made.data.id, client=client, body=models.CustomerUpdate(vip=False), if_match='"1"'
    )
    assert isinstance(stale, models.Problem)
    assert stale.code == "R412"
