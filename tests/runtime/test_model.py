"""Any sequence of requests does to the shop what the same sequence does to a plain dictionary."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from runtime.messages import Result
from tests.databases import sqlite_url
from tests.shop import open_shop

CODES = st.sampled_from(["A", "B", "C", "D"])
NAMES = st.sampled_from(["Ann", "李伟", "Zoë", "100%"])
PRICES = st.integers(0, 10_000)


class Records(RuleBasedStateMachine):
    """Customers and orders, here and in a dictionary."""

    ids = Bundle("ids")
    orders = Bundle("orders")

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.shop = open_shop(sqlite_url(Path(self.folder.name)))
        self.people: dict[str, dict[str, Any]] = {}
        self.totals: dict[str, int] = {}

    def teardown(self) -> None:
        self.shop.runtime.engine.dispose()
        self.folder.cleanup()

    @rule(target=ids, code=CODES, name=NAMES)
    def create(self, code: str, name: str) -> str:
        taken = any(person["code"] == code for person in self.people.values())
        answer = self.shop.ask("create", "customer", {"code": code, "name": name})
        assert isinstance(answer, Result) is not taken
        if isinstance(answer, Result):
            record_id = str(self.shop.row(answer)["id"])
            self.people[record_id] = {"code": code, "name": name, "version": 1, "gone": False}
            return record_id
        return ""

    @rule(record=ids, name=NAMES, lag=st.integers(0, 1))
    def rename(self, record: str, name: str, lag: int) -> None:
        person = self.people.get(record)
        version = (person["version"] if person else 1) - lag
        answer = self.shop.ask("update", "customer", {"name": name}, record=record, version=version)
        assert isinstance(answer, Result) is (person is not None and lag == 0)
        if person is not None and lag == 0 and person["name"] != name:
            person["name"], person["version"] = name, version + 1

    @rule(record=ids)
    def put_away(self, record: str) -> None:
        person = self.people.get(record)
        version = person["version"] if person else 1
        answer = self.shop.ask("delete", "customer", record=record, version=version)
        assert isinstance(answer, Result) is (person is not None)
        if person is not None and not person["gone"]:
            person["gone"], person["version"] = True, version + 1

    @rule(record=ids)
    def bring_back(self, record: str) -> None:
        person = self.people.get(record)
        answer = self.shop.ask("restore", "customer", record=record)
        assert isinstance(answer, Result) is (person is not None)
        if person is not None and person["gone"]:
            person["gone"], person["version"] = False, person["version"] + 1

    @rule(target=orders, prices=st.lists(PRICES, min_size=1, max_size=4))
    def order(self, prices: list[int]) -> str:
        lines = [{"item": "X", "quantity": 2, "price": f"{p // 100}.{p % 100:02}"} for p in prices]
        made = self.shop.row(self.shop.done("create", "order", {"lines": lines}))
        self.totals[made["id"]] = sum(2 * price for price in prices)
        return str(made["id"])

    @rule(record=consumes(orders))
    def cancel(self, record: str) -> None:
        self.shop.done("delete", "order", record=record, version=1)
        del self.totals[record]

    @invariant()
    def the_lists_agree(self) -> None:
        rows = self.shop.rows(self.shop.done("list", "customer", query={"limit": "200"}))
        shown = {row["id"]: (row["code"], row["name"], row["version"]) for row in rows}
        assert shown == {
            record: (person["code"], person["name"], person["version"])
            for record, person in self.people.items()
            if not person["gone"]
        }
        rows = self.shop.rows(self.shop.done("list", "order", query={"limit": "200"}))
        totals = {row["id"]: int(row["total"].replace(".", "")) for row in rows}
        assert totals == self.totals


TestRecords = Records.TestCase
TestRecords.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)
