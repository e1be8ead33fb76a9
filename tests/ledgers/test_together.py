"""Several entries by one round trip: they are what as many entries one by one are, or nothing."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
import sqlalchemy.exc

from rules.blockers import Blocker
from rules.ledger.entries import Entry, entry
from runtime.expiring import expire
from runtime.store.engine import write
from runtime.store.ledgers import Posting
from runtime.store.posted import Cause, Posted, Refused
from tests.databases import postgres_url
from tests.ledgers.counting import Counting, code, open_counting
from tests.ledgers.test_alone import statements
from tests.runtime.test_races import together

PLACES = [("cap", "north"), ("hat", "south"), ("hat", "north"), ("cap", "south")]


@pytest.fixture
def fast() -> Iterator[Counting]:
    """A shop on PostgreSQL that has posted until its driver has prepared what it sends."""
    shop = open_counting(postgres_url())
    for _ in range(7):
        posted(shop, [made(shop, "receive", 1), made(shop, "receive", 1, ("hat", "north"))])
    yield shop
    shop.runtime.engine.dispose()


def made(
    shop: Counting, kind: str, quantity: int, at: tuple[str, str] = PLACES[0], key: str = ""
) -> Entry:
    ledger = shop.runtime.app.ledgers["stock"]
    ids = (shop.ids[at[0]], shop.ids[at[1]])
    found = entry(ledger, kind, ids, quantity, reason="-", post_key=key or None)
    assert not isinstance(found, Blocker)
    return found


def posted(shop: Counting, entries: list[Entry]) -> list[Posted]:
    runtime = shop.runtime
    with write(runtime.engine) as connection:
        posting = Posting(connection, runtime.book, shop.clock.now, runtime.make_id)
        return posting.post(entries, Cause())


def undone(shop: Counting, entries: list[Entry]) -> None:
    runtime = shop.runtime
    with write(runtime.engine) as connection:
        posting = Posting(connection, runtime.book, shop.clock.now, runtime.make_id)
        assert len(posting.post(entries, Cause())) == len(entries)
        raise ZeroDivisionError


def cut_off(shop: Counting, entries: list[Entry]) -> None:
    """Post, lose the connection, and post once more in the same transaction."""
    runtime = shop.runtime
    with write(runtime.engine) as connection:
        posting = Posting(connection, runtime.book, shop.clock.now, runtime.make_id)
        posting.post(entries, Cause())
        own = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with runtime.engine.connect() as other:
            other.exec_driver_sql("SELECT pg_terminate_backend(%s, 10000)", (own,))
        posting.post(entries, Cause())


def numbers(shop: Counting) -> list[dict[str, int]]:
    return [shop.now_at(*at) for at in PLACES]


def test_together_they_are_what_they_are_one_by_one(shop: Counting) -> None:
    dice = Random(7)
    for at in PLACES:
        posted(shop, [made(shop, "receive", 50, at)])
    before = numbers(shop)
    wanted = [
        ("ship" if dice.random() < 0.7 else "receive", dice.randint(1, 3), dice.choice(PLACES))
        for _ in range(24)
    ]
    told = posted(shop, [made(shop, *one) for one in wanted])
    assert [one.entry.quantity for one in told] == [one[1] for one in wanted]
    assert len({one.id for one in told}) == 24
    for place, at in enumerate(PLACES):
        moved = sum(
            count if kind == "receive" else -count for kind, count, where in wanted if where == at
        )
        assert shop.now_at(*at)["on_hand"] == before[place]["on_hand"] + moved
        last = [one for one, (_, _, where) in zip(told, wanted, strict=True) if where == at]
        if last:
            assert max(one.version for one in last) == 1 + len(last) + 1
    shop.agrees()


def test_they_are_one_round_trip(fast: Counting) -> None:
    entries = [made(fast, "receive", 1, at) for at in PLACES[::2]]
    with statements(fast) as sent:
        posted(fast, entries)
    assert [("UPDATE stock" in text, "once" in text) for text in sent] == [(True, True)] * 2


def test_one_that_is_refused_leaves_nothing_of_the_others_and_says_why(shop: Counting) -> None:
    for _ in range(8):
        posted(shop, [made(shop, "receive", 1, at) for at in PLACES])
    before, count = numbers(shop), shop.count("stock_entry")
    for middle in PLACES:
        entries = [made(shop, "ship", 900 if at == middle else 1, at) for at in PLACES]
        with pytest.raises(Refused) as refused:
            posted(shop, entries)
        assert refused.value.entry == entries[PLACES.index(middle)]
    assert (numbers(shop), shop.count("stock_entry")) == (before, count)
    shop.agrees()


def test_a_key_that_was_used_is_answered_and_the_others_are_written(fast: Counting) -> None:
    first = posted(fast, [made(fast, "receive", 5, key="a"), made(fast, "receive", 1, PLACES[2])])
    again = posted(fast, [made(fast, "receive", 5, key="a"), made(fast, "receive", 1, PLACES[2])])
    assert [one.replayed for one in again] == [True, False]
    assert again[0].id == first[0].id
    with pytest.raises(Refused) as refused:
        posted(fast, [made(fast, "receive", 6, key="a"), made(fast, "receive", 1, PLACES[2])])
    assert refused.value.blockers[0].code == "OTHER_POST"
    fast.agrees()


def test_a_balance_that_was_undone_is_made_again(fast: Counting) -> None:
    new = [made(fast, "receive", 2, at) for at in PLACES]
    with pytest.raises(Refused):
        posted(fast, [*new, made(fast, "ship", 900, PLACES[1])])
    with pytest.raises(ZeroDivisionError):
        undone(fast, new)
    assert fast.now_at(*PLACES[1]) == {}
    posted(fast, new)
    assert fast.now_at(*PLACES[1])["on_hand"] == 2
    fast.agrees()


def test_what_a_transaction_wrote_before_stays_when_they_are_asked_one_by_one(
    fast: Counting,
) -> None:
    runtime, one = fast.runtime, [made(fast, "receive", 1, PLACES[1], key="b")]
    with write(runtime.engine) as connection:
        posting = Posting(connection, runtime.book, fast.clock.now, runtime.make_id)
        posting.post(one, Cause())
        told = posting.post([*one, made(fast, "receive", 3, PLACES[3])], Cause())
    assert [each.replayed for each in told] == [True, False]
    assert fast.now_at(*PLACES[1])["on_hand"] == 1
    assert fast.now_at(*PLACES[3])["on_hand"] == 3
    fast.agrees()


def test_a_connection_that_is_lost_leaves_nothing_and_the_next_one_posts(fast: Counting) -> None:
    entries = [made(fast, "receive", 1, at) for at in PLACES[::2]]
    before, count = numbers(fast), fast.count("stock_entry")
    with pytest.raises(sa.exc.DBAPIError) as lost:
        cut_off(fast, entries)
    assert lost.value.connection_invalidated
    assert (numbers(fast), fast.count("stock_entry")) == (before, count)
    posted(fast, entries)
    assert fast.count("stock_entry") == count + 2
    fast.agrees()


def test_sixty_four_lists_in_any_order_take_ten_and_none_waits_for_ever(shop: Counting) -> None:
    posted(shop, [made(shop, "receive", 10, PLACES[0])])
    posted(shop, [made(shop, "receive", 500, at) for at in PLACES[1:]])
    dice = Random(11)

    def turn() -> Callable[[], Any]:
        order = dice.sample(PLACES, len(PLACES))
        entries = [made(shop, "ship", 1, at) for at in order]

        def act() -> Any:
            try:
                return posted(shop, entries)
            except Refused as refused:
                return refused

        return act

    results = together(*[turn() for _ in range(64)])
    assert sum(isinstance(one, list) for one in results) == 10
    assert all(isinstance(one, list | Refused) for one in results), results
    assert [one["on_hand"] for one in numbers(shop)] == [0, *[490] * 3]
    shop.agrees()


def test_one_hold_that_cannot_be_given_back_stops_none_beside_it(shop: Counting) -> None:
    shop.post("receive", 80)
    holds = [
        shop.do("hold", key=shop.key(), quantity="1", **{"for": "PT1M"})["hold"]["id"]
        for _ in range(60)
    ]
    used = f"expire/{holds[17]}"
    assert "entries" in shop.post("receive", 1, key=shop.key(), post_key=used)
    shop.clock.now += timedelta(hours=1)
    assert expire(shop.runtime) == 59
    assert shop.now_at()["held"] == 1
    rows = shop.read(shop.runtime.book("stock").holds.select())
    states = {one["id"]: one["state"] for one in rows}
    assert [one for one in holds if states[one] != "expired"] == [holds[17]]
    assert code(shop.do("commit", hold=holds[3])) == "HOLD_CLOSED"
    shop.agrees()


def test_several_clocks_share_the_holds_that_ran_out(fast: Counting) -> None:
    fast.post("receive", 300)
    for _ in range(260):
        fast.do("hold", key=fast.key(), quantity="1", **{"for": "PT1M"})
    fast.clock.now += timedelta(hours=1)
    runtime = fast.runtime
    with write(runtime.engine) as connection:
        posting = Posting(connection, runtime.book, runtime.clock(), runtime.make_id)
        assert len(posting.holds_over(runtime.book("stock"), 50, [])) == 50
        assert expire(runtime) == 210, "what another one has locked is left to it"
    assert expire(runtime) == 50
    assert expire(runtime) == 0
    assert fast.now_at()["held"] == 0
    fast.agrees()
