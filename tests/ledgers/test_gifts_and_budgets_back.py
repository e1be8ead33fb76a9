"""What a return means for gifts, for what was paid for delivery, and for the budgets behind it."""

from decimal import Decimal
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from runtime.errors import RequestError
from runtime.messages import Result
from tests.databases import postgres_url, sqlite_url
from tests.ledgers.test_giving_back import returns, sold
from tests.ledgers.test_placing import Till, cart, open_till
from tests.runtime.test_races import together


@pytest.fixture
def till(tmp_path: Path) -> Any:
    opened = open_till(sqlite_url(tmp_path))
    yield opened
    opened.runtime.engine.dispose()


def back(till: Till, row: Any, count: int, line: int = 0, **said: Any) -> Any:
    wanted = {"line": row["lines"][line]["id"], "count": count, **said}
    values = {"workflow": "status", "transition": "take_back", "input": wanted}
    return till.ask("transition", "sale", values, record=row["id"])


def change(till: Till, row: Any, cases: list[dict[str, Any]]) -> Any:
    version = till.row(till.done("read", "sale", record=row["id"]))["version"]
    return till.ask("update", "sale", {"returns": cases}, record=row["id"], version=version)


def id_of(value: Any) -> str:
    return str(value["id"] if isinstance(value, dict) else value)


def parts(till: Till, case: Any) -> list[Any]:
    found = till.rows(till.done("list", "sale_return_line", query={"sort": "id"}))
    return [one for one in found if id_of(one["sale_return"]) == case["id"]]


def named(till: Till, case: Any) -> list[tuple[str, int, bool]]:
    """Return what a case is about: the item, how many, whether it asks by itself."""
    wares = {one["id"]: one["code"] for one in till.rows(till.done("list", "ware"))}
    lines = till.rows(till.done("list", "sale_line"))
    items = {one["id"]: wares[id_of(one["ware"])] for one in lines}
    return [
        (items[id_of(one["line"])], one["count"], bool(one["asked"])) for one in parts(till, case)
    ]


def budget(till: Till, promotion: str) -> int:
    return till.balance("grant", promotion=promotion, currency="EUR").get("spent", 0)


def test_a_gift_comes_back_with_what_it_was_given_for(till: Till) -> None:
    row = sold(till, cart("pot", 4))
    assert [(one["number"], one["count"], one["paid"]) for one in row["lines"]] == [
        (1, 4, "40.00"),
        (2, 1, "0.00"),
    ]
    back(till, row, 1)
    back(till, row, 1)
    first, second = returns(till, row)
    assert named(till, first) == [("pot", 1, False)]
    assert named(till, second) == [("pot", 1, False), ("lid", 1, True)]
    assert [one["pays"] for one in (first, second)] == ["10.00", "10.00"]
    back(till, row, 2)
    assert named(till, returns(till, row)[2]) == [("pot", 2, False)]


def test_a_gift_that_is_named_already_is_not_asked_for_again(till: Till) -> None:
    row = sold(till, cart("pot", 3))
    back(till, row, 1, line=1)
    back(till, row, 1)
    assert [named(till, one) for one in returns(till, row)] == [
        [("lid", 1, False)],
        [("pot", 1, False)],
    ]


def test_a_case_asks_no_more_for_a_gift_when_less_comes_back(till: Till) -> None:
    row = sold(till, cart("pot", 4))
    back(till, row, 2)
    (case,) = returns(till, row)
    pot, lid = parts(till, case)
    lines = [{"id": pot["id"], "count": 1}, {"id": lid["id"]}]
    assert isinstance(change(till, row, [{"id": case["id"], "lines": lines}]), Result)
    assert named(till, case) == [("pot", 1, False)]
    assert [one["pays"] for one in returns(till, row)] == ["10.00"]
    lines = till.rows(till.done("list", "sale_line", query={"sort": "number"}))
    assert [one["returned"] for one in lines] == [1, 0]


def test_whoever_takes_the_asked_gift_out_of_a_case_finds_it_there_again(till: Till) -> None:
    row = sold(till, cart("pot", 3))
    back(till, row, 3)
    (case,) = returns(till, row)
    part = parts(till, case)[0]
    change(till, row, [{"id": case["id"], "lines": [{"id": part["id"]}]}])
    assert named(till, case) == [("pot", 3, False), ("lid", 1, True)]


def test_a_gift_that_stays_is_charged_once_and_no_more_than_is_paid_back(till: Till) -> None:
    row = sold(till, cart("mop", 5))
    assert [one["count"] for one in row["lines"]] == [5, 2]
    for count in (1, 1, 3):
        back(till, row, count)
    told = [(one["pays"], one["gifts"], one["gifts_for"]) for one in returns(till, row)]
    assert told == [
        ("10.00", "0.00", ""),
        ("6.00", "4.00", "rag × 1"),
        ("26.00", "4.00", "rag × 2"),
    ]


def test_a_charged_gift_that_comes_back_later_is_paid_back(till: Till) -> None:
    row = sold(till, cart("mop", 2))
    back(till, row, 1)
    back(till, row, 1, line=1)
    assert [(one["pays"], one["gifts"]) for one in returns(till, row)] == [
        ("6.00", "4.00"),
        ("4.00", "-4.00"),
    ]


def test_a_charge_that_the_refund_cannot_bear_waits_for_the_next(till: Till) -> None:
    row = sold(till, {"lines": [{"item": "mop", "quantity": 2}], "codes": ["CHEAP"]})
    assert row["total"] == "6.00"
    back(till, row, 1)
    back(till, row, 1)
    assert [(one["pays"], one["gifts"]) for one in returns(till, row)] == [
        ("0.00", "3.00"),
        ("2.00", "1.00"),
    ]


def test_a_budget_gets_back_what_a_settled_refund_took_back(till: Till) -> None:
    row = sold(till, cart("tin", 3))
    assert (row["total"], budget(till, "tin_less")) == ("21.00", 900)
    back(till, row, 1)
    assert budget(till, "tin_less") == 900
    (case,) = returns(till, row)
    assert isinstance(change(till, row, [{"id": case["id"], "done": True}]), Result)
    assert budget(till, "tin_less") == 600
    back(till, row, 2, done=True)
    assert budget(till, "tin_less") == 0
    till.agrees()


def test_a_case_that_is_settled_twice_gives_nothing_twice(till: Till) -> None:
    row = sold(till, cart("tin", 2))
    back(till, row, 1, done=True)
    (case,) = returns(till, row)
    for done in (False, True, False, True):
        change(till, row, [{"id": case["id"], "done": done}])
        assert budget(till, "tin_less") == 300
    change(till, row, [{"id": case["id"], "void": True}])
    back(till, row, 1, done=True)
    assert budget(till, "tin_less") == 300
    till.agrees()


def test_room_in_a_budget_is_granted_again(till: Till) -> None:
    rows = [sold(till, cart("tin", 5)) for _ in range(2)]
    assert till.prices(cart("tin", 1)).priced.totals.total == 1000
    back(till, rows[0], 1, done=True)
    assert till.place(cart("tin", 1))["total"] == "7.00"
    assert budget(till, "tin_less") == 3000


def test_a_cancel_after_a_refund_gives_back_the_rest_and_reinstating_takes_only_that(
    till: Till,
) -> None:
    row = till.place(cart("tin", 3))
    case = {"lines": [{"line": row["lines"][0]["id"], "count": 1}], "done": True}
    assert isinstance(change(till, row, [case]), Result)
    assert budget(till, "tin_less") == 600
    assert isinstance(till.cancel(row["id"]), Result)
    assert budget(till, "tin_less") == 0
    assert isinstance(till.reinstate(row["id"]), Result)
    assert budget(till, "tin_less") == 600
    till.agrees()


def test_a_shared_budget_gets_back_only_for_those_who_ask_for_it(till: Till) -> None:
    both = {"lines": [{"item": "jug", "quantity": 1}, {"item": "box", "quantity": 2}]}
    row = sold(till, both)
    assert till.in_pot() == 700
    back(till, row, 1, line=0, done=True)
    assert till.in_pot() == 700
    back(till, row, 1, line=1, done=True)
    assert till.in_pot() == 500
    back(till, row, 1, line=1, done=True)
    assert till.in_pot() == 300
    till.agrees()


def test_delivery_is_paid_back_by_share_and_its_budget_with_it(till: Till) -> None:
    sent = {**cart("mug", 3, codes=["POST"]), "deliveries": [{"id": "d", "cost": "7.00"}]}
    row = sold(till, sent)
    assert (row["total"], budget(till, "post_less")) == ("35.00", 200)
    back(till, row, 1, done=True)
    back(till, row, 1, done=True, with_delivery=True)
    back(till, row, 1, done=True, with_delivery=True)
    assert [(one["pays"], one["delivery"]) for one in returns(till, row)] == [
        ("10.00", "0.00"),
        ("11.66", "1.66"),
        ("11.67", "1.67"),
    ]
    assert budget(till, "post_less") == 67


@pytest.mark.parametrize("seed", range(12))
def test_in_any_order_no_more_is_paid_back_than_was_paid_and_no_more_given_back(
    till: Till, seed: int
) -> None:
    chance = Random(seed)
    items = [("tin", 5), ("mop", 4), ("pot", 4), ("box", 3)]
    lines = [{"item": item, "quantity": chance.randint(1, most)} for item, most in items]
    deliveries = [{"id": "d", "cost": "5.00"}]
    row = sold(till, {"lines": lines, "codes": ["POST"], "deliveries": deliveries})
    given = budget(till, "tin_less") + budget(till, "post_less") + till.in_pot()
    for _ in range(25):
        case = chance.choice(returns(till, row) or [None])
        if case is not None and chance.random() < 0.3:
            what = chance.choice([{"void": True}, {"void": False}, {"done": True}])
            change(till, row, [{"id": one["id"], **(what if one == case else {})}
                               for one in returns(till, row)])  # fmt: skip
        else:
            at = chance.randrange(len(row["lines"]))
            done, along = chance.random() < 0.5, chance.random() < 0.5
            back(till, row, chance.randint(1, 3), line=at, done=done, with_delivery=along)
        paid = sum(Decimal(one["pays"]) for one in returns(till, row) if not one["void"])
        assert 0 <= paid <= Decimal(row["total"])
        left = budget(till, "tin_less"), budget(till, "post_less"), till.in_pot()
        assert min(left) >= 0
        assert sum(left) <= given
    till.agrees()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_of_many_refunds_at_once_a_budget_gets_back_what_it_gave(
    database: str, tmp_path: Path
) -> None:
    till = open_till(sqlite_url(tmp_path) if database == "sqlite" else postgres_url())
    rows = [sold(till, cart("tin", 3)) for _ in range(3)]
    results = together(*[partial(back, till, row, 1, done=True) for row in rows * 5])
    done = sum(isinstance(one, Result) for one in results)
    assert done + sum(isinstance(one, RequestError) for one in results) == 15
    assert 3 <= done <= 9
    assert budget(till, "tin_less") == 2700 - 300 * done
    for row in rows:
        while isinstance(back(till, row, 1, done=True), Result):
            pass
    assert budget(till, "tin_less") == 0
    assert sum(Decimal(one["pays"]) for row in rows for one in returns(till, row)) == 63
    till.agrees()
    till.runtime.engine.dispose()
