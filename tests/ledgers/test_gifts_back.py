"""What promotions added and a return brings back lies in its stock again, once, whoever asks."""

from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from runtime.errors import RequestError
from runtime.messages import Result
from tests.databases import postgres_url, sqlite_url
from tests.ledgers.test_added_stock import bring, there, wish
from tests.ledgers.test_gifts_and_budgets_back import back, change
from tests.ledgers.test_giving_back import returns, sold
from tests.ledgers.test_placing import Till, cart, open_till
from tests.runtime.test_races import together


@pytest.fixture(params=["sqlite", "postgresql"])
def till(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    opened = open_till(sqlite_url(tmp_path) if request.param == "sqlite" else postgres_url())
    yield opened
    opened.runtime.engine.dispose()


@pytest.fixture
def small(tmp_path: Path) -> Any:
    opened = open_till(sqlite_url(tmp_path))
    yield opened
    opened.runtime.engine.dispose()


def test_a_gift_that_comes_back_lies_in_its_stock_again_once(small: Till) -> None:
    bring(small, "lid", 1)
    row = sold(small, cart("pot", 3))
    assert there(small) == 0
    assert isinstance(back(small, row, 1), Result)
    (case,) = returns(small, row)
    # the case asked for the gift, and is not done yet
    assert there(small) == 0
    for done in (True, False, True):
        assert isinstance(change(small, row, [{"id": case["id"], "done": done}]), Result)
        assert there(small) == 1
    assert isinstance(back(small, row, 2, done=True), Result)
    assert there(small) == 1
    small.agrees()


def test_of_several_that_were_added_only_what_came_back_does(small: Till) -> None:
    bring(small, "lid", 3)
    row = sold(small, cart("urn", 1, **wish(3)))
    counts = []
    for _ in range(3):
        assert isinstance(back(small, row, 1, line=1, done=True), Result)
        counts.append(there(small))
    assert counts == [1, 2, 3]
    assert isinstance(back(small, row, 1, line=1, done=True), RequestError)
    small.agrees()


def test_a_cancel_brings_back_only_the_rest(small: Till) -> None:
    bring(small, "lid", 3)
    row = small.place(cart("urn", 1, **wish(3)))
    part = {"line": row["lines"][1]["id"], "count": 1}
    assert isinstance(change(small, row, [{"lines": [part], "done": True}]), Result)
    assert there(small) == 1
    assert isinstance(small.cancel(row["id"]), Result)
    assert there(small) == 3
    small.agrees()


def test_what_somebody_paid_for_as_such_is_no_gift(small: Till) -> None:
    bring(small, "lid", 2)
    row = sold(small, {"lines": [{"item": "lid", "quantity": 2}, {"item": "pot", "quantity": 3}]})
    assert [one["free"] for one in row["lines"]] == [None, None, True]
    assert isinstance(back(small, row, 2, line=0, done=True), Result)
    assert there(small) == 1


def test_of_many_returns_at_once_each_brings_its_gift_back_once(till: Till) -> None:
    bring(till, "lid", 9)
    rows = [sold(till, cart("urn", 1, **wish(3))) for _ in range(3)]
    assert there(till) == 0
    chance = Random(4)
    asked = [row for row in rows for _ in range(6)]
    chance.shuffle(asked)
    results = together(*[partial(back, till, row, 1, line=1, done=True) for row in asked])
    done = sum(isinstance(one, Result) for one in results)
    assert done + sum(isinstance(one, RequestError) for one in results) == len(asked)
    assert there(till) == done <= 9
    for row in rows:
        while isinstance(back(till, row, 1, line=1, done=True), Result):
            pass
    assert there(till) == 9
    till.agrees()
