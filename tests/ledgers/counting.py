"""A shop with ledgers, and short words for what tests do with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from generator.resolve.ledger_records import AFTER
from runtime.errors import RequestError
from runtime.messages import Actor, Result
from runtime.runtime import Runtime
from tests.shop import NOON, Shop, open_shop

COUNTERS = Path(__file__).parent.parent / "shops" / "counters"


@dataclass
class Clock:
    """The time, as a test says it is."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Counting(Shop):
    """A shop with two items, two places and no entry."""

    runtime: Runtime
    actor: Actor
    clock: Clock = field(default_factory=Clock)
    ids: dict[str, str] = field(default_factory=dict)

    def key(self, item: str = "cap", place: str = "north") -> dict[str, str]:
        return {"item": self.ids[item], "place": self.ids[place]}

    def post(self, kind: str, quantity: Any, key: Any = None, **more: Any) -> Any:
        """Post to the stock; the answer, or the refusal."""
        key = self.key() if key is None else key
        values = {"kind": kind, "key": key, "quantity": str(quantity), **more}
        return self.told(self.ask("post", "stock", values))

    def points(self, kind: str, quantity: int, place: str = "north", **more: Any) -> Any:
        """Post points; the answer, or the refusal."""
        values = {"kind": kind, "key": {"owner": self.ids[place]}, "quantity": quantity, **more}
        return self.told(self.ask("post", "points", values))

    def do(self, operation: str, ledger: str = "stock", **values: Any) -> Any:
        """Do something else with a ledger; the answer, or the refusal."""
        return self.told(self.ask(operation, ledger, values))

    def told(self, answer: Result | RequestError) -> Any:
        return answer.row if isinstance(answer, Result) else answer

    def balance(self, ledger: str = "stock", **key: str) -> dict[str, int]:
        """Return the numbers of a balance as they are kept; nothing where there is none."""
        book = self.runtime.book(ledger)
        table = book.balances
        found = self.read(sa.select(table).where(*(table.c[n] == one for n, one in key.items())))
        return {name: found[0][name] for name in book.numbers} if found else {}

    def now_at(self, item: str = "cap", place: str = "north") -> dict[str, int]:
        return self.balance(**self.key(item, place))

    def read(self, statement: sa.Select[Any]) -> list[Mapping[str, Any]]:
        with self.runtime.engine.connect() as connection:
            return [dict(row) for row in connection.execute(statement).mappings()]

    def agrees(self) -> None:
        """Every balance is the sum of its entries, its holds and its lots."""
        for name, ledger in self.runtime.app.ledgers.items():
            book = self.runtime.book(name)
            entries = self.read(sa.select(book.entries).order_by(book.entries.c.id))
            for row in self.read(sa.select(book.balances)):
                own = [one for one in entries if one["balance"] == row["id"]]
                for bucket in ledger.buckets:
                    assert sum(one[bucket] for one in own) == row[bucket]
                    assert not own or row[bucket] in {one[bucket + AFTER] for one in own}
                if ledger.holds is not None:
                    of = book.holds.c.balance == row["id"]
                    held = self.read(sa.select(book.holds).where(of))
                    assert sum(one["remaining"] for one in held) == row[ledger.holds.bucket]
                if ledger.lots is not None:
                    lots = self.read(sa.select(book.lots).where(book.lots.c.balance == row["id"]))
                    assert sum(one["remaining"] for one in lots) == row[ledger.lots.bucket]
                    assert all(0 <= one["remaining"] <= one["quantity"] for one in lots)


def open_counting(url: str) -> Counting:
    """Return the shop over an empty database."""
    opened = open_shop(url, COUNTERS)
    shop = Counting(opened.runtime, opened.actor)
    shop.runtime.clock = shop.clock
    for name in ("cap", "hat"):
        shop.ids[name] = str(shop.row(shop.done("create", "item", {"name": name}))["id"])
    for name in ("north", "south"):
        values = {"name": name, "keeper": 7 if name == "south" else 1}
        shop.ids[name] = str(shop.row(shop.done("create", "place", values))["id"])
    return shop


def code(refusal: Any) -> str:
    """Return why something was refused."""
    assert isinstance(refusal, RequestError), refusal
    return refusal.errors[0].code if refusal.errors else refusal.code
