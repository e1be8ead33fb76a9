"""A code with a state of its own: used with what is placed, back with what is cancelled."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from runtime.errors import PriceChanged, RequestError
from runtime.messages import Result
from tests.databases import postgres_url, sqlite_url
from tests.ledgers.test_placing import Till, cart, open_till
from tests.runtime.test_races import together

CUP = cart("cup", codes=["ONE"])


@pytest.fixture(params=["sqlite", "postgresql"])
def till(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Till]:
    opened = open_till(sqlite_url(tmp_path) if request.param == "sqlite" else postgres_url())
    opened.done("create", "token", {"code": "ONE", "rule": "bonus"})
    yield opened
    opened.runtime.engine.dispose()


def token(till: Till) -> tuple[str, Any]:
    """Return the state of the token, and the sale it says it is used in."""
    (found,) = till.rows(till.done("list", "token", query={"include": "sale"}))
    return found["status"], (found["sale"] or {}).get("id")


def test_of_many_who_use_a_code_at_once_one_has_it(till: Till) -> None:
    bodies = [till.body(CUP) for _ in range(12)]
    results = together(*(partial(till.placed, body) for body in bodies))
    (row,) = (one for one in results if isinstance(one, dict))
    assert {type(one) for one in results} == {dict, PriceChanged}
    assert (row["total"], token(till)) == ("6.00", ("used", row["id"]))
    till.agrees()


def test_a_code_goes_from_what_is_cancelled_to_the_next(till: Till) -> None:
    body = till.body(CUP)
    first = till.placed(body)
    results = together(partial(till.cancel, first["id"]), *[partial(till.placed, body)] * 6)
    assert isinstance(results[0], Result)
    taken = [one for one in results[1:] if isinstance(one, dict)]
    assert len(taken) <= 1
    assert token(till) == (("used", taken[0]["id"]) if taken else ("open", None))
    assert till.used("bonus", code="ONE") == len(taken)
    # whatever came of that, the first has it no more, unless nobody else does
    again = till.reinstate(first["id"])
    assert isinstance(again, RequestError if taken else Result)
    assert token(till) == ("used", taken[0]["id"] if taken else first["id"])
    till.agrees()


def test_two_who_take_one_code_at_once_leave_it_with_one(till: Till) -> None:
    first = till.place(CUP)
    till.cancel(first["id"])
    body = till.body(CUP)
    results = together(
        *[partial(till.placed, body)] * 4, *[partial(till.reinstate, first["id"])] * 2
    )
    held = [one for one in results if not isinstance(one, RequestError)]
    assert len(held) == 1
    status, sale = token(till)
    assert status == "used"
    assert sale == (held[0]["id"] if isinstance(held[0], dict) else first["id"])
    till.agrees()
