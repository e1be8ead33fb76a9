"""Counts, sums and files over REST."""

from __future__ import annotations

import io

import openpyxl

from tests.web.conftest import Shop
from tests.web.test_rest import customer, order


def test_groups_are_objects_with_their_keys_counts_and_sums(shop: Shop) -> None:
    client = shop.client("ann")
    buyer = customer(client, "Group Buyer")
    for _ in range(2):
        order(client, customer=buyer["id"], status="paid")
    found = client.get(
        "/api/v1/order/aggregate",
        query_string={"customer": buyer["id"], "group": "status,customer.name", "sum": "total"},
    )
    assert found.json == {
        "data": [
            {
                "group": {"status": "paid", "customer.name": "Group Buyer"},
                "count": 2,
                "sum": {"total": "48.00"},
            }
        ],
        "page": {"limit": 200, "is_complete": True},
    }
    assert client.get("/api/v1/order/aggregate?sum=status").status_code == 400


def test_a_file_holds_what_matches_and_no_formula(shop: Shop) -> None:
    client = shop.client("ann")
    made = customer(client, '=HYPERLINK("http://x","y"), 王')
    address = f"/api/v1/customer/export?code={made['code']}&fields=code,name,vip"
    found = client.get(address)
    assert found.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in found.headers["Content-Disposition"]
    assert found.data.startswith(b"\xef\xbb\xbf")
    lines = found.data.decode("utf-8-sig").split("\r\n")
    assert lines[0] == "id,version,code,name,vip"
    assert "\"'=HYPERLINK(" in lines[1]
    book = openpyxl.load_workbook(io.BytesIO(client.get(address + "&format=xlsx").data))
    # who took it out stands in the file and in its name
    assert book.properties.creator.startswith("ann 2")
    assert book.active.oddFooter.left.text == book.properties.creator
    assert "customer-ann-2" in found.headers["Content-Disposition"]
    cell = book.active["D2"]
    assert (cell.data_type, cell.value) == ("s", '=HYPERLINK("http://x","y"), 王')


def test_a_file_that_may_not_be_had_or_is_no_file_is_refused(shop: Shop) -> None:
    assert shop.client("gus").get("/api/v1/customer/export").status_code == 403
    assert shop.client("ann").get("/api/v1/customer/export?format=pdf").status_code == 400
    assert shop.client("ann").get("/api/v1/customer/export?nonsense=1").status_code == 400
