"""The tax of a refund paid in parts, and of what a changed order gives back: exact to the unit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from rules.pricing.refund_taxes import Sum, tax_of_part, tax_received

AMOUNT = some.integers(min_value=1, max_value=500_000)


def total(parts: list[Sum]) -> Sum:
    return Sum(sum(one.amount for one in parts), sum(one.tax for one in parts))


@given(some.data())
def test_parts_add_up_to_their_whole_and_none_passes_what_it_pays(data: some.DataObject) -> None:
    amount = data.draw(AMOUNT)
    whole = Sum(amount, data.draw(some.integers(0, amount)))
    kept: list[Sum] = []
    for _ in range(data.draw(some.integers(0, 8))):
        if kept and data.draw(some.booleans()):
            kept.pop(data.draw(some.integers(0, len(kept) - 1)))  # rejected or withdrawn
        left = whole.amount - total(kept).amount
        if left:
            kept.append(_next(whole, kept, data.draw(some.integers(1, left))))
    left = whole.amount - total(kept).amount
    if left:
        kept.append(_next(whole, kept, left))
    assert total(kept) == whole


def _next(whole: Sum, kept: list[Sum], amount: int) -> Sum:
    tax = tax_of_part(whole, total(kept), amount)
    assert tax is not None
    assert 0 <= tax <= amount
    assert total(kept).tax + tax <= whole.tax
    return Sum(amount, tax)


@given(AMOUNT, some.integers(-500_000, 1_000_000), some.lists(AMOUNT, max_size=6))
def test_also_where_the_tax_is_below_nothing_or_above_the_amount(
    amount: int, tax: int, cuts: list[int]
) -> None:
    whole, kept = Sum(amount, tax), list[Sum]()
    ends = [*sorted({cut % amount for cut in cuts} - {0}), amount]
    for start, end in zip([0, *ends], ends, strict=False):
        found = tax_of_part(whole, total(kept), end - start)
        assert found is not None
        kept.append(Sum(end - start, found))
    assert total(kept) == whole


@given(AMOUNT, AMOUNT, AMOUNT)
def test_what_passes_the_whole_has_no_tax(amount: int, earlier: int, more: int) -> None:
    paid = min(earlier, amount)
    assert tax_of_part(Sum(amount, 1), Sum(paid, 0), amount - paid + more) is None


ORDERS = some.lists(
    AMOUNT.flatmap(lambda amount: some.builds(Sum, some.just(amount), some.integers(0, amount))),
    min_size=1,
    max_size=8,
)


@given(ORDERS)
def test_taxes_given_back_for_changes_and_that_of_what_stays_are_all_that_was_paid(
    orders: list[Sum],
) -> None:
    """Each change is settled: what is missing is paid, what is too much goes back."""
    paid, back, kept = 0, list[Sum](), Sum(0, 0)
    taxes_paid = 0
    for owed in orders:
        given_back = total(back)
        held = Sum(kept.amount - given_back.amount, kept.tax - given_back.tax)
        more = max(0, owed.amount - held.amount)
        found = tax_received(held, more, owed)
        paid, taxes_paid = paid + more, taxes_paid + found - held.tax
        kept = Sum(paid, found + given_back.tax)
        left = paid - given_back.amount - owed.amount
        if left:
            back.append(Sum(left, found - owed.tax))
            assert taxes_paid - total(back).tax == owed.tax
        elif more:
            assert found == owed.tax
    assert paid - total(back).amount == orders[-1].amount


@given(AMOUNT, some.data())
def test_of_what_is_paid_in_part_its_share_is_tax(amount: int, data: some.DataObject) -> None:
    owed = Sum(amount, data.draw(some.integers(0, amount)))
    paid = data.draw(some.integers(0, amount))
    found = tax_received(Sum(0, 0), paid, owed)
    assert 0 <= found <= min(owed.tax, paid + 1)
    assert tax_received(Sum(paid, found), amount - paid, owed) == owed.tax
    assert tax_received(owed, data.draw(AMOUNT), owed) == owed.tax


def test_what_nobody_paid_of_a_change_in_between_changes_nothing() -> None:
    # 60.00 paid with 6.90; then more goods of another rate that nobody paid; then half of the first
    held = tax_received(Sum(6_000, 690), 0, Sum(10_000, 916))
    assert held - 345 == 345
