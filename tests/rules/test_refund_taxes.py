"""The tax within refunds: shares of what was frozen, never more; the last takes the rest."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as some

from rules.pricing.refund_taxes import Taxed, tax_back

AMOUNT = some.integers(min_value=0, max_value=500_000)


@some.composite
def orders(draw: some.DrawFn) -> tuple[list[Taxed], list[tuple[int, int]]]:
    """Return what was paid for the parts of an order, and the steps in which it comes back."""
    parts = []
    for _ in range(draw(some.integers(1, 4))):
        paid = draw(AMOUNT)
        parts.append(Taxed(paid, draw(some.integers(0, paid)), 0))
    steps = []
    left = [one.paid for one in parts]
    for _ in range(draw(some.integers(0, 8))):
        at = draw(some.integers(0, len(parts) - 1))
        amount = draw(some.integers(0, left[at]))
        left[at] -= amount
        steps.append((at, amount))
    steps += list(enumerate(left))
    return parts, steps


@given(orders())
def test_everything_given_back_has_all_the_tax_and_no_step_passes_what_it_pays(
    order: tuple[list[Taxed], list[tuple[int, int]]],
) -> None:
    parts, steps = order
    whole, told, paid = sum(one.tax for one in parts), 0, 0
    for at, amount in steps:
        parts[at] = replace(parts[at], given=parts[at].given + amount)
        step = tax_back(parts, 0, told, amount)
        assert 0 <= step <= amount
        told, paid = told + step, paid + amount
        assert told <= whole
        # never further from the exact share than the rounding of each part
        assert told <= sum(one.back for one in parts)
    assert [one.given for one in parts] == [one.paid for one in parts]
    # what a step could not say, as it paid less than its tax by rounding, is nothing but cents
    assert whole - len(parts) - len(steps) <= told <= whole


@given(orders(), some.data())
def test_whatever_is_kept_back_or_rejected_the_sum_stays_below_the_whole(
    order: tuple[list[Taxed], list[tuple[int, int]]], data: some.DataObject
) -> None:
    parts, steps = order
    whole = sum(one.tax for one in parts)
    kept: list[tuple[int, int, int, int]] = []
    for at, amount in steps:
        if kept and data.draw(some.booleans()):
            kept.pop(data.draw(some.integers(0, len(kept) - 1)))
        less = data.draw(some.integers(0, amount))
        given = [sum(one[1] for one in kept if one[0] == n) for n in range(len(parts))]
        given[at] += amount
        now = [replace(one, given=given[n]) for n, one in enumerate(parts)]
        told = sum(one[3] for one in kept)
        step = tax_back(now, less + sum(one[2] for one in kept), told, amount - less)
        assert 0 <= step <= amount - less
        assert told + step <= max(whole, told)
        kept.append((at, amount, less, step))


def test_the_last_of_three_takes_the_cent_that_is_left() -> None:
    told, steps = 0, []
    for given_back in (1_000, 2_000, 3_000):
        steps.append(tax_back([Taxed(3_000, 346, given_back)], 0, told, 1_000))
        told += steps[-1]
    assert (steps, told) == ([115, 116, 115], 346)


def test_what_is_kept_back_keeps_its_share_of_the_tax() -> None:
    # 25.00 paid with 3.13 tax; of 8.33 that come back 3.33 stay because a discount is lost
    assert tax_back([Taxed(2_500, 313, 833)], 333, 0, 500) == 104 - 42
    assert tax_back([Taxed(0, 0, 0)], 0, 0, 0) == 0
