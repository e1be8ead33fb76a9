"""Several people at once, with real threads: each thing happens once, or to nobody."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from runtime.errors import Conflict, Invalid, RequestError, Stale
from runtime.messages import Result
from tests.shop import Shop, person

CAP = {"item": "Cap", "price": "3"}
CROWD = 8


def together(*actions: Callable[[], Any]) -> list[Any]:
    """Run actions at the same moment, each in a thread of its own; return what they returned."""
    start = threading.Barrier(len(actions))
    results: list[Any] = [None] * len(actions)

    def run(number: int, action: Callable[[], Any]) -> None:
        start.wait()
        results[number] = action()

    threads = [
        threading.Thread(target=run, args=(number, action)) for number, action in enumerate(actions)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads), "somebody waits for ever"
    return results


def successes(results: list[Any]) -> list[Result]:
    return [result for result in results if isinstance(result, Result)]


@pytest.mark.parametrize("values", [{"status": "paid"}, {"lines": [{"item": "Hat", "price": "1"}]}])
def test_of_many_changes_to_one_version_one_wins_and_the_others_are_told(
    shop: Shop, values: dict[str, Any]
) -> None:
    made = shop.row(shop.done("create", "order", {"lines": [CAP]}))

    def change() -> Any:
        return shop.ask("update", "order", values, record=made["id"], version=1)

    results = together(*[change] * CROWD)
    assert len(successes(results)) == 1
    assert all(isinstance(r, Stale) for r in results if not isinstance(r, Result))
    assert shop.count("order_line") == 1
    assert shop.count("sw_audit") == shop.count("sw_outbox") == 2


def test_a_double_click_makes_one_record(shop: Shop) -> None:
    results = together(
        *[lambda: shop.ask("create", "order", {"lines": [CAP]}, key="click")] * CROWD
    )
    assert len(successes(results)) == CROWD
    assert len({shop.row(result)["id"] for result in results}) == 1
    assert shop.count("order") == shop.count("order_line") == 1
    assert shop.count("sw_audit") == 1


def test_no_number_is_given_twice_or_left_out(shop: Shop) -> None:
    results = together(*[lambda: shop.ask("create", "order", {"lines": [CAP]})] * CROWD)
    numbers = sorted(shop.row(result)["number"] for result in successes(results))
    assert numbers == [f"SO20261122-{number:06}" for number in range(1, CROWD + 1)]


def test_a_value_that_must_be_unique_is_taken_once(shop: Shop) -> None:
    def create(number: int) -> Callable[[], Any]:
        values = {"code": "SAME", "name": f"Customer {number}"}
        return lambda: shop.ask("create", "customer", values, actor=person("clerk", number=number))

    results = together(*(create(number) for number in range(1, CROWD + 1)))
    assert len(successes(results)) == 1
    assert all(isinstance(r, Invalid) for r in results if not isinstance(r, Result))
    assert shop.count("customer") == 1


@pytest.mark.parametrize("round_", range(4))
def test_a_record_is_not_put_away_while_somebody_begins_to_use_it(shop: Shop, round_: int) -> None:
    buyer = shop.row(shop.done("create", "customer", {"code": "C", "name": "Buyer"}))
    values = {"customer": buyer["id"], "lines": [CAP]}
    removed, *ordered = together(
        lambda: shop.ask("delete", "customer", record=buyer["id"], version=1),
        *[lambda: shop.ask("create", "order", values)] * 3,
    )
    if isinstance(removed, Result):
        assert successes(ordered) == []
        assert shop.count("order") == 0
    else:
        assert isinstance(removed, Conflict)
        assert successes(ordered)


def test_two_changes_that_lock_the_same_records_crosswise_both_end(shop: Shop) -> None:
    first, second = (
        shop.row(shop.done("create", "customer", {"code": code, "name": code}))["id"]
        for code in ("A", "B")
    )
    orders = [
        shop.row(shop.done("create", "order", {"customer": buyer, "lines": [CAP]}))["id"]
        for buyer in (first, second)
    ]
    results = together(
        lambda: shop.ask("update", "order", {"customer": second}, record=orders[0], version=1),
        lambda: shop.ask("update", "order", {"customer": first}, record=orders[1], version=1),
        lambda: shop.ask("update", "customer", {"vip": True}, record=first, version=1),
        lambda: shop.ask("update", "customer", {"vip": True}, record=second, version=1),
    )
    assert [result for result in results if isinstance(result, RequestError)] == []
