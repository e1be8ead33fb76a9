"""Group buying at the moment it is decided: the last payments against the timer, on both databases.

However it ends, it ends for everybody: all places are paid and shipped, or all money goes back.
"""

import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from generator.resolve.ledger_records import AFTER
from runtime.errors import PriceChanged
from runtime.messages import Actor, Incoming, Result
from runtime.outside.timers import ring_due
from runtime.pipeline import handle
from tests.databases import postgres_url, sqlite_url
from tests.offices import NOON, Office, open_office
from tests.runtime.test_races import together

DEFINITIONS = Path(__file__).resolve().parents[2] / "definitions"
SIZE, MORE = 4, 3
PRICE = 6000
"""Together; money is kept with three decimals."""
SYSTEM = Actor(0, "system", frozenset(), kind="system")
AFTER_THE_END = NOON + timedelta(days=2)


class Market:
    """A shop with one mug that is cheaper together, and a crowd of customers."""

    def __init__(self, url: str) -> None:
        self.office: Office = open_office(DEFINITIONS, url)
        create = self.office.create
        self.store = create("store", {"code": "N", "name": {"en": "North", "zh": "北店"}})
        variants = [{"sku": "MUG-1", "spec": "one", "price": "9.00"}]
        name = {"en": "Mug", "zh": "杯"}
        create("product", {"code": "MUG", "name": name, "variants": variants})
        variant = self.office.all("variant", "id")[0]["id"]
        self.group = create(
            "group_buy",
            {"code": "MUGS", "name": name, "variant": variant, "price": "6.00", "size": SIZE,
             "teams_each": 100, "each": 100},
        )  # fmt: skip
        for number in range(SIZE + MORE):
            create("customer", {"code": f"C{number}", "name": f"Customer {number}"})

    def open_team(self) -> tuple[str, str]:
        """Return the id and the number of a new team."""
        team = self.office.create("group_buy_team", {"group_buy": self.group})
        return team, str(self.office.read("group_buy_team", team)["number"])

    def place(self, number: str, customer: int) -> str:
        """Return the order that was placed with a team's number; '' when there was no place."""
        cart = {"lines": [{"item": "MUG-1"}], "codes": [number], "customer": f"C{customer}"}
        seen = self.office.done("evaluate", "promotion", values=cart).row
        if seen.priced.totals.total == 900:
            return ""
        body = {"cart": cart, "fingerprint": seen.priced.fingerprint,
                "record": {"store": self.store}}  # fmt: skip
        answer = self.office.ask("place", "order", values=body)
        if not isinstance(answer, Result):
            assert isinstance(answer, PriceChanged) or answer.code in ("not_in_from_state", "R409")
            return ""
        return str(answer.row[0])

    def pay(self, order: str) -> bool:
        """Pay through the gateway; False when the order is over before anything is charged."""
        asked = self.fire("order", order, "collect", {"method": "wechat"})
        if not isinstance(asked, Result):
            return False
        payment = self.rows("order_payment", order=order)[0]["id"]
        if not isinstance(self.fire("order_payment", payment, "charge"), Result):
            return False
        told = {"reference": f"P-{payment}"}
        came = self.fire("order_payment", payment, "captured", told, actor=SYSTEM, source="event")
        assert isinstance(came, Result), came
        return True

    def fire(self, entity: str, record: str, name: str, given: Any = None, *,
             actor: Actor | None = None, source: str = "api") -> Any:  # fmt: skip
        values = {"workflow": "status", "transition": name, "input": given or {}}
        who = actor or Actor(1, "Test", frozenset({"administrator"}))
        return handle(Incoming("transition", entity, who, record, values, source=source),
                      self.office.runtime)  # fmt: skip

    def rows(self, name: str, **where: Any) -> list[dict[str, Any]]:
        table = self.office.runtime.schema.tables[name]
        asked = sa.select(table).where(*(table.c[key] == one for key, one in where.items()))
        with self.office.runtime.engine.connect() as connection:
            return [dict(row) for row in connection.execute(asked.order_by(table.c.id)).mappings()]

    def used(self, number: str) -> int:
        found = self.rows("promotion_use", code=number, customer="*", item="*")
        return int(found[0]["used"]) if found else 0

    def is_whole(self, team: str, number: str, places: int) -> None:
        """So many orders are shipped and keep their money; all others have theirs back."""
        orders = self.rows("order", team=team)
        by_status = {name: [one for one in orders if one["status"] == name]
                     for name in ("to_ship", "cancelled")}  # fmt: skip
        assert sum(map(len, by_status.values())) == len(orders)
        for one in by_status["to_ship"]:
            assert (one["paid_total"], one["refunded_total"]) == (PRICE, 0)
        for one in by_status["cancelled"]:
            assert one["paid_total"] == one["refunded_total"]
        assert len(by_status["to_ship"]) == self.used(number) == places
        self.agrees()

    def agrees(self) -> None:
        """Every balance of uses is the sum of its entries."""
        entries = self.rows("promotion_use_entry")
        for balance in self.rows("promotion_use"):
            own = [one for one in entries if one["balance"] == balance["id"]]
            assert sum(one["used"] for one in own) == balance["used"]
            assert balance["used"] in {one["used" + AFTER] for one in own}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def market(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Market]:
    is_small = request.param == "sqlite"
    opened = Market(sqlite_url(tmp_path_factory.mktemp("teams")) if is_small else postgres_url())
    yield opened
    opened.office.runtime.engine.dispose()


@pytest.mark.parametrize("rings_after", [0, SIZE - 1, SIZE, None])
def test_a_team_is_shipped_whole_or_paid_back_whole(
    market: Market, rings_after: int | None
) -> None:
    """More payers than places; the timer rings as so many have paid, or never."""
    team, number = market.open_team()
    paid, lock = [0], threading.Lock()
    at_last = threading.Event()
    if rings_after == 0:
        at_last.set()

    def buyer(customer: int) -> None:
        order = market.place(number, customer)
        if order and market.pay(order):
            with lock:
                paid[0] += 1
                if paid[0] == rings_after:
                    at_last.set()

    def clock() -> None:
        # the last payment may never come: then it rings late, which is as good
        at_last.wait(5)
        ring_due(market.office.runtime, lambda _: AFTER_THE_END)

    others = [] if rings_after is None else [clock]
    together(*(partial(buyer, one) for one in range(SIZE + MORE)), *others)
    if rings_after is not None:
        ring_due(market.office.runtime, lambda _: AFTER_THE_END + timedelta(minutes=5))
    for payment in market.rows("order_payment", status="returning"):
        market.fire("order_payment", payment["id"], "returned", {"reference": "R"},
                    actor=SYSTEM, source="event")  # fmt: skip

    status = market.rows("group_buy_team", id=team)[0]["status"]
    may_end = {None: {"formed"}, SIZE: {"formed"}, 0: {"refunded"}}
    assert status in may_end.get(rings_after, {"formed", "refunded"})
    market.is_whole(team, number, SIZE if status == "formed" else 0)


def test_a_rule_on_trial_is_kept_beside_what_it_meets_and_changes_nothing(market: Market) -> None:
    """Two are tried: one that takes ten off, and one that nobody's cart is large enough for."""
    days = {"starts_at": "2026-03-01T00:00:00Z", "ends_at": "2026-04-01T00:00:00Z"}
    boss = Actor(2, "Boss", frozenset({"administrator"}))
    for code, rule in (
        ("TENTH", {"then": [{"type": "percent_off", "percent": "10"}]}),
        ("LARGE", {"when": [{"type": "amount", "value": "500"}],
                   "then": [{"type": "amount_off", "value": "50"}]}),
    ):  # fmt: skip
        values = {"code": code, "name": {"en": code, "zh": code}, "rule": rule, **days}
        record = market.office.create("promotion", values)
        for name in ("submit", "try_out"):
            assert isinstance(market.fire("promotion", record, name, actor=boss), Result)
    _, number = market.open_team()
    order = market.place(number, 0)
    assert market.rows("order", id=order)[0]["total"] == PRICE
    (kept,) = market.rows("promotion_trial", order=order)
    assert (kept["amount"], kept["saved"], kept["total"]) == (600, 600, 5400)
    assert (kept["rule_version"], kept["beside"]) == (1, "Mug")
