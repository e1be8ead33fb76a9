"""An order is changed while it is shipped, with real threads: what is shipped is what was agreed.

Whoever comes first decides: a change before it is shipped as it is then, one after is refused, and
one that must be paid for is not shipped before. Uses and gifts follow the lines, whatever happened.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from generator.resolve.ledger_records import AFTER
from runtime.errors import Busy, PriceChanged, RecordBusy, RequestError
from runtime.messages import Actor, Incoming, Result
from runtime.pipeline import handle
from tests.databases import postgres_url, sqlite_url
from tests.offices import Office, open_office
from tests.runtime.test_races import together

DEFINITIONS = Path(__file__).resolve().parents[2] / "definitions"
ORDERS, SPOONS = 9, 100
TRIES = 40
BOUGHT = 4
WANTED = (1, 3, 6)
"""What is asked for instead: without its gift, for less money, for more."""
MARCH = {"starts_at": "2026-03-01T00:00:00Z", "ends_at": "2026-04-01T00:00:00Z"}


class Counter:
    """A shop that sells cups: two of them bring a spoon, and from three on there is a discount."""

    def __init__(self, url: str) -> None:
        self.office: Office = open_office(DEFINITIONS, url)
        create = self.office.create
        self.store = create("store", {"code": "N", "name": {"en": "North", "zh": "北店"}})
        self.warehouse = create("warehouse", {"code": "MAIN", "name": {"en": "Main", "zh": "主仓"}})
        for code, price in (("CUP", "20.00"), ("SPOON", "8.00")):
            variants = [{"sku": f"{code}-1", "spec": "one", "price": price}]
            create("product", {"code": code, "name": {"en": code, "zh": code},
                               "variants": variants})  # fmt: skip
        self.spoon = next(one["id"] for one in self.rows("variant") if one["sku"] == "SPOON-1")
        cups = {"items": ["CUP-1"]}
        spoon = {"include": cups, "when": [{"type": "quantity", "value": 2, "include": cups}],
                 "then": [{"type": "gift", "item": "SPOON-1"}]}  # fmt: skip
        sixty = {"include": cups, "when": [{"type": "amount", "value": 60}],
                 "then": [{"type": "amount_off", "value": "5"}], "limits": {"total": 100},
                 "currencies": ["CNY"]}  # fmt: skip
        for code, rule in (("WITH-SPOON", spoon), ("SIXTY", sixty)):
            name = {"en": code, "zh": code}
            made = create("promotion", {"code": code, "name": name, "rule": rule, **MARCH})
            for step, who in (("submit", 1), ("approve", 2), ("start_now", 2)):
                done = self.fire("promotion", made, step, who=who)
                assert isinstance(done, Result), (step, done)
        there = {"kind": "bring", "key": {"variant": self.spoon}, "quantity": SPOONS}
        self.office.done("post", "gift_stock", values=there)

    def paid_order(self) -> str:
        """Return a placed order that is paid and waits to be shipped."""
        cart = {"lines": [{"item": "CUP-1", "quantity": BOUGHT}], "currency": "CNY"}
        seen = self.office.done("evaluate", "promotion", values=cart).row
        body = {"cart": cart, "fingerprint": seen.priced.fingerprint,
                "record": {"store": self.store}}  # fmt: skip
        order = str(self.office.done("place", "order", values=body).row[0])
        assert isinstance(self.fire("order", order, "collect", {"method": "cash"}), Result)
        (payment,) = self.rows("order_payment", order=order)
        assert isinstance(self.fire("order_payment", payment["id"], "received"), Result)
        return order

    def fire(self, entity: str, record: str, name: str, given: Any = None, *, who: int = 1) -> Any:
        values = {"workflow": "status", "transition": name, "input": given or {}}
        actor = Actor(who, f"Test {who}", frozenset({"administrator"}))
        asked = Incoming("transition", entity, actor, record, values, source="api")
        return handle(asked, self.office.runtime)

    def insist(self, order: str, name: str, given: Any) -> Any:
        """Take a step of an order; who is told that somebody else is at it tries again."""
        for _ in range(TRIES):
            answer = self.fire("order", order, name, given)
            if not isinstance(answer, Busy | RecordBusy):
                return answer
        raise AssertionError(f"{name} of {order} is never let in")

    def seen(self, order: str, count: int) -> dict[str, Any]:
        """Return a change of an order at the prices that are told for it."""
        given = {"items": [{"line": 1, "quantity": count}]}
        told = self.fire("order", order, "change", given)
        assert isinstance(told, PriceChanged), told
        return {**given, "prices": told.params["evaluated"].priced.fingerprint}

    def rows(self, name: str, **where: Any) -> list[dict[str, Any]]:
        table = self.office.runtime.schema.tables[name]
        asked = sa.select(table).where(*(table.c[key] == one for key, one in where.items()))
        with self.office.runtime.engine.connect() as connection:
            return [dict(row) for row in connection.execute(asked.order_by(table.c.id)).mappings()]

    def lines(self, order: str) -> tuple[int, int]:
        """Return how many cups and how many spoons an order has."""
        rows = self.rows("order_line", order=order)
        gifts = sum(one["quantity"] for one in rows if one["gift"])
        return sum(one["quantity"] for one in rows if not one["gift"]), gifts

    def follows(self) -> None:
        """Every balance is the sum of its entries, and what the lines of all orders say."""
        for ledger, number in (("promotion_use", "used"), ("gift_stock", "given")):
            entries = self.rows(f"{ledger}_entry")
            for balance in self.rows(ledger):
                own = [one for one in entries if one["balance"] == balance["id"]]
                assert sum(one[number] for one in own) == balance[number]
                assert balance[number] in {one[number + AFTER] for one in own}
        orders = [one["id"] for one in self.rows("order")]
        (spoons,) = self.rows("gift_stock", variant=self.spoon)
        assert spoons["given"] == sum(self.lines(one)[1] for one in orders)
        (uses,) = self.rows(
            "promotion_use", promotion="promotion:SIXTY", customer="*", code="*", item="*"
        )
        rows = self.rows("order_discount", promotion="promotion:SIXTY")
        assert uses["used"] == len({one["order"] for one in rows})


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def counter(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Counter]:
    is_small = request.param == "sqlite"
    opened = Counter(sqlite_url(tmp_path_factory.mktemp("cups")) if is_small else postgres_url())
    yield opened
    opened.office.runtime.engine.dispose()


def test_what_is_shipped_is_what_was_agreed_whoever_comes_first(counter: Counter) -> None:
    orders = [counter.paid_order() for _ in range(ORDERS)]
    wanted = [WANTED[at % len(WANTED)] for at in range(ORDERS)]
    inputs = [counter.seen(one, count) for one, count in zip(orders, wanted, strict=True)]
    before = counter.lines(orders[0])
    assert before == (BOUGHT, 1)
    warehouse = {"warehouse": counter.warehouse}
    results = together(*(
        action
        for order, given in zip(orders, inputs, strict=True)
        for action in (
            partial(counter.insist, order, "change", given),
            partial(counter.insist, order, "ship", warehouse),
        )
    ))  # fmt: skip
    for at, order in enumerate(orders):
        changed, shipped = results[2 * at : 2 * at + 2]
        (row,) = counter.rows("order", id=order)
        parcels = counter.rows("shipment", order=order)
        assert isinstance(changed, Result) or isinstance(shipped, Result), (changed, shipped)
        for refused in (changed, shipped):
            assert isinstance(refused, Result) or refused.status == 409, refused
        gifts = 1 if wanted[at] >= 2 else 0
        now = (wanted[at], gifts) if isinstance(changed, Result) else before
        assert counter.lines(order) == now
        assert row["item_count"] == sum(now)
        assert not row["to_settle"]
        assert [one["pieces"] for one in parcels] == (
            [sum(now)] if isinstance(shipped, Result) else []
        )
        waits_for_money = isinstance(changed, Result) and wanted[at] > BOUGHT
        assert row["status"] == ("pending" if waits_for_money else "to_ship")
        assert not (waits_for_money and isinstance(shipped, Result)), "shipped before it is paid"
    counter.follows()


def test_a_change_after_it_is_in_a_parcel_says_why_it_is_refused(counter: Counter) -> None:
    order = counter.paid_order()
    given = counter.seen(order, 3)
    shipped = counter.fire("order", order, "ship", {"warehouse": counter.warehouse})
    assert isinstance(shipped, Result)
    told = counter.fire("order", order, "change", given)
    assert isinstance(told, RequestError)
    assert [one.code for one in told.params["reasons"]] == ["SHIPMENT_OPEN"]
    assert counter.lines(order) == (BOUGHT, 1)
    counter.follows()
