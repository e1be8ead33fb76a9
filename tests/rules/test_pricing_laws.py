"""Laws of pricing, on random carts and promotions; the numbers are those of the normative text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.pricing import units
from rules.pricing.amounts import Currencies
from rules.pricing.cart import Cart, Context, Customer, Line, Shipment
from rules.pricing.counters import Counter, take
from rules.pricing.price import price
from rules.pricing.promotion import Promotion
from rules.pricing.reading import read_promotion
from rules.pricing.refunds import freeze, refund_units
from rules.pricing.result import Result

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
CONTEXT = Context(Customer("c"))
EURO = Currencies({"EUR": 2}, "EUR")
MODERATE = settings(max_examples=60)
LABELS = ("red", "blue")

money = st.integers(1, 5_000).map(lambda cents: f"{cents // 100}.{cents % 100:02}")
percent = st.integers(1, 100).map(str)
count = st.integers(1, 4)
effect = st.one_of(percent.map(lambda p: {"percent": p}), money.map(lambda m: {"amount": m}))
applies = st.sampled_from(["each_unit", "each_line", "spread"])
actions = st.one_of(
    st.builds(lambda v, a: {"type": "amount_off", "value": v, "apply": a}, money, applies),
    st.builds(lambda v, a: {"type": "percent_off", "percent": v, "apply": a}, percent, applies),
    st.builds(lambda e, v: {"type": "every_amount_off", "every": e, "value": v}, money, money),
    st.builds(lambda e, n: {"type": "cheapest", "units": n, **e}, effect, count),
    st.builds(lambda e, n: {"type": "unit_groups", "size": n, **e}, effect, count),
    st.builds(lambda e, n: {"type": "nth", "n": n, **e}, effect, count),
    st.builds(lambda q, p: {"type": "bundle_price", "quantity": q, "price": p}, count, money),
    st.builds(
        lambda b, g, e: {"type": "buy_get", "buy": {"quantity": b}, "get": {"quantity": g, **e}},
        count, count, effect,
    ),
    st.builds(lambda p, s: {"type": "fixed_price", "price": p, "stock": s}, money, count),
    st.builds(lambda p: {"type": "delivery_percent_off", "percent": p}, percent),
)  # fmt: skip
lines = st.builds(
    lambda quantity, cents, least, label, tax: {
        "quantity": quantity, "price": cents, "least": min(least, cents),
        "labels": {"color": (label,)}, "tax": Fraction(tax, 100),
    },
    st.integers(1, 5), st.integers(0, 4_000), st.integers(0, 900), st.sampled_from(LABELS),
    st.sampled_from([0, 7, 19]),
)  # fmt: skip


@st.composite
def carts(draw: st.DrawFn) -> Cart:
    rows = draw(st.lists(lines, max_size=5))
    made = tuple(Line(id=f"l{at}", item=f"i{at}", **row) for at, row in enumerate(rows))
    return Cart("EUR", made, (Shipment("s", "post", draw(st.integers(0, 900))),))


@st.composite
def promotions(draw: st.DrawFn, most: int = 5) -> list[Promotion]:
    found = []
    for at in range(draw(st.integers(0, most))):
        written: dict[str, Any] = {
            "id": f"p{at}",
            "priority": draw(st.integers(0, 2)),
            "then": [draw(actions)],
        }
        if draw(st.booleans()):
            written["include"] = {"labels": {"color": [draw(st.sampled_from(LABELS))]}}
        if draw(st.booleans()):
            written["when"] = [{"type": "amount", "value": draw(money)}]
        if draw(st.integers(0, 3)) == 0:
            written["group"] = {"name": "some"}
        if draw(st.integers(0, 5)) == 0:
            written["exclusive"] = draw(st.sampled_from(["lane", "all"]))
        found.append(read(written))
    return found


def read(written: Mapping[str, Any]) -> Promotion:
    promotion, faults = read_promotion(written, EURO)
    assert promotion is not None, faults
    return promotion


def priced(cart: Cart, rules: Sequence[Promotion], context: Context = CONTEXT) -> Result:
    return price(cart, rules, context, NOW)


@MODERATE
@given(carts(), promotions())
def test_1_and_2_rows_add_up_and_no_line_falls_below_its_floor(
    cart: Cart, rules: list[Promotion]
) -> None:
    result = priced(cart, rules)
    for line in result.lines:
        assert line.list - line.paid == sum(row.amount for row in line.allocations)
        assert line.paid == sum(size * each for size, each in line.units)
        assert line.paid >= min(line.list, line.floor)
        assert all(each >= 0 for _, each in line.units)
    for step in result.trace:
        if step.verdict == "applied":
            assert step.granted == sum(share for _, _, share in step.split)
    assert result.totals.total >= 0
    assert all(shipment.paid >= 0 for shipment in result.shipments)


@MODERATE
@given(carts(), promotions(), st.randoms(use_true_random=False))
def test_3_the_order_of_promotions_and_codes_changes_nothing(
    cart: Cart, rules: list[Promotion], random: Any
) -> None:
    codes = ["b", "a", " C "]
    mixed = rules[:]
    random.shuffle(mixed)
    one = priced(replace(cart, codes=tuple(codes)), rules)
    assert priced(replace(cart, codes=tuple(reversed(codes))), mixed) == one


@MODERATE
@given(carts(), st.integers(1, 4_000))
def test_4_the_order_of_lines_moves_single_cents_at_most(cart: Cart, cents: int) -> None:
    rule = read({"id": "p", "then": [{"type": "amount_off", "value": f"{cents / 100:.2f}"}]})
    one = {line.id: line.paid for line in priced(cart, [rule]).lines}
    turned = replace(cart, lines=tuple(reversed(cart.lines)))
    for line in priced(turned, [rule]).lines:
        assert abs(line.paid - one[line.id]) <= len(cart.lines)


@MODERATE
@given(carts(), promotions())
def test_5_a_promotion_that_does_not_hold_changes_only_the_trace(
    cart: Cart, rules: list[Promotion]
) -> None:
    never = read({
        "id": "never",
        "when": [{"type": "amount", "value": "99999"}],
        "then": [{"type": "percent_off", "percent": "50"}],
    })  # fmt: skip
    with_it, without = priced(cart, [*rules, never]), priced(cart, rules)
    assert replace(with_it, trace=without.trace) == without


@MODERATE
@given(carts(), st.lists(actions, min_size=2, max_size=4))
def test_6_the_best_of_a_group_is_no_worse_than_any_of_it_alone(
    cart: Cart, found: list[dict[str, Any]]
) -> None:
    found = [each for each in found if each["type"] != "delivery_percent_off"]
    rules = [
        read({"id": f"p{at}", "group": {"name": "g"}, "lane": "line", "target": "order",
              "then": [each]})
        for at, each in enumerate(found)
    ]  # fmt: skip
    best = priced(cart, rules).totals.off
    assert all(best >= priced(cart, [rule]).totals.off for rule in rules)


@MODERATE
@given(carts(), st.sampled_from(["amount_off", "percent_off", "every_amount_off"]), money)
def test_7_one_line_of_n_or_n_lines_of_one_take_the_same_off_an_order(
    cart: Cart, word: str, value: str
) -> None:
    args: dict[str, Any] = {"value": value}
    if word == "percent_off":
        args = {"percent": "17"}
    elif word == "every_amount_off":
        args |= {"every": "10"}
    rule = read({"id": "p", "then": [{"type": word, **args}]})
    single = tuple(
        replace(line, id=f"{line.id}.{at}", quantity=1)
        for line in cart.lines
        for at in range(line.quantity)
    )
    split = priced(replace(cart, lines=single), [rule]).totals.off
    assert split == priced(cart, [rule]).totals.off


@MODERATE
@given(st.lists(st.integers(1, 50), min_size=1, max_size=5), st.integers(1, 9))
def test_8_ten_times_the_money_is_ten_times_the_result(tens: list[int], tenths: int) -> None:
    rule = read({"id": "p", "then": [
        {"type": "percent_off", "percent": f"{tenths}0", "apply": "each_line"}]})  # fmt: skip
    small = Cart("EUR", tuple(Line(f"l{at}", "i", 1, ten * 10) for at, ten in enumerate(tens)))
    large = replace(
        small, lines=tuple(replace(line, price=line.price * 10) for line in small.lines)
    )
    assert priced(large, [rule]).totals.total == 10 * priced(small, [rule]).totals.total


@MODERATE
@given(carts(), promotions(), st.data())
def test_9_everything_returned_is_everything_paid_in_whatever_steps(
    cart: Cart, rules: list[Promotion], data: st.DataObject
) -> None:
    for line in freeze(cart, priced(cart, rules)).lines:
        by_unit = data.draw(st.booleans())
        before = paid = tax = 0
        while before < line.quantity:
            step = data.draw(st.integers(1, line.quantity - before))
            refund = refund_units(line, before, step, by_unit=by_unit)
            assert refund is not None
            assert refund.amount >= 0
            before, paid, tax = before + step, paid + refund.amount, tax + refund.tax
        assert (paid, tax) == (line.paid, line.tax)
        assert refund_units(line, before, 1) is None


@MODERATE
@given(st.integers(0, 30), st.integers(0, 30))
def test_10_placements_against_a_limit_take_exactly_what_there_is(tries: int, limit: int) -> None:
    counter, taken = Counter(limit=limit), 0
    for _ in range(tries):
        after = take(counter, 1)
        taken += after is not None
        counter = after or counter
    assert taken == counter.used == min(tries, limit)


@MODERATE
@given(carts(), promotions())
def test_11_pricing_again_gives_the_same_mark_and_the_same_result(
    cart: Cart, rules: list[Promotion]
) -> None:
    assert priced(cart, rules) == priced(cart, rules)


@MODERATE
@given(promotions(), st.integers(1, 6_000))
def test_12_many_units_are_no_more_work_than_one(rules: list[Promotion], quantity: int) -> None:
    """Work grows with runs of equal units; how many there are is bounded whatever the quantity."""
    cart = Cart("EUR", (Line("l", "i", quantity, 799, {"color": ("red",)}),))
    for line in priced(cart, rules).lines:
        assert len(line.units) <= 2 * units.MOST
        assert sum(size for size, _ in line.units) == quantity
