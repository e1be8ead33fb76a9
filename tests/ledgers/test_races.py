"""Sixty-four at once against a limit of ten: exactly ten, whatever is taken back in between."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from runtime.errors import RequestError
from runtime.expiring import expire
from runtime.store.engine import read
from runtime.store.ledger_verify import replay
from tests.databases import postgres_url, sqlite_url
from tests.killing import until_let_go
from tests.ledgers.counting import Counting, code, open_counting
from tests.runtime.test_races import together

CROWD, LIMIT = 64, 10


def take(shop: Counting, number: int) -> Callable[[], Any]:
    values = {"kind": "take", "key": {"item": shop.ids["cap"]}, "quantity": 1}
    return lambda: shop.told(shop.ask("post", "uses", {**values, "post_key": f"order-{number}"}))


def limited(shop: Counting) -> None:
    shop.done("update", "item", {"most": str(LIMIT)}, record=shop.ids["cap"], version=1)


def taken(shop: Counting) -> int:
    return shop.balance("uses", item=shop.ids["cap"])["taken"]


def test_of_many_at_once_as_many_succeed_as_there_is_room(shop: Counting) -> None:
    limited(shop)
    results = together(*(take(shop, number) for number in range(CROWD)))
    assert sum(isinstance(one, dict) for one in results) == LIMIT
    assert {code(one) for one in results if not isinstance(one, dict)} == {"LIMIT"}
    assert taken(shop) == LIMIT == shop.count("uses_entry")
    shop.agrees()


def test_what_is_taken_back_meanwhile_makes_room_and_no_more(shop: Counting) -> None:
    limited(shop)

    def taker(number: int) -> Callable[[], Any]:
        def act() -> Any:
            told = take(shop, number)()
            if isinstance(told, dict) and number % 3 == 0:
                entry = told["entries"][0]["id"]
                return shop.do("reverse", "uses", entry=entry)
            return told

        return act

    results = together(*(taker(number) for number in range(CROWD)))
    kept = [n for n, one in enumerate(results) if isinstance(one, dict) and n % 3]
    assert len(kept) == taken(shop) <= LIMIT
    while isinstance(take(shop, 1000 + len(kept))(), dict):
        kept.append(0)
    assert len(kept) == taken(shop) == LIMIT
    shop.agrees()


def test_one_key_sent_by_many_is_posted_once(shop: Counting) -> None:
    results = together(*[take(shop, 1)] * 16)
    assert len({one["entries"][0]["id"] for one in results}) == 1
    assert taken(shop) == 1 == shop.count("uses_entry")


def test_one_entry_taken_back_by_many_is_taken_back_once(shop: Counting) -> None:
    entry = take(shop, 1)()["entries"][0]["id"]
    results = together(*[lambda: shop.do("reverse", "uses", entry=entry)] * 8)
    assert sum(isinstance(one, dict) for one in results) == 1
    assert taken(shop) == 0
    shop.agrees()


def test_crossing_transfers_and_lists_of_posts_do_not_wait_for_each_other(shop: Counting) -> None:
    north, south = shop.key(), shop.key(place="south")
    for key in (north, south):
        shop.post("receive", 100, key)

    def move(here: dict[str, str], there: dict[str, str]) -> Callable[[], Any]:
        values = {"kind": "carry", "from": here, "to": there, "quantity": "1"}
        return lambda: shop.told(shop.ask("transfer", "stock", values))

    def several(*keys: dict[str, str]) -> Callable[[], Any]:
        entries = [{"kind": "ship", "key": key, "quantity": "1"} for key in keys]
        return lambda: shop.do("post", entries=entries)

    turns = [move(north, south), move(south, north), several(north, south), several(south, north)]
    results = together(*turns * 4)
    assert all(isinstance(one, dict) for one in results), results
    assert shop.now_at()["on_hand"] + shop.now_at(place="south")["on_hand"] == 200 - 16
    shop.agrees()


def test_a_hold_is_used_or_given_back_but_never_both(shop: Counting) -> None:
    shop.post("receive", 8)
    holds = [shop.do("hold", key=shop.key(), quantity="1")["hold"]["id"] for _ in range(8)]
    turns = [
        lambda one=one, what=what: shop.do(what, hold=one)
        for one in holds
        for what in ("commit", "release")
    ]
    results = together(*turns)
    assert sum(isinstance(one, dict) for one in results) == 8
    assert shop.now_at()["held"] == 0
    shop.agrees()


def test_what_ran_out_is_given_back_once_by_however_many_clocks(shop: Counting) -> None:
    shop.post("receive", 8)
    for _ in range(4):
        shop.do("hold", key=shop.key(), quantity="2", **{"for": "PT1M"})
    shop.points("earn", 5)
    shop.clock.now += timedelta(days=400)
    results = together(*[lambda: expire(shop.runtime)] * 4)
    assert sum(results) == 5
    assert shop.now_at() == {"on_hand": 8, "held": 0, "available": 8}
    assert shop.balance("points", owner=shop.ids["north"]) == {"left": 0}
    states = {one["state"] for one in shop.read(shop.runtime.book("stock").holds.select())}
    assert states == {"expired"}
    assert expire(shop.runtime) == 0
    shop.agrees()


def post_until_killed(url: str, ids: dict[str, str], started: Any) -> None:
    """Post without an end, in a process of its own."""
    from tests.ledgers.counting import COUNTERS
    from tests.shop import reopen_shop

    opened = reopen_shop(url, COUNTERS)
    shop = Counting(opened.runtime, opened.actor, ids=ids)
    for number in range(10_000):
        entries = [
            {"kind": "receive", "key": shop.key(place=place), "quantity": "1"}
            for place in ("north", "south")
        ]
        assert not isinstance(shop.do("post", entries=entries), RequestError)
        if number == 5:
            started.set()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_process_killed_in_the_middle_leaves_entries_equal_to_balances(
    database: str, tmp_path: Path
) -> None:
    url = sqlite_url(tmp_path) if database == "sqlite" else postgres_url()
    shop = open_counting(url)
    context = multiprocessing.get_context("spawn")
    started = context.Event()
    process = context.Process(target=post_until_killed, args=(url, shop.ids, started))
    process.start()
    assert started.wait(120)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join(30)
    until_let_go(shop.runtime.engine)
    shop.agrees()
    north, south = shop.now_at(), shop.now_at(place="south")
    assert north == south
    assert north["on_hand"] >= 6
    shop.runtime.engine.dispose()


def test_a_balance_that_was_altered_is_told(shop: Counting) -> None:
    shop.post("receive", 8)
    shop.do("hold", key=shop.key(), quantity="2")
    book = shop.runtime.book("stock")
    with read(shop.runtime.engine) as connection:
        assert replay(connection, book).drifts == ()
    with shop.runtime.engine.begin() as connection:
        connection.execute(sa.text("update stock set on_hand = 9, held = 3"))
    with read(shop.runtime.engine) as connection:
        found = replay(connection, book)
    told = {(one.number, one.by, one.kept, one.should) for one in found.drifts}
    assert told == {
        ("on_hand", "entries", 9, 8),
        ("held", "entries", 3, 2),
        ("held", "holds", 3, 2),
    }
