"""Did you mean …? What is suggested for the slips people make, and when nothing is."""

import pytest

from generator.problems import did_you_mean, listed, quoted, snake
from generator.suggest import closest

STATES = ["cancelled", "paid", "pending", "shipped"]
KEYS = ["created_at", "created_by", "default", "label", "max", "min", "required", "type", "unique"]


@pytest.mark.parametrize(
    ("written", "known", "meant"),
    [
        ("payed", STATES, "paid"),
        ("canceled", STATES, "cancelled"),
        ("pendign", STATES, "pending"),
        ("SHIPPED", STATES, "shipped"),
        ("Created-At", KEYS, "created_at"),
        ("created at", KEYS, "created_at"),
        ("at_created", KEYS, "created_at"),
        ("req", KEYS, "required"),
        ("requierd", KEYS, "required"),
        ("lable", KEYS, "label"),
        ("typ", KEYS, "type"),
        ("mx", KEYS, "max"),
        ("fone", ["phone", "one", "zone"], "phone"),
        ("订但", ["订单", "客户"], "订单"),
    ],
)
def test_a_slip_is_recognized(written: str, known: list[str], meant: str) -> None:
    assert closest(written, known) == meant


@pytest.mark.parametrize("written", ["", " ", "x", "warehouse", "p", "x" * 10_000])
def test_nothing_far_fetched_is_suggested(written: str) -> None:
    assert closest(written, STATES) is None


def test_the_nearest_of_two_is_suggested_whatever_their_order() -> None:
    assert closest("totl", ["tool", "total", "toll"]) == "total"
    assert closest("totl", ["total", "toll", "tool"]) == "total"


def test_a_beginning_of_several_names_suggests_none_of_them() -> None:
    assert closest("created", KEYS) is None


def test_a_hint_names_the_nearest_then_the_others() -> None:
    assert did_you_mean("payed", STATES, otherwise="-") == (
        "Did you mean 'paid'? The others are: cancelled, pending, shipped."
    )
    assert did_you_mean("warehouse", STATES, otherwise="-") == (
        "Known: cancelled, paid, pending, shipped."
    )
    assert did_you_mean("payed", [], otherwise="Add one.") == "Add one."


def test_a_thousand_names_are_counted_not_listed() -> None:
    assert listed(f"n{number}" for number in range(1000)).endswith("n11 and 988 more")


def test_an_authors_text_is_repeated_on_one_line_and_shortened() -> None:
    assert quoted("a\n  b") == "'a b'"
    assert len(quoted("x" * 5000)) < 70


@pytest.mark.parametrize(
    ("written", "name"),
    [("Sales Order", "sales_order"), ("2nd-try", "nd_try"), ("订单", ""), ("a__b", "a_b")],
)
def test_a_name_is_made_of_what_was_written(written: str, name: str) -> None:
    assert snake(written) == name
