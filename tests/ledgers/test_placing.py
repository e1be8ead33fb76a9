"""Placing a cart: priced once more, written with its parts, counted, all in one transaction."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from runtime.errors import Invalid, PriceChanged, RequestError
from runtime.files import FileStore
from runtime.messages import Result
from runtime.outside.timers import ring_due
from runtime.runtime import new_id, utc_now
from runtime.store.audit_key import audit_key
from runtime.web.rest import Api
from runtime.web.wire import JSON, Asked
from tests.databases import postgres_url, sqlite_url
from tests.ledgers.counting import Clock, Counting
from tests.runtime.test_races import together
from tests.shop import open_shop, person

TILL = Path(__file__).parent.parent / "shops" / "till"
CROWD, LIMIT = 64, 10


class Till(Counting):
    """A shop that prices and places."""

    def prices(self, cart: Any) -> Any:
        return self.done("evaluate", "sale", cart).row

    def body(self, cart: Any, **record: Any) -> dict[str, Any]:
        mark = self.prices(cart).priced.fingerprint
        return {"cart": cart, "fingerprint": mark, "record": record}

    def place(self, cart: Any, **record: Any) -> Any:
        """Place at the prices of now; the row, or the refusal."""
        return self.placed(self.body(cart, **record))

    def placed(self, body: Any, key: str = "") -> Any:
        answer = self.ask("place", "sale", body, key=key)
        return self.row(answer) if isinstance(answer, Result) else answer

    def cancel(self, record: str) -> Any:
        values = {"workflow": "status", "transition": "cancel"}
        return self.ask("transition", "sale", values, record=record)

    def reinstate(self, record: str) -> Any:
        values = {"workflow": "status", "transition": "reinstate"}
        return self.ask("transition", "sale", values, record=record)

    def used(self, promotion: str, **key: str) -> int:
        whole = {"customer": "*", "code": "*", "item": "*", **key}
        return self.balance("use", promotion=promotion, **whole).get("used", 0)

    def in_pot(self) -> int:
        """Return what was taken out of the shared budget."""
        (found,) = self.rows(self.done("list", "out_of_pot"))
        return int(Decimal(found["spent"]) * 100)


def cart(item: str, quantity: int = 1, **more: Any) -> dict[str, Any]:
    return {"lines": [{"item": item, "quantity": quantity}], **more}


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


def open_till(url: str) -> Till:
    opened = open_shop(url, TILL)
    shop = Till(opened.runtime, opened.actor, Clock())
    shop.runtime.clock = shop.clock
    for code in (
        "cap",
        "hat",
        "bag",
        "mug",
        "pen",
        "cup",
        "jar",
        "jug",
        "pan",
        "tin",
        "box",
        "pot",
        "lid",
        "mop",
        "rag",
        "urn",
    ):
        shop.done("create", "ware", {"code": code, "price": "10.00"})
    shop.done("create", "pot", {"code": "POT", "holds": "30.00"})
    for code, email in (("ann", "ann@example.org"), ("bob", None)):
        shop.done("create", "buyer", {"code": code, "email": email})
    return shop


def test_a_cart_becomes_a_record_with_its_parts_and_frozen_prices(small: Till) -> None:
    row = small.place(
        cart("cap", 3, customer="ann", deliveries=[{"id": "d", "cost": "5.00"}]), note="Please"
    )
    assert (row["total"], row["expected"], row["note"]) == ("34.00", "34.00", "Please")
    (line,) = row["lines"]
    assert (line["count"], line["price"], line["off"], line["paid"]) == (
        3,
        "10.00",
        "1.00",
        "29.00",
    )
    assert line["units"] == [[1, "9.66"], [2, "9.67"]]
    (discount,) = row["discounts"]
    assert (discount["rule"], discount["line"], discount["amount"]) == ("first_ten", 1, "1.00")
    assert [(one["name"], one["amount"]) for one in row["fees"]] == [("Delivery", "5.00")]
    assert small.used("first_ten") == 1
    small.agrees()


def test_what_costs_something_else_by_now_is_told_with_the_new_prices(small: Till) -> None:
    body = small.body(cart("cap"))
    ware = small.rows(small.done("list", "ware", query={"code": "cap"}))[0]
    small.done("update", "ware", {"price": "12.00"}, record=ware["id"], version=1)
    refusal = small.placed(body)
    assert isinstance(refusal, PriceChanged)
    assert refusal.params["evaluated"].priced.totals.total == 1100
    assert small.count("sale") == 0
    assert small.used("first_ten") == 0


def test_a_request_that_is_sent_twice_is_placed_once(small: Till) -> None:
    body = small.body(cart("cap"))
    assert small.placed(body, key="one")["id"] == small.placed(body, key="one")["id"]
    assert (small.count("sale"), small.used("first_ten")) == (1, 1)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"cart": {"lines": [{"item": "cap", "price": "1.00"}]}}, "cart.lines.0.price"),
        ({"cart": {"lines": [{"item": "cap", "quantity": -1}]}}, "cart.lines.0.quantity"),
        ({"cart": {"lines": []}}, "cart.lines"),
        ({"cart": 7}, "cart"),
        ({"cart": cart("cap", customer={"key": "ann", "groups": ["vip"]})}, "cart.customer"),
        ({"cart": cart("cap", at="2020-01-01T00:00+00:00")}, "cart.at"),
        ({"fingerprint": ""}, "fingerprint"),
        ({"record": {"lines": []}}, "record.lines"),
        ({"record": {"mark": "x"}}, "record.mark"),
        ({"more": 1}, "more"),
    ],
)
def test_what_the_shop_knows_nobody_else_says(small: Till, change: Any, field: str) -> None:
    refusal = small.placed({**small.body(cart("cap")), **change})
    assert isinstance(refusal, Invalid), refusal
    assert [one.field for one in refusal.errors] == [field]


def test_whoever_may_not_create_places_nothing(small: Till) -> None:
    body = small.body(cart("cap"))
    answer = small.ask("place", "sale", body, actor=person("guest"))
    assert isinstance(answer, RequestError)
    assert answer.status == 404


def test_a_limit_by_customer_counts_the_account_and_the_address(small: Till) -> None:
    assert small.place(cart("hat", customer="ann"))["total"] == "9.00"
    assert small.place(cart("hat", customer="ann"))["total"] == "10.00"
    assert small.place(cart("hat", contact=" Ann@Example.org "))["total"] == "10.00"
    assert small.place(cart("hat", contact="guest@example.org"))["total"] == "9.00"
    refusal = small.place(cart("hat"))
    assert isinstance(refusal, Invalid)
    assert refusal.errors[0].field == "cart.customer"


def test_no_balance_no_entry_and_no_sale_holds_an_address(small: Till) -> None:
    guest = cart("hat", contact="Guest.One@example.org")
    assert small.place(guest)["total"] == "9.00"
    kept = [small.runtime.schema.tables["sale"]]
    for name in small.runtime.app.ledgers:
        kept += [small.runtime.book(name).balances, small.runtime.book(name).entries]
    texts = [str(row).casefold() for table in kept for row in small.read(sa.select(table))]
    assert any("contact:" in text for text in texts)
    assert not any("guest.one" in text for text in texts)


def test_a_limit_still_counts_what_was_used_before_the_secret_was_replaced(small: Till) -> None:
    guest = cart("hat", contact="guest@example.org")
    assert small.place(guest)["total"] == "9.00"
    before, after = small.runtime, audit_key("another secret of the same shop")
    changed = replace(before, audit_key=after, old_audit_keys=(before.audit_key,))
    assert replace(small, runtime=changed).place(guest)["total"] == "10.00"


def test_a_list_of_entries_says_how_much_moved_however_long_the_key_is(small: Till) -> None:
    columns = small.runtime.app.entities["use_entry"].list.columns
    assert columns[2:7] == ("promotion", "customer", "code", "item", "used")
    columns = small.runtime.app.entities["grant_entry"].list.columns
    assert "spent" in columns


def test_a_budget_grants_what_it_has_and_no_more(small: Till) -> None:
    totals = [small.place(cart("bag"))["total"] for _ in range(11)]
    assert totals == [*["7.00"] * 10, "10.00"]
    assert small.balance("grant", promotion="purse", currency="EUR") == {"spent": 3000}


def test_units_with_a_price_of_their_own_are_counted_by_item_and_customer(small: Till) -> None:
    assert small.place(cart("pen", 3, customer="ann"))["total"] == "12.00"
    assert small.place(cart("pen", 1, customer="ann"))["total"] == "10.00"
    assert (small.used("flash", item="pen"), small.used("flash", item="pen", customer="ann")) == (
        2,
        2,
    )


def test_a_budget_is_shared_and_given_back_by_whoever_is_cancelled(small: Till) -> None:
    both = {"lines": [{"item": "jug", "quantity": 1}, {"item": "pan", "quantity": 1}]}
    first = small.place(both)
    assert first["total"] == "13.00"
    assert [small.place(both)["total"] for _ in range(4)] == ["13.00"] * 3 + ["18.00"]
    refused = small.prices(both).priced.trace
    assert {one.promotion: one.verdict for one in refused if "_off" in one.promotion} == {
        "jug_off": "budget",
        "pan_off": "budget",
    }
    assert isinstance(small.cancel(first["id"]), Result)
    assert small.in_pot() == 2300
    assert small.place(both)["total"] == "13.00"
    pot = small.rows(small.done("list", "pot"))[0]
    small.done("update", "pot", {"holds": "33.00"}, record=pot["id"], version=pot["version"])
    assert small.place(cart("jug"))["total"] == "7.00"
    small.agrees()


def test_a_pace_is_kept_by_device_and_slides_with_time(small: Till) -> None:
    asked = cart("jar", codes=["haste"], facts={"device": "one"})
    kept = small.place(asked)
    for _ in range(LIMIT - 1):
        small.clock.now += timedelta(minutes=1)
        assert small.place(asked)["total"] == "9.00"
    assert isinstance(small.cancel(kept["id"]), Result)
    (code,) = small.prices(asked).priced.codes
    assert (code.state, small.place(asked)["total"]) == ("too_often", "10.00")
    assert small.place({**asked, "facts": {"device": "two"}})["total"] == "9.00"
    assert small.place(cart("jar", codes=["haste"]))["total"] == "10.00"
    small.clock.now += timedelta(minutes=51)
    assert [small.place(asked)["total"] for _ in range(2)] == ["9.00", "10.00"]
    assert all("one" not in one["by"] for one in small.rows(small.done("list", "pace")))
    small.agrees()


def test_what_is_cancelled_or_never_paid_is_given_back_unless_it_stays(small: Till) -> None:
    first = small.place(cart("cap"))
    second = small.place(cart("bag"))
    third = small.place(cart("mug", codes=["open"]))
    assert (small.used("first_ten"), small.used("secret", code="OPEN")) == (1, 1)
    assert isinstance(small.cancel(first["id"]), Result)
    assert isinstance(small.cancel(third["id"]), Result)
    assert (small.used("first_ten"), small.used("secret", code="OPEN")) == (0, 1)
    small.clock.now += timedelta(hours=1)
    ring_due(small.runtime, lambda _: small.clock.now)
    assert small.row(small.done("read", "sale", record=second["id"]))["status"] == "cancelled"
    assert small.balance("grant", promotion="purse", currency="EUR") == {"spent": 0}
    small.agrees()


LIMITED = {
    "uses": (lambda n: cart("cap"), lambda shop: shop.used("first_ten"), LIMIT),
    "a code": (
        lambda n: cart("mug", codes=["OPEN"]),
        lambda shop: shop.used("secret", code="OPEN"),
        LIMIT,
    ),
    "a budget": (
        lambda n: cart("bag"),
        lambda shop: shop.balance("grant", promotion="purse", currency="EUR")["spent"],
        3000,
    ),
    "a pace": (
        lambda n: cart("jar", codes=["haste"], facts={"device": "one"}),
        lambda shop: sum(one["used"] for one in shop.rows(shop.done("list", "pace"))),
        LIMIT,
    ),
    "a shared budget": (
        lambda n: cart("jug"),
        lambda shop: shop.in_pot(),
        3000,
    ),
    "units": (
        lambda n: cart("pen", contact=f"{n}@example.org"),
        lambda shop: shop.used("flash", item="pen"),
        LIMIT,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", LIMITED)
def test_of_many_placed_at_once_as_many_get_it_as_there_are(till: Till, what: str) -> None:
    make, used, most = LIMITED[what]
    bodies = [till.body(make(n)) for n in range(CROWD)]

    def placer(number: int) -> Callable[[], Any]:
        return lambda: till.placed(bodies[number])

    results = together(*(placer(number) for number in range(CROWD)))
    placed = [one for one in results if isinstance(one, dict)]
    assert {type(one) for one in results if not isinstance(one, dict)} == {PriceChanged}
    assert len(placed) == LIMIT == till.count("sale")
    assert used(till) == most
    till.agrees()


def test_cancels_in_between_make_room_and_no_more(till: Till) -> None:
    bodies = [till.body(cart("cap", deliveries=[])) for _ in range(CROWD)]

    def turn(number: int) -> Callable[[], Any]:
        def act() -> Any:
            found = till.placed(bodies[number])
            if isinstance(found, dict) and number % 3 == 0:
                # whoever is told that the record is busy asks again
                assert any(isinstance(till.cancel(found["id"]), Result) for _ in range(CROWD))
            return found

        return act

    results = together(*(turn(number) for number in range(CROWD)))
    kept = [n for n, one in enumerate(results) if isinstance(one, dict) and n % 3]
    assert len(kept) == till.used("first_ten") <= LIMIT
    while till.used("first_ten") < LIMIT:
        assert till.place(cart("cap"))["total"] == "9.00"
    assert till.place(cart("cap"))["total"] == "10.00"
    till.agrees()


def test_a_cart_is_placed_over_rest_and_a_changed_price_answers_with_the_new_one(
    small: Till, tmp_path: Path
) -> None:
    runtime = small.runtime
    api = Api(runtime, FileStore(tmp_path, runtime.engine, runtime.system.file, utc_now, new_id))

    def post(body: Any) -> Any:
        sent = orjson.dumps(body)
        headers = {"content-type": JSON}
        asked = ("POST", "pricing/place", "", headers, lambda _=0: sent, small.actor, "en", "r", "")
        answer = api.answer(Asked(*asked))
        return answer.status, orjson.loads(answer.body)

    body = small.body(cart("cap", 2))
    status, answer = post(body)
    assert (status, answer["data"]["total"]) == (201, "19.00")
    status, answer = post({**body, "fingerprint": "another"})
    assert (status, answer["code"]) == (409, "R409")
    assert answer["prices"]["totals"]["total"] == "19.00"
    assert answer["prices"]["fingerprint"] == body["fingerprint"]


def voucher(shop: Till, code: str, **values: Any) -> str:
    row = shop.row(shop.done("create", "voucher", {"code": code, "rule": "bonus", **values}))
    return str(row["id"])


def test_a_code_that_was_handed_out_says_why_it_does_not_hold(small: Till) -> None:
    ann = small.rows(small.done("list", "buyer", query={"code": "ann"}))[0]["id"]
    voucher(small, "PLAIN")
    voucher(small, "ANNS", owner=ann)
    voucher(small, "LATER", since="2027-01-01T00:00:00Z")
    voucher(small, "OVER", until="2026-01-01T00:00:00Z")
    voucher(small, "GONE", state="void")
    asked = {
        "plain": "applied", "LATER": "not_started", "OVER": "ended", "GONE": "limit_reached",
        "ANNS": "wrong_customer", "NONE": "unknown",
    }  # fmt: skip
    for code, state in asked.items():
        (found,) = small.prices(cart("cup", codes=[code], customer="bob")).priced.codes
        assert found.state == state, code
    (found,) = small.prices(cart("cup", codes=["ANNS"], customer="ann")).priced.codes
    assert found.state == "applied"


def test_a_code_that_was_handed_out_is_used_as_often_as_it_may_be(small: Till) -> None:
    voucher(small, "ONCE")
    voucher(small, "TWICE", uses=2)
    totals = {
        code: [small.place(cart("cup", codes=[code]))["total"] for _ in range(3)]
        for code in ("ONCE", "TWICE")
    }
    assert totals == {"ONCE": ["6.00", "10.00", "10.00"], "TWICE": ["6.00", "6.00", "10.00"]}
    (found,) = small.prices(cart("cup", codes=["once"])).priced.codes
    assert found.state == "limit_reached"


def test_one_code_that_many_use_at_once_is_used_once(till: Till) -> None:
    voucher(till, "ONCE")
    bodies = [till.body(cart("cup", codes=["once"])) for _ in range(16)]
    results = together(*(partial(till.placed, body) for body in bodies))
    assert sum(isinstance(one, dict) for one in results) == 1
    assert {type(one) for one in results} == {dict, PriceChanged}
    assert till.used("bonus", code="ONCE") == 1
    till.agrees()


def test_what_is_reinstated_takes_its_uses_again_as_often_as_it_is(small: Till) -> None:
    row = small.place(cart("cap"))
    for _ in range(2):
        small.cancel(row["id"])
        assert small.used("first_ten") == 0
        assert isinstance(small.reinstate(row["id"]), Result)
        assert small.used("first_ten") == 1
    small.agrees()


def test_and_is_refused_where_somebody_else_has_them_by_now(till: Till) -> None:
    row = till.place(cart("pen", 2, customer="ann"))
    assert row["total"] == "2.00"
    till.cancel(row["id"])
    for _ in range(10):
        assert till.place(cart("pen", customer="bob"))["total"] in ("1.00", "10.00")
        till.done("create", "buyer", {"code": f"b{_}"})
        assert till.place(cart("pen", customer=f"b{_}"))["total"] in ("1.00", "10.00")
    refused = till.reinstate(row["id"])
    assert isinstance(refused, RequestError)
    assert refused.code == "guard_blocked"
    assert (till.used("flash", item="pen"), till.used("flash", item="pen", customer="ann")) == (
        10,
        0,
    )
    till.agrees()
