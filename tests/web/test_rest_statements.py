"""How many statements each endpoint takes: a number, whatever the rows and roles."""

from __future__ import annotations

import uuid

import pytest
from flask.testing import FlaskClient

from runtime.web.users import create_user
from tests import databases
from tests.web.conftest import PASSWORD, Shop

LINE = {"item": "Shirt", "price": "10.50"}


def orders(client: FlaskClient, rows: int, lines: int) -> tuple[str, str]:
    """Make orders of one new customer; return the customer's and the last order's id."""
    code = uuid.uuid4().hex[:12]
    buyer = client.post("/api/v1/customer", json={"code": code, "name": "Li"}).json["data"]["id"]
    body = {"customer": buyer, "lines": [LINE] * lines}
    made = [client.post("/api/v1/order", json=body).json["data"]["id"] for _ in range(rows)]
    return buyer, made[-1]


@pytest.mark.parametrize(
    ("path", "budget", "planned_anew"),
    [
        ("order/{order}", 1, 0),
        ("order/{order}?include=customer,lines", 2, 0),
        ("order?customer={customer}&fields=number,customer.name&sort=-created_at&limit=25", 1, 1),
        ("order?customer={customer}&include=lines&count=capped", 3, 1),
        ("order/{order}/history", 3, 0),
    ],
)
@pytest.mark.parametrize(("rows", "lines"), [(1, 1), (12, 9)])
def test_a_read_takes_a_fixed_number_of_statements(
    shop: Shop, path: str, budget: int, planned_anew: int, rows: int, lines: int
):
    """What PostgreSQL plans anew each time does not carry the question of who asks."""
    client = shop.client("ann")
    buyer, last = orders(client, rows, lines)
    url = f"/api/v1/{path.format(order=last, customer=buyer)}"
    client.get(url)
    with databases.statements(shop.runtime.engine) as statements:
        assert client.get(url).status_code == 200
    on_postgresql = shop.runtime.engine.dialect.name == "postgresql"
    assert len(statements) == budget + (planned_anew if on_postgresql else 0), statements


def test_more_roles_take_no_more_statements(shop: Shop):
    name = f"r{uuid.uuid4().hex[:10]}"
    shop.people[name] = create_user(
        shop.runtime.engine, name, PASSWORD, ["clerk", "guest", "owner"]
    )
    client = shop.client(name)
    client.get("/api/v1/customer")
    with databases.statements(shop.runtime.engine) as statements:
        assert client.get("/api/v1/customer").status_code == 200
    assert len(statements) == 1, statements


def test_a_personal_token_takes_no_more_statements_and_notes_its_use_once_a_minute(shop: Shop):
    made = shop.client("ann").post("/api/v1/security/tokens", json={"name": "t"}).json["data"]
    client = shop.app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {made['token']}"
    assert client.get("/api/v1/customer").status_code == 200
    for few in (2, 1):
        with databases.statements(shop.runtime.engine) as statements:
            assert client.get("/api/v1/customer").status_code == 200
        assert len(statements) == few, statements


@pytest.mark.parametrize("lines", [1, 40])
def test_writing_takes_a_fixed_number_of_statements(shop: Shop, lines: int):
    client = shop.client("ann")
    buyer, _ = orders(client, 1, 1)
    body = {"customer": buyer, "lines": [LINE] * lines}
    with databases.statements(shop.runtime.engine) as creating:
        made = client.post("/api/v1/order", json=body).json["data"]
    url, headers = f"/api/v1/order/{made['id']}", {"If-Match": '"1"'}
    with databases.statements(shop.runtime.engine) as changing:
        changed = client.patch(url, json={"status": "paid"}, headers=headers)
    assert changed.status_code == 200
    assert len(creating) <= 10, creating
    assert len(changing) <= 8, changing


def test_a_refused_caller_costs_one_statement_and_a_row_in_the_audit(shop: Shop):
    with databases.statements(shop.runtime.engine) as statements:
        assert shop.client().get("/api/v1/order").status_code == 401
    assert statements == []
    guest = shop.client("gus")
    with databases.statements(shop.runtime.engine) as statements:
        assert guest.get("/api/v1/order").status_code == 404
    asked = [one for one in statements if not one.startswith("INSERT INTO sw_audit ")]
    assert (len(asked), len(statements)) == (1, 2), statements
