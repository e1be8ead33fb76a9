"""An amount has no more decimals than the currency of its record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runtime.errors import InvalidInput
from runtime.messages import Result
from tests.databases import sqlite_url
from tests.flow import Flow
from tests.shop import open_shop, write_folder

FILES = {
    "app.yaml": "app: till\nlabel: Till\ncurrency: CNY",
    "roles.yaml": "roles: {clerk: {label: Clerk}}",
    "till/bill.entity.yaml": """
entity: bill
label: Bill
title: "{number}"
fields:
  number: {type: text, required: true}
  currency: {type: text, required: true}
  amount: {type: money, currency: currency}
  rate: {type: money, currency: currency, places: 4}
  share: {type: money, currency: currency, computed: "round(amount / 3, 3)"}
  stage: {type: state}
  parts: {type: children, of: part}
""",
    "till/part.entity.yaml": """
entity: part
child_of: bill
label: Part
title: "{bill.number}"
fields:

  currency: {type: text, computed: bill.currency}
  price: {type: money, currency: currency}
""",
    "till/bill.workflow.yaml": """
entity: bill
workflows:
  stage:
    label: Stage
    field: stage
    initial: open
    states: {open: Open, paid: {label: Paid, final: true}}
    transitions:
      pay:
        label: Pay
        from: open
        to: paid
        roles: clerk
        input: {paid: {type: money, currency: currency, label: Paid}}
        do: [{set: {amount: input.paid}}]
""",
    "till/till.access.yaml": 'access: till\ngrants: {clerk: {"*": all}}',
}


@pytest.fixture
def till(tmp_path: Path) -> Flow:
    opened = open_shop(sqlite_url(tmp_path), write_folder(tmp_path / "till", FILES))
    return Flow(opened.runtime, opened.actor)


@pytest.mark.parametrize(
    ("currency", "amount", "right"),
    [
        ("CNY", "1.005", False),
        ("CNY", "1.05", True),
        ("CNY", "1.050", True),
        ("CNY", "-0.001", False),
        ("JPY", "10.5", False),
        ("JPY", "10.00", True),
        ("KWD", "1.005", True),
    ],
)
def test_what_is_sent_has_the_decimals_of_its_currency(
    till: Flow, currency: str, amount: str, right: bool
) -> None:
    values: dict[str, Any] = {"number": "B1", "currency": currency, "amount": amount}
    inside = {"number": "B2", "currency": currency, "parts": [{"price": amount}]}
    for place, sent in (("amount", values), ("parts.0.price", inside)):
        if right:
            till.done("create", "bill", sent)
            continue
        (error,) = till.refused("create", "bill", sent).errors
        assert (error.field, error.code) == (place, "places")
    asked = till.row(till.done("create", "bill", {"number": "B3", "currency": currency}))
    answer = till.fire(asked["id"], "stage.pay", {"paid": amount}, entity="bill")
    assert isinstance(answer, Result if right else InvalidInput), answer


def test_what_is_computed_or_has_places_of_its_own_is_the_authors(till: Flow) -> None:
    values = {"number": "B1", "currency": "CNY", "amount": "1.00", "rate": "0.1234"}
    made = till.row(till.done("create", "bill", values))
    assert (made["share"], made["rate"]) == ("0.333", "0.1234")


def test_an_amount_that_is_there_stays_as_long_as_nobody_sends_another(till: Flow) -> None:
    made = till.row(
        till.done("create", "bill", {"number": "B1", "currency": "KWD", "amount": "1.005"})
    )
    values = {"currency": "CNY", "amount": "1.005"}
    till.done("update", "bill", values, record=made["id"], version=1)
