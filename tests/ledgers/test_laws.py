"""The laws of ledgers hold for random posts, holds, transfers, reversals and days that pass."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from generator.compile import compile_definitions
from generator.model.ledger import OPEN
from rules.blockers import Blocker
from rules.ledger import entries as rules
from rules.ledger.entries import Entry, Held, Past
from rules.ledger.lots import Draw, Lot, take, take_back
from runtime.errors import RequestError
from runtime.expiring import expire
from tests.databases import sqlite_url
from tests.ledgers.counting import COUNTERS, Counting, open_counting

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LEDGERS = compile_definitions(COUNTERS).app.ledgers
STOCK = LEDGERS["stock"]
KEY = ("a", "b")
QUANTITIES = some.integers(1, 12)
PLACES = some.sampled_from(("north", "south"))

STEPS = some.lists(
    some.one_of(
        some.tuples(some.sampled_from(("receive", "ship")), PLACES, QUANTITIES),
        some.tuples(some.just("carry"), PLACES, QUANTITIES),
        some.tuples(some.just("hold"), PLACES, QUANTITIES),
        some.tuples(some.sampled_from(("commit", "release")), some.integers(0, 5), QUANTITIES),
        some.tuples(some.just("reverse"), some.integers(0, 9), some.just(0)),
        some.tuples(some.sampled_from(("earn", "spend", "give")), PLACES, QUANTITIES),
        some.tuples(some.just("days"), some.just("north"), some.integers(1, 300)),
    ),
    max_size=25,
)


@pytest.fixture(scope="module")
def counting(tmp_path_factory: pytest.TempPathFactory) -> Counting:
    return open_counting(sqlite_url(tmp_path_factory.mktemp("laws")))


@settings(max_examples=60)
@given(steps=STEPS)
def test_entries_are_balances_and_no_guard_is_ever_broken(
    counting: Counting, steps: list[tuple[str, Any, int]]
) -> None:
    history: list[tuple[str, str]] = []
    holds: list[str] = []
    for what, where, quantity in steps:
        told = _step(counting, what, where, quantity, history, holds)
        if isinstance(told, RequestError):
            assert told.status == 409, told.errors
        elif told is not None:
            ledger = "points" if what in ("earn", "spend", "give") else "stock"
            history += [(ledger, one["id"]) for one in told["entries"] if what != "reverse"]
            holds += [told["hold"]["id"]] if what == "hold" else []
    counting.agrees()
    for place in ("north", "south"):
        now = counting.now_at(place=place)
        assert not now or now["available"] == now["on_hand"] - now["held"] >= 0 <= now["held"]
        left = counting.balance("points", owner=counting.ids[place])
        assert left.get("left", 0) >= 0


def _step(
    shop: Counting,
    what: str,
    where: Any,
    quantity: int,
    history: list[tuple[str, str]],
    holds: list[str],
) -> Any:
    other = {"north": "south", "south": "north"}
    if what in ("receive", "ship"):
        return shop.post(what, quantity, shop.key(place=where))
    if what in ("earn", "spend"):
        return shop.points(what, quantity, where)
    if what == "carry":
        sides = {"from": shop.key(place=where), "to": shop.key(place=other[where])}
        return shop.told(
            shop.ask("transfer", "stock", {"kind": what, "quantity": str(quantity), **sides})
        )
    if what == "give":
        sides = {"from": {"owner": shop.ids[where]}, "to": {"owner": shop.ids[other[where]]}}
        return shop.told(
            shop.ask("transfer", "points", {"kind": what, "quantity": quantity, **sides})
        )
    if what == "hold":
        return shop.do("hold", key=shop.key(place=where), quantity=str(quantity))
    if what in ("commit", "release"):
        return (
            shop.do(what, hold=holds[where], quantity=str(quantity)) if where < len(holds) else None
        )
    if what == "reverse":
        if where >= len(history):
            return None
        ledger, entry = history[where]
        return shop.do("reverse", ledger, entry=entry)
    shop.clock.now += timedelta(days=quantity)
    expire(shop.runtime)
    return None


@given(kind=some.sampled_from(["receive", "ship"]), quantity=some.integers(1, 10**9))
def test_a_reversal_is_the_opposite(kind: str, quantity: int) -> None:
    made = rules.entry(STOCK, kind, KEY, quantity)
    assert isinstance(made, Entry)
    back = rules.reversal(STOCK, Past("1", kind, KEY, quantity, made.changes))
    assert isinstance(back, Entry)
    for bucket in STOCK.buckets:
        assert made.changes.get(bucket, 0) + back.changes.get(bucket, 0) == 0


@given(amounts=some.lists(some.tuples(some.booleans(), some.integers(1, 20)), max_size=12))
def test_a_hold_is_never_settled_beyond_what_it_holds(amounts: list[tuple[bool, int]]) -> None:
    left, held_bucket = 30, 30
    for commit, quantity in amounts:
        held = Held("h", KEY, left, OPEN if left else "used", None)
        made = rules.settle(STOCK, held, quantity, NOON, commit=commit, post_key=None)
        if isinstance(made, Blocker):
            assert left == 0 or quantity > left
        else:
            left -= quantity
            held_bucket += made.changes["held"]
    assert left == held_bucket >= 0


@given(
    first=some.lists(some.tuples(some.sampled_from("ab"), QUANTITIES), max_size=8),
    seed=some.randoms(use_true_random=False),
)
def test_the_order_of_different_balances_does_not_matter(
    first: list[tuple[str, int]], seed: Any
) -> None:
    def sums(posts: list[tuple[str, int]]) -> dict[str, int]:
        found = {"a": 0, "b": 0}
        for place, quantity in posts:
            made = rules.entry(STOCK, "receive", (place, place), quantity)
            assert isinstance(made, Entry)
            found[place] += made.changes["on_hand"]
        return found

    shuffled = list(first)
    seed.shuffle(shuffled)
    assert sums(first) == sums(shuffled)


LOTS = some.lists(
    some.builds(
        Lot,
        id=some.uuids().map(str),
        quantity=some.just(20),
        remaining=some.integers(0, 20),
        expires_at=some.none() | some.integers(-3, 9).map(lambda n: NOON + timedelta(days=n)),
    ),
    max_size=8,
    unique_by=lambda lot: lot.id,
)


@given(lots=LOTS, quantity=some.integers(1, 60))
def test_what_expires_first_goes_first_and_what_has_expired_stays(
    lots: list[Lot], quantity: int
) -> None:
    usable = [one for one in lots if one.expires_at is None or one.expires_at > NOON]
    drawn = take(lots, quantity, NOON)
    if isinstance(drawn, Blocker):
        assert sum(one.remaining for one in usable) < quantity
        return
    assert -sum(one.quantity for one in drawn) == quantity
    assert all(0 < -one.quantity <= one.lot.remaining for one in drawn)
    touched = {one.lot.id for one in drawn}
    last = drawn[-1].lot
    for one in usable:
        if one.id not in touched and one.remaining:
            assert (one.expires_at is None, one.expires_at or NOON) >= (
                last.expires_at is None,
                last.expires_at or NOON,
            )
    for draw in drawn[:-1]:
        assert -draw.quantity == draw.lot.remaining


@given(lots=LOTS, quantity=some.integers(1, 60))
def test_taking_back_restores_every_lot(lots: list[Lot], quantity: int) -> None:
    drawn = take(lots, quantity, NOON)
    if isinstance(drawn, Blocker):
        return
    after = [
        Draw(
            Lot(one.lot.id, one.lot.quantity, one.lot.remaining + one.quantity, None), one.quantity
        )
        for one in drawn
    ]
    back = take_back(after)
    assert not isinstance(back, Blocker)
    for first, second in zip(drawn, back, strict=True):
        assert second.lot.remaining + second.quantity == first.lot.remaining
