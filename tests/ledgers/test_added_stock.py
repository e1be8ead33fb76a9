"""What promotions add to a cart is taken from a stock: gifts, and add-ons that somebody wants."""

from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from runtime.errors import Invalid, PriceChanged
from runtime.messages import Result
from runtime.pricing_words import Words
from tests.databases import postgres_url, sqlite_url
from tests.ledgers.counting import Counting
from tests.ledgers.test_placing import Till, cart, open_till
from tests.runtime.test_races import together

CROWD, THERE = 24, 5


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


def bring(till: Till, item: str, count: int) -> None:
    (ware,) = till.rows(till.done("list", "ware", query={"code": item}))
    post = {"key": {"ware": ware["id"]}, "kind": "bring", "quantity": count}
    assert isinstance(till.ask("post", "shelf", post), Result)


def there(till: Counting) -> int:
    (found,) = till.rows(till.done("list", "shelf"))
    return int(found["there"])


def extras(till: Till, wanted: Any) -> list[tuple[str, int, int]]:
    return [(one.item, one.quantity, one.charged) for one in till.prices(wanted).priced.extras]


def why(till: Till, wanted: Any, promotion: str) -> tuple[str, Any]:
    trace = till.prices(wanted).priced.trace
    step = next(one for one in trace if one.promotion == promotion)
    return step.verdict, step.miss and (step.miss.path, step.miss.have, step.miss.need)


def test_what_nobody_counts_is_given_without_end(small: Till) -> None:
    assert extras(small, cart("pot", 3)) == [("lid", 1, 0)]
    assert isinstance(small.place(cart("pot", 3)), dict)
    assert small.count("shelf") == 0


def test_a_gift_is_taken_from_its_stock_and_ends_with_it(small: Till) -> None:
    bring(small, "lid", 2)
    first = small.place(cart("pot", 3))
    assert [(one["count"], one["paid"], one["free"]) for one in first["lines"]] == [
        (3, "30.00", None),
        (1, "0.00", True),
    ]
    assert there(small) == 1
    small.place(cart("pot", 3))
    assert extras(small, cart("pot", 3)) == []
    assert why(small, cart("pot", 3), "lid_free") == ("limit", ("stock", 0, 1))
    last = small.place(cart("pot", 3))
    assert len(last["lines"]) == 1
    small.agrees()


def test_what_a_cancelled_record_took_comes_back_and_is_taken_again(small: Till) -> None:
    bring(small, "lid", 1)
    first = small.place(cart("pot", 3))
    small.cancel(first["id"])
    assert there(small) == 1
    small.reinstate(first["id"])
    assert there(small) == 0
    small.cancel(first["id"])
    second = small.place(cart("pot", 3))
    refused = small.reinstate(first["id"])
    assert refused.code == "guard_blocked"
    assert len(second["lines"]) == 2
    small.agrees()


def test_a_gift_that_went_meanwhile_is_told_with_the_new_prices(small: Till) -> None:
    bring(small, "lid", 1)
    body = small.body(cart("pot", 3))
    small.place(cart("pot", 3))
    refusal = small.placed(body)
    assert isinstance(refusal, PriceChanged)
    assert refusal.params["evaluated"].priced.extras == ()


def test_of_many_who_place_at_once_only_as_many_get_one_as_there_are(till: Till) -> None:
    bring(till, "lid", THERE)
    body = till.body(cart("pot", 3))
    chance = Random(6)

    def once() -> Any:
        found = till.placed(body)
        if isinstance(found, dict) and chance.random() < 0.3:
            till.cancel(found["id"])
            return "cancelled"
        return found

    found = together(*[partial(once) for _ in range(CROWD)])
    placed = [one for one in found if isinstance(one, dict)]
    refused = [one for one in found if not isinstance(one, dict | str)]
    assert all(isinstance(one, PriceChanged) for one in refused)
    assert len(placed) + there(till) == THERE
    till.agrees()


def wish(quantity: int, item: str = "lid", promotion: str = "beside") -> dict[str, Any]:
    return {"accept": [{"promotion": promotion, "item": item, "quantity": quantity}]}


def test_somebody_takes_an_add_on_at_its_price(small: Till) -> None:
    found = small.prices(cart("urn", 1, **wish(2))).priced
    assert [(one.item, one.quantity, one.charged) for one in found.extras] == [("lid", 2, 400)]
    assert found.totals.total == 1400
    assert [(one.item, one.price, one.most) for one in found.offers] == [
        ("lid", 200, 1),
        ("rag", 100, 1),
    ]
    row = small.place(cart("urn", 1, **wish(2)))
    assert [(one["count"], one["price"], one["free"]) for one in row["lines"]] == [
        (1, "10.00", None),
        (2, "2.00", False),
    ]
    assert row["total"] == "14.00"


def test_an_add_on_is_offered_while_there_is_some(small: Till) -> None:
    bring(small, "lid", 2)
    found = small.prices(cart("urn")).priced
    assert [(one.item, one.most) for one in found.offers] == [("lid", 2), ("rag", 3)]
    small.place(cart("urn", 1, **wish(3)))
    assert there(small) == 0
    assert [one.item for one in small.prices(cart("urn")).priced.offers] == ["rag"]


def test_wishes_for_the_same_are_no_more_than_there_is(small: Till) -> None:
    bring(small, "lid", 2)
    twice = {"accept": wish(1)["accept"] * 3}
    assert extras(small, cart("urn", 1, **twice)) == [("lid", 1, 200), ("lid", 1, 200)]


def test_an_add_on_that_nobody_offers_is_left_out(small: Till) -> None:
    assert extras(small, cart("urn", 1, **wish(1, item="pot"))) == []
    assert extras(small, cart("cap", 1, **wish(1))) == []
    assert extras(small, cart("urn", 1, **wish(1, promotion="none"))) == []


@pytest.mark.parametrize(
    ("accept", "field", "code"),
    [
        ("lid", "accept", "invalid"),
        (["lid"], "accept.0", "invalid"),
        ([{"item": "lid"}], "accept.0.promotion", "required"),
        ([{"promotion": "beside"}], "accept.0.item", "required"),
        ([{"promotion": "beside", "item": "none"}], "accept.0.item", "not_found"),
        ([{"promotion": "beside", "item": "lid", "quantity": 0}], "accept.0.quantity", "invalid"),
        ([{"promotion": "beside", "item": "lid", "price": "0"}], "accept.0.price", "unknown_field"),
    ],
)
def test_a_wrong_wish_is_told_at_its_field(small: Till, accept: Any, field: str, code: str) -> None:
    refused = small.ask("evaluate", "sale", cart("urn", 1, accept=accept))
    assert isinstance(refused, Invalid)
    assert (field, code) in [(one.field, one.code) for one in refused.errors]


def test_a_gift_is_said_to_hold_and_not_to_take_nothing_off(small: Till) -> None:
    found = small.prices(cart("pot", 3))
    words = Words(found, small.runtime.app, "en")
    (step,) = [one for one in found.priced.trace if one.promotion == "lid_free"]
    assert words.sentence(step) == "Applied."
    hints = small.prices(cart("urn"))
    assert Words(hints, small.runtime.app, "en").offers()[0] == (
        "Things beside an urn: add lid for €2.00, at most 3"
    )
