"""The prices an item had are kept, whatever changes one; the lowest before a reduction is told."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from runtime.errors import Invalid, RequestError
from tests.databases import sqlite_url
from tests.ledgers.test_placing import Till, cart, open_till


@pytest.fixture
def till(tmp_path: Path) -> Any:
    opened = open_till(sqlite_url(tmp_path))
    yield opened
    opened.runtime.engine.dispose()


def cap(till: Till) -> dict[str, Any]:
    rows = till.rows(till.done("list", "ware", query={"code": "cap"}))
    return dict(rows[0])


def now_costs(till: Till, days: int, **prices: str | None) -> dict[str, Any]:
    """Let days pass, then change prices of the cap."""
    till.clock.now += timedelta(days=days)
    row = cap(till)
    till.done("update", "ware", prices, record=row["id"], version=row["version"])
    return cap(till)


def test_every_price_is_kept_and_the_lowest_before_a_reduction_told(till: Till) -> None:
    assert cap(till)["lowest"] is None
    now_costs(till, 20, price="8.00")
    now_costs(till, 20, price="9.00")
    row = now_costs(till, 1, price="7.00", was="10.00")
    assert row["lowest"] == "8.00"
    kept = till.rows(till.done("list", "ware_price", query={"ware": row["id"], "sort": "at"}))
    assert [one["price"] for one in kept] == ["10.00", "8.00", "9.00", "7.00"]


def test_what_was_lower_longer_ago_is_not_told_and_nothing_of_what_is_not_reduced(
    till: Till,
) -> None:
    now_costs(till, 0, price="5.00")
    now_costs(till, 1, price="10.00")
    assert now_costs(till, 40, price="7.00", was="10.00")["lowest"] == "10.00"
    assert now_costs(till, 1, price="10.00", was=None)["lowest"] is None


def test_a_change_of_something_else_is_no_price(till: Till) -> None:
    before = till.count("ware_price")
    now_costs(till, 1, price="10.00")
    assert till.count("ware_price") == before


def test_nobody_writes_a_price_of_the_past(till: Till) -> None:
    row = now_costs(till, 1, price="9.00")
    wish = {"prices": [{"at": "2026-01-01T00:00:00+00:00", "price": "99.00"}]}
    for change in (wish, {"prices": []}, {"lowest": "1.00"}):
        refused = till.ask("update", "ware", change, record=row["id"], version=row["version"])
        assert isinstance(refused, Invalid), refused
        assert {one.code for one in refused.errors} == {"read_only"}
    refused = till.ask("create", "ware", {"code": "new", "price": "1.00", **wish})
    assert isinstance(refused, RequestError)


def test_whoever_asks_for_a_price_is_told_the_lowest_before(till: Till) -> None:
    now_costs(till, 1, price="7.00", was="10.00")
    found = till.prices(cart("cap"))
    assert found.lowest == {"1": 1000}
