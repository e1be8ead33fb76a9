"""`post` as an effect: a transition posts in its own transaction, or does not happen."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from generator.compile import compile_definitions
from runtime.errors import GuardBlocked
from runtime.expiring import expire
from runtime.verify.playing import play
from tests.ledgers.counting import COUNTERS, Counting
from tests.ledgers.test_placing import TILL


def parcel(shop: Counting, **counts: int) -> str:
    lines = [{"item": shop.ids[item], "count": str(count)} for item, count in counts.items()]
    values = {"number": "P1", "place": shop.ids["north"], "lines": lines}
    return str(shop.row(shop.done("create", "parcel", values))["id"])


def fire(shop: Counting, transition: str, record: str) -> Any:
    values = {"workflow": "life", "transition": transition}
    return shop.ask("transition", "parcel", values, record=record)


def state(shop: Counting, record: str) -> Any:
    return shop.row(shop.done("read", "parcel", record=record))["state"]


def test_a_transition_posts_for_every_part_with_itself_as_the_cause(shop: Counting) -> None:
    shop.post("receive", 5)
    shop.post("receive", 5, shop.key("hat"))
    record = parcel(shop, cap=2, hat=3)
    fire(shop, "send", record)
    assert state(shop, record) == "sent"
    assert (shop.now_at()["on_hand"], shop.now_at("hat")["on_hand"]) == (3, 2)
    assert shop.balance("points", owner=shop.ids["north"]) == {"left": 20}
    entries = shop.rows(shop.done("list", "stock_entry", query={"kind": "ship"}))
    assert {(one["cause"], one["cause_id"], one["cause_title"]) for one in entries} == {
        ("parcel", record, "P1")
    }
    shop.agrees()


def test_a_ledger_that_says_no_stops_the_transition_and_undoes_every_post(shop: Counting) -> None:
    shop.post("receive", 5)
    shop.post("receive", 5, shop.key("hat"))
    record = parcel(shop, cap=2, hat=6)
    refusal = fire(shop, "send", record)
    assert isinstance(refusal, GuardBlocked)
    (reason,) = refusal.params["reasons"]
    assert reason.code == "NOT_ENOUGH"
    assert reason.message.text("en") == "Only 5 are there."
    assert state(shop, record) == "open"
    assert shop.now_at()["on_hand"] == 5
    assert shop.balance("points", owner=shop.ids["north"]) == {}
    shop.agrees()


def test_what_a_record_posted_is_taken_back_whatever_it_says_now(shop: Counting) -> None:
    shop.post("receive", 5)
    shop.post("receive", 5, shop.key("hat"))
    record = parcel(shop, cap=2, hat=3)
    fire(shop, "send", record)
    row = shop.row(shop.done("read", "parcel", record=record, query={"include": "lines"}))
    lines = [{"id": row["lines"][0]["id"], "count": "1"}]
    shop.done("update", "parcel", {"lines": lines}, record=record, version=row["version"])
    fire(shop, "return", record)
    assert state(shop, record) == "back"
    assert (shop.now_at()["on_hand"], shop.now_at("hat")["on_hand"]) == (5, 5)
    assert shop.balance("points", owner=shop.ids["north"]) == {"left": 0}
    shop.agrees()


def test_what_a_transition_holds_is_used_given_back_or_runs_out(shop: Counting) -> None:
    shop.post("receive", 5)
    shop.post("receive", 5, shop.key("hat"))
    record = parcel(shop, cap=2, hat=3)
    fire(shop, "reserve", record)
    assert (shop.now_at()["held"], shop.now_at("hat")["held"]) == (2, 3)
    shop.agrees()
    fire(shop, "drop", record)
    assert (shop.now_at()["held"], shop.now_at("hat")["held"]) == (0, 0)
    fire(shop, "reserve", record)
    shop.clock.now += timedelta(hours=2)
    refusal = fire(shop, "take", record)
    assert isinstance(refusal, GuardBlocked)
    assert {one.code for one in refusal.params["reasons"]} == {"HOLD_EXPIRED"}
    assert expire(shop.runtime) == 2
    refusal = fire(shop, "take", record)
    assert {one.code for one in refusal.params["reasons"]} == {"NOTHING_HELD"}
    fire(shop, "drop", record)
    fire(shop, "reserve", record)
    fire(shop, "take", record)
    assert state(shop, record) == "sent"
    assert (shop.now_at()["on_hand"], shop.now_at("hat")["on_hand"]) == (3, 2)
    shop.agrees()


@pytest.mark.parametrize("folder", [COUNTERS, TILL])
def test_scenarios_post_place_and_look_at_balances(folder: Path, tmp_path: Path) -> None:
    played = play(compile_definitions(folder), tmp_path)
    assert played.verdicts
    assert [one.faults for one in played.verdicts if not one.holds] == []
