"""A placed record gets other lines: priced by its own rules, counted by the difference."""

import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from runtime.errors import GuardBlocked, Invalid, InvalidInput, PriceChanged, RequestError
from runtime.messages import Result
from tests.databases import postgres_url, sqlite_url
from tests.ledgers.test_added_stock import bring
from tests.ledgers.test_placing import Till, cart, open_till, voucher
from tests.runtime.test_races import together

CROWD, LIMIT = 64, 10
PARTS = "lines,discounts,fees,tokens"


@pytest.fixture(params=["sqlite", "postgresql"])
def till(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Till]:
    opened = open_till(sqlite_url(tmp_path) if request.param == "sqlite" else postgres_url())
    yield opened
    opened.runtime.engine.dispose()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Till]:
    opened = open_till(sqlite_url(tmp_path))
    yield opened
    opened.runtime.engine.dispose()


def asked(items: Any, **more: Any) -> dict[str, Any]:
    listed = [{"item": item, "quantity": quantity} for item, quantity in items.items()]
    given = {"items": listed, **more} if items else dict(more)
    return {"workflow": "status", "transition": "edit", "input": given}


def edit(shop: Till, record: str, items: Any, *, seen: str = "", **more: Any) -> Any:
    """Change a sale at the prices that are told first; the answer, or the refusal."""
    if not seen:
        told = shop.ask("transition", "sale", asked(items, **more), record=record)
        if not isinstance(told, PriceChanged):
            return told
        seen = told.params["evaluated"].priced.fingerprint
    return shop.ask("transition", "sale", asked(items, prices=seen, **more), record=record)


def sale(shop: Till, record: str) -> dict[str, Any]:
    found: dict[str, Any] = shop.row(
        shop.done("read", "sale", record=record, query={"include": PARTS})
    )
    return found


def now(shop: Till, record: str) -> dict[str, Any]:
    """Return a sale as it stands, without what differs from one to the other."""
    row = sale(shop, record)
    names = ("number", "count", "price", "off", "free", "paid", "units")
    discounts = [(one["line"] or 0, one["rule"], one["amount"]) for one in row["discounts"]]
    return {
        "sums": (row["total"], row["expected"]),
        "lines": [{name: one[name] for name in names} for one in row["lines"]],
        "discounts": sorted(discounts),
        "fees": [one["amount"] for one in row["fees"]],
        "tokens": [one["token"] for one in row["tokens"]],
    }


def named(shop: Till) -> dict[str, str]:
    """Return what records are called, by their ids."""
    found = {}
    for entity in ("ware", "pot"):
        rows = shop.rows(shop.done("list", entity, query={"limit": "100"}))
        found |= {one["id"]: one["code"] for one in rows}
    return found


def balances(shop: Till) -> dict[str, Any]:
    """Return every balance that is not nothing; how often somebody was quick is never undone."""
    found, names = {}, named(shop)
    for ledger in shop.runtime.app.ledgers.values():
        for row in shop.read(sa.select(shop.runtime.book(ledger.name).balances)):
            key = [names.get(str(row[one]), str(row[one])) for one in ledger.key]
            numbers = [row[one] for one in ledger.buckets]
            if any(numbers) and ledger.name != "pace":
                found[" ".join([ledger.name, *key])] = numbers
    return found


def sold(shop: Till, record: str) -> dict[str, int]:
    """Return what was bought, without what promotions added."""
    names = named(shop)
    lines = [one for one in sale(shop, record)["lines"] if one["free"] is None]
    return {names[one["ware"]["id"]]: one["count"] for one in lines}


def test_more_and_less_of_it_count_by_the_difference(small: Till) -> None:
    row = small.place(cart("pen", 1, customer="ann", deliveries=[{"id": "d", "cost": "5.00"}]))
    assert row["total"] == "6.00"
    kept = row["lines"][0]["id"]
    done = edit(small, row["id"], {"pen": 3, "cap": 1})
    assert isinstance(done, Result), done
    found = sale(small, row["id"])
    assert (found["total"], [one["amount"] for one in found["fees"]]) == ("26.00", ["5.00"])
    assert found["lines"][0]["id"] == kept
    assert (small.used("flash", item="pen"), small.used("first_ten")) == (2, 1)
    assert isinstance(edit(small, row["id"], {"pen": 1, "cap": 0}), Result)
    assert sale(small, row["id"])["total"] == "6.00"
    assert (small.used("flash", item="pen"), small.used("first_ten")) == (1, 0)
    small.agrees()


CODES = ["BULK", "POST", "CHEAP", "HASTE"]
WARES = ("cap", "hat", "bag", "pen", "jar", "jug", "pan", "tin", "box", "pot", "mop", "urn")


def drawn(chance: random.Random) -> dict[str, int]:
    names = chance.sample(WARES, chance.randint(1, 5))
    return {name: chance.randint(1, 4) for name in names}


def as_cart(items: dict[str, int], codes: list[str]) -> dict[str, Any]:
    lines = [{"item": item, "quantity": count} for item, count in items.items()]
    fee = [{"id": "d", "cost": "5.00"}]
    more = {"customer": "ann", "codes": codes, "deliveries": fee, "facts": {"device": "d1"}}
    return {"lines": lines, **more}


def turn(shop: Till, record: str, wanted: dict[str, int]) -> None:
    """Change a sale so that just this was bought."""
    changes = {**dict.fromkeys(sold(shop, record), 0), **wanted}
    answer = edit(shop, record, changes)
    assert isinstance(answer, Result), answer
    shop.agrees()


@pytest.mark.parametrize("seed", range(8))
def test_changed_to_something_it_is_as_if_that_had_been_placed(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    for name in "ab":
        (tmp_path / name).mkdir()
    here, there = (open_till(sqlite_url(tmp_path / name)) for name in "ab")
    for shop in (here, there):
        bring(shop, "lid", 9)
        bring(shop, "rag", 9)
    row = here.place(as_cart(drawn(chance), CODES))
    used = {one["code"] for one in row["discounts"]}
    codes = [code for code in CODES if code in used]
    before, counted, first = now(here, row["id"]), balances(here), sold(here, row["id"])
    for _ in range(3):
        turn(here, row["id"], drawn(chance))
        other = there.place(as_cart(sold(here, row["id"]), codes))
        assert now(here, row["id"]) == now(there, other["id"])
        assert balances(here) == balances(there)
        there.cancel(other["id"])
    turn(here, row["id"], first)
    # the lines may stand in another order by now, and a cent lie elsewhere
    assert now(here, row["id"])["sums"] == before["sums"]
    assert balances(here) == counted
    here.cancel(row["id"])
    assert balances(here) == balances(there)
    here.agrees()
    for shop in (here, there):
        shop.runtime.engine.dispose()


def test_there_and_back_leaves_the_very_same_parts(small: Till) -> None:
    row = small.place(cart("cap", 3, customer="ann"))
    before = sale(small, row["id"])
    for count in (5, 3):
        assert isinstance(edit(small, row["id"], {"cap": count}), Result)
    after = sale(small, row["id"])
    assert [one["id"] for one in after["lines"]] == [one["id"] for one in before["lines"]]
    assert [one["id"] for one in after["discounts"]] == [one["id"] for one in before["discounts"]]


def test_what_was_not_seen_is_not_written(small: Till) -> None:
    row = small.place(cart("cap", 3))
    told = small.ask("transition", "sale", asked({"cap": 4}), record=row["id"])
    assert isinstance(told, PriceChanged)
    assert told.params["evaluated"].priced.totals.total == 3900
    mark = told.params["evaluated"].priced.fingerprint
    other = edit(small, row["id"], {"cap": 5}, seen=mark)
    assert isinstance(other, PriceChanged)
    assert sale(small, row["id"])["total"] == "29.00"


@pytest.mark.parametrize(
    ("items", "field", "code"),
    [
        ([{"item": "cap", "quantity": -1}], "items.0.quantity", "invalid"),
        ([{"item": "cap", "quantity": True}], "items.0.quantity", "invalid"),
        ([{"item": "cap"}], "items.0.quantity", "invalid"),
        ([{"quantity": 1}], "items.0.item", "required"),
        ([{"item": "cap", "line": 1, "quantity": 1}], "items.0.item", "required"),
        ([{"item": "cap", "price": "1", "quantity": 1}], "items.0.quantity", "invalid"),
        ([{"line": 7, "quantity": 1}], "items.0.line", "not_found"),
        ([{"item": "hat", "quantity": 0}], "items.0.item", "not_found"),
        ([{"item": "cap", "quantity": 0}], "items", "EMPTY"),
        ([], "items", "required"),
        ({"cap": 1}, "items", "invalid"),
    ],
)
def test_what_makes_no_sense_is_told_at_its_place(
    small: Till, items: Any, field: str, code: str
) -> None:
    row = small.place(cart("cap", 3))
    body = {"workflow": "status", "transition": "edit", "input": {"items": items}}
    refusal = small.ask("transition", "sale", body, record=row["id"])
    assert isinstance(refusal, InvalidInput), refusal
    assert [(one.field, one.code) for one in refusal.errors] == [(field, code)]


def test_an_item_that_is_not_there_cannot_be_added(small: Till) -> None:
    row = small.place(cart("cap", 3))
    refusal = small.ask("transition", "sale", asked({"none": 1}), record=row["id"])
    assert isinstance(refusal, Invalid)
    assert [one.code for one in refusal.errors] == ["not_found"]


def test_the_rules_are_those_of_then_unless_somebody_asks_for_those_of_now(small: Till) -> None:
    row = small.place(cart("cap", 3))
    ware = small.rows(small.done("list", "ware", query={"code": "cap"}))[0]
    small.done("update", "ware", {"price": "20.00"}, record=ware["id"], version=1)
    assert isinstance(edit(small, row["id"], {"cap": 4}), Result)
    assert sale(small, row["id"])["total"] == "39.00"
    assert isinstance(edit(small, row["id"], {"cap": 5}, today=True), Result)
    assert sale(small, row["id"])["total"] == "99.00"


def test_a_code_of_its_own_stays_used_while_it_holds(small: Till) -> None:
    voucher(small, "ONCE")
    row = small.place(cart("cup", codes=["ONCE"]))
    assert isinstance(edit(small, row["id"], {"cup": 3}), Result)
    assert sale(small, row["id"])["total"] == "26.00"
    assert small.used("bonus", code="ONCE") == 1
    small.agrees()


def test_what_was_taken_anew_comes_back_with_a_cancel_and_goes_again(small: Till) -> None:
    bring(small, "lid", 3)
    row = small.place(cart("pot", 2, customer="ann"))
    assert isinstance(edit(small, row["id"], {"pot": 3, "tin": 2}), Result)
    full = balances(small)
    assert full["shelf lid"] == [2]
    assert isinstance(edit(small, row["id"], {"tin": 1}), Result)
    less = balances(small)
    for _ in range(2):
        small.cancel(row["id"])
        assert balances(small) == {"shelf lid": [3]}
        assert isinstance(small.reinstate(row["id"]), Result)
        assert balances(small) == less
    small.agrees()


def test_of_many_changes_no_more_take_than_there_is(till: Till) -> None:
    for number in range(CROWD):
        till.done("create", "buyer", {"code": f"c{number}"})
    rows = [till.place(cart("hat", 1, customer=f"c{n}")) for n in range(CROWD)]
    changes = [asked({"cap": 1}) for _ in rows]
    marks = [
        till.ask("transition", "sale", change, record=row["id"])
        for change, row in zip(changes, rows, strict=True)
    ]
    bodies = [asked({"cap": 1}, prices=one.params["evaluated"].priced.fingerprint) for one in marks]
    results = together(*(
        partial(till.ask, "transition", "sale", body, record=row["id"])
        for body, row in zip(bodies, rows, strict=True)
    ))  # fmt: skip
    done = [one for one in results if isinstance(one, Result)]
    assert len(done) == LIMIT
    assert {type(one) for one in results} <= {Result, PriceChanged, GuardBlocked}
    assert till.used("first_ten") == LIMIT
    till.agrees()


def test_a_change_and_a_payment_at_once_one_wins(till: Till) -> None:
    row = till.place(cart("cap", 1))
    mark = till.ask("transition", "sale", asked({"cap": 2}), record=row["id"])
    seen = mark.params["evaluated"].priced.fingerprint
    version = row["version"]
    body, pay = asked({"cap": 2}, prices=seen), {"workflow": "status", "transition": "pay"}
    results = together(
        partial(till.ask, "transition", "sale", body, record=row["id"], version=version),
        partial(till.ask, "transition", "sale", pay, record=row["id"], version=version),
    )
    assert sum(isinstance(one, Result) for one in results) == 1, results
    refused = next(one for one in results if isinstance(one, RequestError))
    assert refused.status == 409
    till.agrees()
