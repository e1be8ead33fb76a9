"""Who takes part, who stands beside whom, and what is said about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rules.pricing.amounts import Currencies
from rules.pricing.cart import Accepted, Cart, CodeFact, Context, Customer, Line, Used, faults
from rules.pricing.price import price
from rules.pricing.promotion import Promotion
from rules.pricing.reading import read_promotion
from rules.pricing.result import Result

NOW = datetime(2026, 11, 11, 12, tzinfo=UTC)
MONEY = Currencies({"EUR": 2, "JPY": 0}, "EUR")
NOBODY = Context()
CART = Cart("EUR", (Line("l", "i", 2, 5_000),))


def read(id_: str, action: Mapping[str, Any], **more: Any) -> Promotion:
    promotion, found = read_promotion({"id": id_, "then": [action], **more}, MONEY)
    assert promotion is not None, found
    return promotion


def off(value: str) -> dict[str, Any]:
    return {"type": "amount_off", "value": value}


def run(
    *rules: Promotion, cart: Cart = CART, context: Context = NOBODY, now: datetime = NOW
) -> Result:
    return price(cart, rules, context, now)


def verdicts(result: Result) -> dict[str, str]:
    return {step.promotion: step.verdict for step in result.trace}


def test_what_is_missing_is_said_with_need_and_have() -> None:
    rule = read("p", off("5"), when=[{"type": "amount", "value": "112.40"}])
    (step,) = run(rule).trace
    assert step.verdict == "not_eligible"
    assert step.miss is not None
    assert (step.miss.have, step.miss.need, step.miss.measure) == (10_000, 11_240, "money")


def test_a_window_ends_at_its_moment_in_its_own_zone() -> None:
    window = {"until": "2026-11-11T20:00", "zone": "Asia/Shanghai"}
    rule = read("p", off("5"), window=window)
    assert run(rule, now=datetime(2026, 11, 11, 11, 59, tzinfo=UTC)).applied == ("p",)
    assert verdicts(run(rule, now=datetime(2026, 11, 11, 12, tzinfo=UTC))) == {"p": "window"}


def test_hours_over_midnight_belong_to_the_day_they_begin_on() -> None:
    hours = [{"from": "22:00", "until": "02:00"}]
    rule = read("p", off("5"), recurs={"weekdays": ["wednesday"], "hours": hours})
    assert run(rule, now=datetime(2026, 11, 12, 1, tzinfo=UTC)).applied == ("p",)
    assert run(rule, now=datetime(2026, 11, 11, 1, tzinfo=UTC)).applied == ()


def test_an_amount_without_a_value_in_the_currency_is_never_converted() -> None:
    rule = read("p", {"type": "amount_off", "value": {"JPY": "500"}})
    assert verdicts(run(rule)) == {"p": "currency"}


def test_two_stand_together_only_if_both_allow_it() -> None:
    one = read("one", off("5"), combines_with={"promotions": ["two"]})
    two = read("two", off("8"), combines_with={"promotions": []})
    result = run(one, two)
    assert result.applied == ("two",)
    (step,) = [step for step in result.trace if step.verdict == "suppressed"]
    assert (step.promotion, step.by, step.granted) == ("one", "two", 500)
    both = read("two", off("8"), combines_with={"targets": ["order"]})
    assert run(one, both).totals.off == 1_300


def test_of_exclusive_ones_the_best_stands_alone_unless_one_insists() -> None:
    small, large = read("a", off("5"), exclusive="all"), read("b", off("9"), exclusive="all")
    assert run(small, large, read("c", off("7"))).applied == ("b",)
    first = read("a", off("5"), exclusive="all", exclusive_policy="priority", priority=1)
    assert run(first, large, read("c", off("7"))).applied == ("a",)


def test_each_code_says_what_became_of_it() -> None:
    cart = Cart("EUR", CART.lines, codes=("late", "mine", "yours", "nix", "full"))
    facts = {
        "MINE": CodeFact("single", owner="c"),
        "YOURS": CodeFact("single", owner="d"),
    }
    context = Context(Customer("c"), codes=facts, used={"full": Used(total=3)})
    result = run(
        read("late", off("1"), codes=["LATE"], window={"until": "2026-01-01"}),
        read("single", off("2"), needs_code=True),
        read("full", off("3"), codes=["FULL"], limits={"total": 3}),
        cart=cart,
        context=context,
    )
    assert {state.code: state.state for state in result.codes} == {
        "LATE": "ended",
        "MINE": "applied",
        "YOURS": "wrong_customer",
        "NIX": "unknown",
        "FULL": "limit_reached",
    }
    assert [(use.promotion, use.code, use.spend) for use in result.usage] == [
        ("single", "MINE", 200)
    ]


def test_an_add_on_is_offered_and_paid_for_when_it_is_taken() -> None:
    rule = read("p", {"type": "add_on", "offers": [{"item": "bag", "price": "3.50"}]})
    assert [offer.price for offer in run(rule).offers] == [350]
    taken = Cart("EUR", CART.lines, accepted=(Accepted("p", "bag"),))
    assert run(rule, cart=taken).totals.total == 10_350


def test_what_is_wrong_with_a_promotion_is_said_all_at_once_with_its_place() -> None:
    written = {
        "id": "p",
        "colour": "red",
        "window": {"from": "2026-02-01", "until": "2026-01-01"},
        "when": [{"type": "amount", "value": "1.005"}, {"type": "mood"}],
        "then": [{"type": "percent_off", "percent": "120"}],
    }
    promotion, found = read_promotion(written, MONEY)
    assert promotion is None
    assert {(fault.path, fault.code) for fault in found} == {
        ("colour", "unknown_key"),
        ("window.until", "window_never_opens"),
        ("when[0].value", "bad_decimals"),
        ("when[1].type", "unknown_word"),
        ("then[0].percent", "percent_out_of_range"),
    }


def test_a_cart_that_cannot_be_priced_says_why() -> None:
    cart = Cart("EUR", (Line("a", "i", 0, 5), Line("a", "i", 1, -5)))
    assert [(fault.code, fault.at) for fault in faults(cart)] == [
        ("quantity_not_positive", "a"),
        ("line_twice", "a"),
        ("negative_amount", "a"),
    ]


def test_a_gift_or_an_add_on_for_some_goods_is_for_carts_with_them() -> None:
    given = {"type": "gift", "item": "g", "include": {"items": ["other"]}}
    offered = {"type": "add_on", "offers": [{"item": "g", "price": "1"}]}
    gift, add_on = read("p", given), read("q", offered, exclude={"items": ["i"]})
    found = run(gift, add_on)
    assert (found.extras, found.offers) == ((), ())
    assert verdicts(found) == {"p": "not_eligible", "q": "not_eligible"}
    with_other = Cart("EUR", (*CART.lines, Line("m", "other", 1, 100)))
    found = run(gift, add_on, cart=with_other)
    assert [one.item for one in (*found.extras, *found.offers)] == ["g", "g"]


def test_what_takes_nothing_off_has_no_cap() -> None:
    for action in (
        {"type": "gift", "item": "g", "cap": "1"},
        {"type": "add_on", "offers": [{"item": "g", "price": "1"}], "cap": "1"},
    ):
        found, faults_found = read_promotion({"id": "p", "then": [action]}, MONEY)
        assert found is None
        assert [(one.path, one.code) for one in faults_found] == [("then[0].cap", "unknown_key")]


def test_whoever_a_code_was_handed_to_pays_a_price_of_their_own() -> None:
    action = {"type": "fixed_price", "price": "40", "holder_price": "35", "per_customer": 1}
    rule = read("team", action, needs_code=True)
    fact = CodeFact("team", limit=3, holder="ann")

    def paid(who: str, *codes: str) -> int:
        context = Context(Customer(who), codes={"T1": fact})
        cart = Cart("EUR", (Line("l", "i", 2, 5_000),), codes=codes)
        return run(rule, cart=cart, context=context).totals.total

    assert paid("ann", "t1") == 8_500
    assert paid("bob", "t1") == 9_000
    assert paid("", "t1") == 9_000
    assert paid("ann") == 10_000


def test_a_code_that_was_handed_to_somebody_for_something_else_changes_no_price() -> None:
    action = {"type": "fixed_price", "price": "40", "holder_price": "35"}
    rule = read("team", action, codes=["OPEN"])
    context = Context(Customer("ann"), codes={"T1": CodeFact("other", holder="ann")})
    cart = Cart("EUR", (Line("l", "i", 1, 5_000),), codes=("open", "t1"))
    assert run(rule, cart=cart, context=context).totals.total == 4_000


STOCKED = Context(stock={"spoon": 3})


def added(result: Result) -> list[tuple[str, int, int]]:
    return [(one.item, one.quantity, one.charged) for one in result.extras]


def test_gifts_of_one_item_share_what_there_is_of_it() -> None:
    two = read("a", {"type": "gift", "item": "spoon", "quantity": 2})
    more = read("b", {"type": "gift", "item": "spoon", "quantity": 2})
    third = read("c", {"type": "gift", "item": "spoon"})
    result = run(two, more, third, context=STOCKED)
    assert added(result) == [("spoon", 2, 0), ("spoon", 1, 0)]
    steps = {step.promotion: step for step in result.trace}
    assert (steps["b"].verdict, steps["b"].by) == ("applied", "stock")
    assert (steps["c"].verdict, steps["c"].miss and steps["c"].miss.have) == ("limit", 0)


def test_an_add_on_leaves_what_a_gift_took() -> None:
    gift = read("a", {"type": "gift", "item": "spoon", "quantity": 2})
    offers = [{"item": "spoon", "price": "3"}]
    beside = read("b", {"type": "add_on", "offers": offers, "units": 5})
    taken = (Accepted("b", "spoon", 4),)
    result = run(gift, beside, cart=Cart("EUR", CART.lines, accepted=taken), context=STOCKED)
    assert added(result) == [("spoon", 2, 0), ("spoon", 1, 300)]
    assert result.offers == ()


def test_what_nobody_counts_is_added_without_end() -> None:
    gift = read("a", {"type": "gift", "item": "fork", "quantity": 2_000})
    assert added(run(gift, context=STOCKED)) == [("fork", 2_000, 0)]


def test_a_capped_amount_is_shared_like_any_other_amount() -> None:
    lines = (Line("a", "a", 1, 4_751), Line("b", "b", 2, 99), Line("c", "c", 7, 100))
    rule = read("p", {"type": "percent_off", "percent": "50", "cap": "3.19"})
    result = run(rule, cart=Cart("EUR", lines))
    # 3.19 by 47.51, 1.98 and 7.00: 268.31, 11.18, 39.53 → the last cent to the third
    assert [line.off for line in result.lines] == [268, 11, 40]


def test_what_a_cap_leaves_goes_to_lines_that_have_room_for_it() -> None:
    lines = (Line("a", "a", 1, 1_000, least=998), Line("b", "b", 1, 1_000))
    rule = read("p", {"type": "amount_off", "value": "9", "cap": "4"})
    assert [line.off for line in run(rule, cart=Cart("EUR", lines)).lines] == [2, 398]


def test_the_odd_cent_of_a_bundle_is_the_earlier_lines() -> None:
    lines = (Line("a", "a", 1, 1_000), Line("b", "b", 2, 2_500))
    rule = read("p", {"type": "bundle_price", "quantity": 3, "price": "42.21"})
    # 17.79 by 10.00 and 50.00: 2.965 and 14.825
    assert [line.off for line in run(rule, cart=Cart("EUR", lines)).lines] == [297, 1_482]


def test_each_verdict_of_a_trace_can_be_met() -> None:
    all_off = {"type": "percent_off", "percent": "100"}
    rules = (
        read("a_applied", off("5")),
        read("b_not_eligible", off("5"), when=[{"type": "amount", "value": "999"}]),
        read("c_suppressed", off("1"), group={"name": "one"}),
        read("c_winner", off("2"), group={"name": "one"}),
        read("d_limit", off("5"), limits={"total": 1}),
        read("e_budget", off("5"), budget={"amount": "10"}),
        read("f_currency", {"type": "amount_off", "value": {"JPY": "5"}}),
        read("g_window", off("5"), window={"until": "2000-01-01"}),
        read("h_code", off("5"), codes=["H"]),
        read("y_all", all_off, priority=-1),
        read("z_nothing_left", off("5"), priority=-2),
    )
    used = {"d_limit": Used(total=1), "e_budget": Used(spent=1_000)}
    found = verdicts(run(*rules, context=Context(used=used)))
    assert {name[2:] for name in found if found[name] == name[2:]} == {
        "applied", "not_eligible", "suppressed", "limit", "budget", "currency", "window", "code",
        "nothing_left",
    }  # fmt: skip
