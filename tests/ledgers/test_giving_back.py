"""What returned units of a placed record pay back: shares of what was paid, never more."""

from pathlib import Path
from typing import Any

import pytest

from runtime.errors import RequestError
from runtime.messages import Result
from tests.databases import postgres_url, sqlite_url
from tests.ledgers.test_placing import Till, cart, open_till
from tests.runtime.test_races import together


def sold(till: Till, *carts: Any) -> dict[str, Any]:
    row: dict[str, Any] = till.place(*carts)
    paid = till.ask(
        "transition", "sale", {"workflow": "status", "transition": "pay"}, record=row["id"]
    )
    assert isinstance(paid, Result)
    return row


def back(till: Till, row: Any, count: int, line: int = 0) -> Any:
    wanted = {"line": row["lines"][line]["id"], "count": count}
    values = {"workflow": "status", "transition": "take_back", "input": wanted}
    return till.ask("transition", "sale", values, record=row["id"])


def returns(till: Till, row: Any) -> list[Any]:
    found = till.rows(till.done("list", "sale_return", query={"sort": "id"}))
    return [one for one in found if one["sale"] in (row["id"], {"id": row["id"]})]


@pytest.fixture
def till(tmp_path: Path) -> Any:
    opened = open_till(sqlite_url(tmp_path))
    yield opened
    opened.runtime.engine.dispose()


def test_shares_add_up_to_what_was_paid_and_nothing_comes_back_twice(till: Till) -> None:
    row = sold(till, cart("cap", 3))
    for count in (1, 1, 1):
        assert isinstance(back(till, row, count), Result)
    shares = [one["pays"] for one in returns(till, row)]
    assert shares == ["9.67", "9.66", "9.67"]
    refused = back(till, row, 1)
    assert isinstance(refused, RequestError)
    assert [one.code for one in refused.errors] == ["TOO_MANY"]


def test_a_case_that_counts_no_more_makes_room_and_its_cents(till: Till) -> None:
    row = sold(till, cart("cap", 3))
    back(till, row, 1), back(till, row, 1)
    first, second = returns(till, row)
    version = till.row(till.done("read", "sale", record=row["id"]))["version"]
    cases = [{"id": first["id"], "void": True}, {"id": second["id"]}]
    till.done("update", "sale", {"returns": cases}, record=row["id"], version=version)
    back(till, row, 2)
    assert [one["pays"] for one in returns(till, row)][1:] == ["9.66", "19.34"]
    (line,) = till.rows(till.done("list", "sale_line"))
    assert (line["paid"], line["returned"]) == ("29.00", 3)


def test_nobody_writes_a_share_of_their_own(till: Till) -> None:
    row = sold(till, cart("cap", 3))
    version = till.row(till.done("read", "sale", record=row["id"]))["version"]
    part = {"line": row["lines"][0]["id"], "count": 1, "share": "900.00"}
    case = {"lines": [part], "pays": "900.00", "taken_off": "-900.00"}
    till.done("update", "sale", {"returns": [case]}, record=row["id"], version=version)
    assert [one["pays"] for one in returns(till, row)] == ["9.67"]


def test_a_discount_that_no_longer_holds_is_taken_back_and_paid_in_the_end(till: Till) -> None:
    row = sold(till, {"lines": [{"item": "mug", "quantity": 2}, {"item": "cup", "quantity": 1}],
                      "codes": ["BULK"]})  # fmt: skip
    assert row["total"] == "25.00"
    back(till, row, 1, line=1)
    (first,) = returns(till, row)
    # of 25.00 paid, 20.00 stay at their full price; the share alone would have been 8.33
    assert (first["pays"], first["taken_off"], first["lost_to"]) == ("5.00", "3.33", "Bulk")
    back(till, row, 2)
    assert [one["pays"] for one in returns(till, row)] == ["5.00", "20.00"]


def test_rules_of_today_do_not_change_what_an_old_sale_pays(till: Till) -> None:
    row = sold(till, {"lines": [{"item": "mug", "quantity": 3}], "codes": ["BULK"]})
    mug = next(one for one in till.rows(till.done("list", "ware")) if one["code"] == "mug")
    till.done("update", "ware", {"price": "99.00"}, record=mug["id"], version=mug["version"])
    back(till, row, 1)
    assert [one["pays"] for one in returns(till, row)] == ["5.00"]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_of_many_at_once_no_more_is_given_back_than_was_sold(database: str, tmp_path: Path) -> None:
    till = open_till(sqlite_url(tmp_path) if database == "sqlite" else postgres_url())
    row = sold(till, cart("cap", 3))
    results = together(*[lambda: back(till, row, 1)] * 12)
    assert sum(isinstance(one, Result) for one in results) == 3
    paid = sorted(one["pays"] for one in returns(till, row))
    assert paid == ["9.66", "9.67", "9.67"]
    till.runtime.engine.dispose()
