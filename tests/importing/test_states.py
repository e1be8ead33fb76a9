"""Our own import alone says in which state a record begins, once; nothing moves by a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.databases import sqlite_url
from tests.importing.conftest import Desk
from tests.shop import open_shop

FOLDER = Path(__file__).resolve().parents[1] / "shops" / "flow"
ROWS = "name,address,status,payments.amount,payments.state\nA,Here,confirmed,5.00,captured\n"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    shop = open_shop(sqlite_url(tmp_path), FOLDER, "clerk")
    yield Desk(shop, tmp_path)
    shop.runtime.engine.dispose()


def machine(desk: Desk) -> Desk:
    """Return the desk as the command line has it."""
    return replace(desk, shop=replace(desk.shop, actor=replace(desk.shop.actor, kind="system")))


def test_a_record_is_brought_in_with_its_state_and_those_of_its_parts(desk: Desk) -> None:
    assert not machine(desk).load(ROWS, "order", mode="create").verdicts
    assert desk.rows("order", "name,status") == [{"name": "A", "status": "confirmed"}]
    assert desk.rows("payment", "state") == [{"state": "captured"}]


def test_a_file_that_comes_again_moves_nothing(desk: Desk) -> None:
    ours = machine(desk)
    ours.load(ROWS, "order", mode="create", key=("name",))
    again = ours.load(ROWS.replace("confirmed", "done"), "order", mode="update", key=("name",))
    assert not again.verdicts
    assert desk.rows("order", "status") == [{"status": "confirmed"}]


def test_a_person_says_no_state(desk: Desk) -> None:
    refused = desk.load(ROWS, "order", mode="create").verdicts
    assert {one.column for one in refused} <= {"status", "payments.state"}
    assert refused
    assert desk.rows("order", "name") == []


def test_a_state_that_is_none_is_refused(desk: Desk) -> None:
    text = "name,address,status\nA,Here,lost\n"
    (refused,) = machine(desk).load(text, "order", mode="create").verdicts
    assert "lost" in refused.message.text("en")
