"""Carts of the demo shop are placed as any till places one: their orders tell their prices."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from runtime.commands.demo_carts import FILE, place_carts
from runtime.errors import PriceChanged
from runtime.messages import Actor, Incoming, Result
from runtime.pipeline import handle
from runtime.seed import SeedRefused, seed
from tests.databases import sqlite_url
from tests.offices import Office, open_office

DEFINITIONS = Path(__file__).parents[2] / "definitions"
DATA = DEFINITIONS / "data"
SYSTEM = Actor(0, "System", frozenset({"administrator"}), kind="system")
CARTS = orjson.loads((DATA / FILE).read_bytes())


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    office = open_office(DEFINITIONS, sqlite_url(tmp_path_factory.mktemp("carts")))
    seed(office.runtime, DATA, SYSTEM)
    assert place_carts(office.runtime, DATA, SYSTEM) == len(CARTS)
    yield office
    office.runtime.engine.dispose()


def orders(office: Office) -> list[dict[str, Any]]:
    return office.all("order", "number,status,due,total,price_trace", sort="number")[-len(CARTS) :]


def test_each_is_an_order_that_is_paid_and_tells_its_prices(demo: Office) -> None:
    found = orders(demo)
    assert [(one["status"], one["due"]) for one in found] == [("to_ship", 0)] * len(CARTS)
    applied = [
        {step["promotion"] for step in one["price_trace"]["steps"] if step["verdict"] == "applied"}
        for one in found
    ]
    assert all(applied)
    assert len(set().union(*applied)) >= 4, applied


def test_placed_again_they_are_the_same_orders(demo: Office) -> None:
    before = orders(demo), len(demo.all("order", "id")), len(demo.all("order_payment", "id"))
    place_carts(demo.runtime, DATA, SYSTEM)
    assert (orders(demo), len(demo.all("order", "id")), len(demo.all("order_payment", "id"))) == (
        before
    )


def test_their_lines_can_be_changed(demo: Office) -> None:
    for order, cart in zip(orders(demo), CARTS, strict=True):
        first = {"line": 1, "quantity": cart["cart"]["lines"][0]["quantity"] + 1}
        values = {"workflow": "status", "transition": "change", "input": {"items": [first]}}
        asked = Incoming("transition", "order", SYSTEM, order["id"], values, source="rest")
        told = handle(asked, demo.runtime)
        assert not isinstance(told, Result)
        assert isinstance(told, PriceChanged), (told, told.errors)


def test_a_cart_that_is_refused_is_named(demo: Office, tmp_path: Path) -> None:
    bad = [{"cart": {"lines": [{"item": "NO-SUCH", "quantity": 1}]}, "record": {}}]
    (tmp_path / FILE).write_bytes(orjson.dumps(bad))
    with pytest.raises(SeedRefused, match=r"carts\.json: .*lines\.0\.item"):
        place_carts(demo.runtime, tmp_path, SYSTEM)


def test_a_record_that_is_not_there_is_named(demo: Office, tmp_path: Path) -> None:
    bad = [{**CARTS[0], "record": {"store": {"code": "NOWHERE"}}}]
    (tmp_path / FILE).write_bytes(orjson.dumps(bad))
    with pytest.raises(SeedRefused, match=r"carts\.json: .*store code=NOWHERE"):
        place_carts(demo.runtime, tmp_path, SYSTEM)


def test_a_folder_without_carts_has_none(demo: Office, tmp_path: Path) -> None:
    assert place_carts(demo.runtime, tmp_path, SYSTEM) == 0
