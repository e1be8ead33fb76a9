"""What `pricing:` declares of discounts is what the engine does: rounding, lanes of a shop."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from generator.compile import Compiled, compile_definitions
from rules.pricing import frozen as kept
from rules.pricing.cart import Cart, Context, Line
from rules.pricing.offered import book_of, lanes_of, settings_of
from rules.pricing.price import price
from rules.pricing.promotion import LANES, Book, Promotion
from rules.pricing.result import Result
from tests.shop import write_folder
from tests.stall import APP, WARE

NOW = datetime(2026, 11, 11, 12, tzinfo=UTC)
FIVE = """
promotion: five
label: {en: Five}
then: [{type: percent_off, percent: 5, apply: each_line}]
"""
EARLY = """
promotion: early
label: {en: Early}
lane: clearance
then: [{type: percent_off, percent: 50, apply: spread}]
"""
HALF = """
promotion: half
label: {en: Half}
then: [{type: percent_off, percent: 50, apply: each_line}]
"""
LATE = """
promotion: late
label: {en: Late}
then: [{type: amount_off, value: 1, apply: spread, lane: finish}]
"""
SPEND = """
promotion: spend
label: {en: Spend}
when: [{type: amount, value: 40}]
then: [{type: amount_off, value: 10, apply: spread}]
"""
THREE = Cart("EUR", (Line("a", "A", 3, 99), Line("b", "B", 1, 99), Line("c", "C", 1, 99)))


def compiled(folder: Path, said: str, *promotions: str) -> Compiled:
    files = {"app.yaml": APP + said, "roles.yaml": "roles: {}\n", "stall/ware.entity.yaml": WARE}
    for text in promotions:
        name = text.split("promotion: ")[1].split("\n")[0]
        files[f"stall/{name}.promotion.yaml"] = text
    return compile_definitions(write_folder(folder, files))


def opened(folder: Path, said: str, *promotions: str) -> tuple[Book, Context]:
    found = compiled(folder, said, *promotions)
    pricing, words = found.app.pricing, found.catalogs
    assert pricing is not None
    book = book_of(pricing, found.app.promotions.values(), (words["conditions"], words["actions"]))
    return book, Context(settings=settings_of(pricing))


def shares(result: Result) -> list[int]:
    return [line.list - line.paid for line in result.lines]


@pytest.mark.parametrize(
    ("said", "off"),
    [
        # 5 % of 2.97 are 14.85, of 0.99 they are 4.95, of all 24.75
        ("", [15, 5, 5]),
        ("  discounts: {per: line, rounding: down}\n", [14, 4, 4]),
        ("  discounts: {per: unit}\n", [15, 5, 5]),
        ("  discounts: {per: unit, rounding: down}\n", [12, 4, 4]),
        ("  discounts: {per: order}\n", [15, 5, 5]),
        ("  discounts: {per: order, rounding: down}\n", [14, 5, 5]),
    ],
)
def test_discounts_are_rounded_where_and_as_the_shop_says(
    tmp_path: Path, said: str, off: list[int]
) -> None:
    book, context = opened(tmp_path, said, FIVE)
    assert shares(price(THREE, book, context, NOW)) == off


def test_a_half_is_taken_off_or_stays_with_the_shop(tmp_path: Path) -> None:
    cart = Cart("EUR", (Line("a", "A", 1, 10),))
    for way, off in (("half_up", 1), ("half_down", 0), ("down", 0)):
        book, context = opened(tmp_path / way, f"  discounts: {{rounding: {way}}}\n", FIVE)
        assert shares(price(cart, book, context, NOW)) == [off]


def test_one_sum_is_rounded_once_and_shared_out_by_the_exact_shares(tmp_path: Path) -> None:
    cart = Cart("EUR", tuple([Line(str(at), "A", 1, 5) for at in range(10)]))
    for per, off in (("line", [0] * 10), ("order", [1, 1, 1, *[0] * 7])):
        book, context = opened(tmp_path / per, f"  discounts: {{per: {per}}}\n", FIVE)
        assert shares(price(cart, book, context, NOW)) == off


LANED = (
    "  lanes: {clearance: {before: line}, finish: {before: shipping}, last: {before: shipping}}\n"
)


def test_lanes_of_the_shop_stand_where_it_says(tmp_path: Path) -> None:
    pricing = compiled(tmp_path, LANED).app.pricing
    assert pricing is not None
    lanes = lanes_of(pricing)
    assert [one for one in lanes if one in LANES] == list(LANES)
    assert lanes.index("clearance") + 1 == lanes.index("line")
    assert lanes[lanes.index("order") + 1 : lanes.index("shipping")] == ("finish", "last")


def test_each_lane_works_on_what_the_one_before_it_left(tmp_path: Path) -> None:
    cart = Cart("EUR", (Line("a", "A", 1, 100_00),))
    book, context = opened(tmp_path, LANED, EARLY, SPEND, LATE, HALF)
    found = price(cart, book, context, NOW)
    steps = [(one.promotion, one.lane, one.verdict, one.granted) for one in found.trace]
    # half of 100 first, half of that in the usual lane, then 25 are too little to save ten
    assert steps == [
        ("early", "clearance", "applied", 50_00),
        ("half", "line", "applied", 25_00),
        ("spend", "order", "not_eligible", 0),
        ("late", "finish", "applied", 1_00),
    ]
    assert found.totals.total == 24_00


def test_what_an_order_keeps_is_priced_again_in_its_own_lanes_and_rounding(tmp_path: Path) -> None:
    texts = {"early": EARLY, "five": FIVE, "spend": SPEND + "refund: {on_break: clawback}\n"}
    said = LANED + "  discounts: {rounding: down, per: unit}\n"
    found = compiled(tmp_path, said, *texts.values())
    book, context = opened(tmp_path / "again", said, *texts.values())
    cart = Cart("EUR", (Line("a", "A", 3, 33_33),), gross=True)
    placed = price(cart, book, context, NOW)
    assert "spend" in placed.applied
    written = [one.written for one in found.app.promotions.values()]
    by_name: Mapping[str, Promotion] = {one.id: one for one in book.promotions}

    def read(one: Mapping[str, Any]) -> Promotion:
        return by_name[str(one["id"])]

    basis = kept.thawed(kept.frozen(placed, book, context, NOW, written), read)
    assert basis.context.settings == context.settings
    assert basis.book.lanes == book.lanes
    again = price(basis.cart, basis.book, basis.context, basis.at)
    assert shares(again) == shares(placed)
