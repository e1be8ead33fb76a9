"""Northwind's shape as definitions, loaded from its dump, adds up to what the dump says.

Set NORTHWIND_SQL to the path of a real `northwind.sql` (pthom/northwind_psql) to load all of it.
Without it a handful of rows in the same shape stands in, so the same code is always tested.
"""

import os
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from runtime.errors import Invalid
from runtime.messages import Actor
from runtime.seed import seed
from tests.domains.northwind_sql import cents, read_dump, write_csvs
from tests.offices import Office, open_office

HERE = Path(__file__).parent
DUMP = Path(os.environ.get("NORTHWIND_SQL") or HERE / "northwind_rows.sql")
TABLES = read_dump(DUMP.read_text(encoding="utf-8"))
SYSTEM = Actor(0, "System", frozenset({"administrator"}), kind="system")


@pytest.fixture
def northwind(url: str, tmp_path: Path) -> Office:
    office = open_office(HERE / "northwind", url)
    rows = tmp_path / "rows"
    rows.mkdir()
    write_csvs(TABLES, rows)
    seed(office.runtime, rows, SYSTEM)
    return office


def goods(order: str) -> Decimal:
    """What the details of an order cost, computed from the dump without our code."""
    amounts = (
        Decimal(cents(price)) * int(quantity) * (1 - Decimal(cents(discount)))
        for number, _, price, quantity, discount in TABLES["order_details"]
        if number == order
    )
    return sum((one.quantize(Decimal("0.01"), ROUND_HALF_UP) for one in amounts), Decimal())


def test_every_row_of_the_dump_arrives_and_every_order_adds_up(northwind: Office) -> None:
    orders = {str(o["order_id"]): o for o in northwind.all("order", "order_id,subtotal,total")}
    assert len(orders) == len(TABLES["orders"])
    assert len(northwind.all("order_detail", "id")) == len(TABLES["order_details"])
    for row in TABLES["orders"]:
        expected = goods(row[0])
        assert orders[row[0]]["subtotal"] == expected * 100
        assert orders[row[0]]["total"] == (expected + Decimal(cents(row[7]))) * 100


def test_paths_lead_through_the_tree_of_employees(northwind: Office) -> None:
    people = northwind.all("employee", "last_name,reports_to.employee_id")
    written = {row[1]: row[16] for row in TABLES["employees"]}
    assert {p["last_name"]: str(p["reports_to.employee_id"] or "") for p in people} == written


def test_an_employee_keeps_the_territories_of_the_link_table(northwind: Office) -> None:
    answer = northwind.done("list", "employee", query={"include": ("territories",)})
    links = sum(len(rows) for rows in answer.included["territories"].values())
    assert links == len(TABLES["employee_territories"])


def test_a_view_shows_what_its_condition_says(northwind: Office) -> None:
    low = {
        row[1]
        for row in TABLES["products"]
        if int(row[6]) + int(row[7]) <= int(row[8]) and row[9] == "0"
    }
    assert {
        p["product_name"] for p in northwind.all("product", "product_name", view="reorder")
    } == low


def test_seeding_twice_changes_nothing(northwind: Office, tmp_path: Path) -> None:
    done = seed(northwind.runtime, tmp_path / "rows", SYSTEM)
    assert done.created == {}
    assert done.skipped["order"] == len(TABLES["orders"])


def test_an_order_is_not_shipped_before_it_is_placed(northwind: Office) -> None:
    product = northwind.all("product", "id")[0]["id"]
    details = [{"product": product, "unit_price": "1", "quantity": 1}]
    values = {"order_id": 1, "order_date": "2026-03-02", "shipped_date": "2026-03-01"}
    refusal = northwind.ask("create", "order", values={**values, "details": details})
    assert isinstance(refusal, Invalid)
    assert [error.code for error in refusal.errors] == ["SHIPPED_BEFORE_ORDERED"]
