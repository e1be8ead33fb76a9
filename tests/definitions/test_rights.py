"""Who sees what of the shipped shop: stores apart from each other, contacts masked, costs kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.errors import RequestError
from tests.databases import sqlite_url
from tests.offices import Office, named, open_office

DEFINITIONS = Path(__file__).resolve().parents[2] / "definitions"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    opened = open_office(DEFINITIONS, sqlite_url(tmp_path_factory.mktemp("rights")))
    for code in ("SH01", "HZ01"):
        opened.create(
            "store",
            {
                "code": code,
                "name": {"en": code, "zh": code},
                "currency": "CNY",
                "phone": "+8619900000001",
            },
        )
    customer = {"code": "M1", "name": "Wang Fang", "phone": "+8613812345678", "email": "a@b.cn"}
    opened.create("customer", customer)
    product = {
        "code": "P1",
        "name": {"en": "Tea", "zh": "茶"},
        "variants": [{"sku": "T1", "price": "9.00", "cost": "7.77"}],
    }
    opened.create("product", product)
    for store in opened.all("store", "code"):
        values = {
            "store": store["id"],
            "phone": "+8613812345678",
            "email": "buyer@example.com",
            "address": {"country": "CN", "city": "Shanghai", "street": "1 Canary Road"},
            "lines": [{"variant": opened.all("variant", "sku")[0]["id"], "quantity": 1}],
        }
        opened.create("order", values)
    yield opened
    opened.runtime.engine.dispose()


def rows(office: Office, entity: str, role: str, fields: str, **person: Any) -> list[Any]:
    """Return what a holder of a role sees in a list."""
    asked = {"fields": (fields,)}
    answer = office.done("list", entity, role, person=person, query=asked)
    return [named(answer, row) for row in answer.rows]


@pytest.mark.parametrize("role", ["store_manager", "order_clerk"])
def test_a_store_works_on_its_own_orders_only(office: Office, role: str) -> None:
    stores = {one["code"]: one["id"] for one in office.all("store", "code")}
    for code, other in (("SH01", "HZ01"), ("HZ01", "SH01")):
        seen = rows(office, "order", role, "store.code", stores=[stores[code]])
        assert [row["store.code"] for row in seen] == [code]
        hidden = next(o for o in office.all("order", "store") if o["store"] == stores[other])
        answer = office.ask(
            "read", "order", role, person={"stores": [stores[code]]}, record_id=hidden["id"]
        )
        assert isinstance(answer, RequestError)
        assert answer.status == 404
    assert rows(office, "order", role, "number") == []


@pytest.mark.parametrize(
    ("role", "phone"),
    [
        ("administrator", "+8613812345678"),
        ("store_manager", "138****5678"),
        ("marketer", "138****5678"),
        ("order_clerk", "138****5678"),
        ("customer_service", "138****5678"),
        ("finance", "138****5678"),
        ("auditor", "138****5678"),
    ],
)
def test_a_customers_phone_is_masked_for_most(office: Office, role: str, phone: str) -> None:
    assert str(rows(office, "customer", role, "phone")[0]["phone"]) == phone


@pytest.mark.parametrize("role", ["analyst", "marketer", "auditor", "customer_service", "finance"])
def test_nobody_but_who_ships_reads_an_address(office: Office, role: str) -> None:
    answer = office.done("list", "order", role)
    assert "1 Canary Road" not in str(answer.rows)
    assert "buyer@example.com" not in str(answer.rows)


COST = {
    "administrator": True,
    "system_administrator": False,
    "security_administrator": False,
    "store_manager": True,
    "merchandiser": True,
    "buyer": True,
    "finance": True,
    "auditor": True,
    "marketer": False,
    "order_clerk": False,
    "customer_service": False,
    "warehouse_manager": False,
    "logistics": False,
    "content_editor": False,
    "picker": False,
    "supplier": False,
    "risk_analyst": False,
    "analyst": False,
}


@pytest.mark.parametrize("role", COST)
def test_what_goods_cost_is_known_to_those_who_need_it(office: Office, role: str) -> None:
    answer = office.ask("list", "variant", role, query={"fields": ("sku,cost",)})
    assert isinstance(answer, RequestError) != COST[role]


def test_every_role_of_the_shop_is_tried() -> None:
    from generator.compile import compile_definitions

    assert set(COST) == set(compile_definitions(DEFINITIONS).app.roles)
