"""Price lists before promotions: which one holds, from how many units, and what is said of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

from rules.pricing.cart import Cart, Context, Customer, Line, Listed, PriceList
from rules.pricing.price import price
from tests.rules.test_pricing_choices import read

NOW = datetime(2026, 11, 11, 12, tzinfo=UTC)
TRADE = PriceList("B2B", "EUR", 30, channels=frozenset({"b2b"}))
JADE = PriceList("JADE", "EUR", 20, groups=frozenset({"jade"}))
STEPS = (Listed(TRADE, 850, 10), Listed(TRADE, 700, 50))
AT_TRADE = Context(channel="b2b")


def cart(*quantities: int, listed: tuple[Listed, ...] = STEPS, own: bool = True) -> Cart:
    lines = (
        Line(str(at), "cup", units, 1_000 if own else 0, listed=listed, own=own)
        for at, units in enumerate(quantities)
    )
    return Cart("EUR", tuple(lines))


def goods(asked: Cart, context: Context = AT_TRADE) -> int:
    return price(asked, (), context, NOW).totals.goods


def test_a_step_begins_with_its_quantity_counted_over_the_whole_cart() -> None:
    assert [goods(cart(units)) for units in (9, 10, 49, 50)] == [9_000, 8_500, 41_650, 35_000]
    assert goods(cart(4, 6)) == goods(cart(10))


def test_the_lowest_number_goes_first_then_the_lowest_price_whatever_the_order() -> None:
    again = PriceList("TRADE-2", "EUR", 30)
    every = (*STEPS, Listed(JADE, 900), Listed(again, 840))
    known = Context(Customer("ann", ("jade",)), "b2b")
    for order in permutations(every):
        assert goods(cart(10, listed=order), known) == 9_000
        assert goods(cart(10, listed=order)) == 8_400


def test_a_list_holds_in_its_days_for_its_facts_and_in_its_currency() -> None:
    day = timedelta(days=1)
    for times in ({"until": NOW}, {"since": NOW + day}):
        assert goods(cart(10, listed=(Listed(PriceList("L", "EUR", **times), 1),))) == 10_000
    assert goods(cart(10, listed=(Listed(PriceList("L", "EUR", until=NOW + day), 1),))) == 10
    local = Listed(PriceList("L", "EUR", facts={"store": frozenset({"N"})}), 900)
    assert goods(cart(1, listed=(local,)), Context(facts={"store": "N"})) == 900
    assert goods(cart(1, listed=(local,))) == 1_000
    assert goods(cart(1, listed=(Listed(PriceList("L", "USD"), 1),))) == 1_000


def test_what_became_of_each_list_is_told_with_what_it_takes() -> None:
    found = price(cart(10, listed=(*STEPS, Listed(JADE, 900))), (), AT_TRADE, NOW)
    told = {(one.list, one.least): (one.verdict, one.miss) for one in found.listings}
    assert told["B2B", 10] == ("applied", None)
    verdict, miss = told["B2B", 50]
    assert miss is not None
    assert (verdict, miss.path, miss.have, miss.need) == ("not_eligible", "from_quantity", 10, 50)
    verdict, miss = told["JADE", 1]
    assert miss is not None
    assert miss.path == "customer.groups"


def test_promotions_see_the_listed_price_and_its_former_one() -> None:
    ten = read("ten", {"type": "percent_off", "percent": "10", "apply": "each_line"},
               exclude={"reduced": True})  # fmt: skip
    plain, reduced = Listed(JADE, 900), Listed(JADE, 900, was=1_000)
    jade = Context(Customer("ann", ("jade",)))
    for listed, paid in ((plain, 810), (reduced, 900)):
        assert price(cart(1, listed=(listed,)), (ten,), jade, NOW).totals.total == paid


def test_the_prices_that_hold_are_priced_again_to_the_same_mark() -> None:
    once = price(cart(4, 6), (), AT_TRADE, NOW)
    again = price(once.cart, (), AT_TRADE, NOW)
    assert (again.fingerprint, again.totals) == (once.fingerprint, once.totals)
    assert once.fingerprint != price(cart(4, 5), (), AT_TRADE, NOW).fingerprint


def test_an_item_without_a_price_in_the_currency_needs_a_list_that_has_one() -> None:
    assert goods(cart(10, own=False)) == 8_500
    lacking = price(cart(9, own=False), (), AT_TRADE, NOW).listings
    assert [one.verdict for one in lacking] == ["not_eligible", "unpriced"]
