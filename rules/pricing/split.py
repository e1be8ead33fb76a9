"""Split an amount over lines so that the shares add up to it and no line falls below its floor.

Largest remainder: every line gets its exact share without the fraction, the units that are left go
to the largest fractions, ties to the earlier line. A line that is full hands its rest to the
others. The other ways exist for shops that move here and must print the same cents as before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rules.pricing.rounding import half_down, half_up

Way = Callable[[int, Sequence[int]], list[int]]


def split(
    amount: int, weights: Sequence[int], rooms: Sequence[int], way: str = "largest_remainder"
) -> list[int]:
    """Return a share for each weight: at most its room, together at most `amount`.

    The sum is less than `amount` only when all rooms are used up. Weights and rooms are ≥ 0; what
    has no weight or no room takes nothing.
    """
    give = WAYS[way]
    got = [0] * len(weights)
    open_ = [at for at, weight in enumerate(weights) if weight > 0 and rooms[at] > 0]
    left = amount
    while left > 0 and open_:
        shares = give(left, [weights[at] for at in open_])
        closed = False
        for at, wanted in zip(open_, shares, strict=True):
            given = min(wanted, rooms[at] - got[at])
            got[at] += given
            left -= given
            closed = closed or got[at] == rooms[at]
        if not closed:
            break
        open_ = [at for at in open_ if got[at] < rooms[at]]
    return got


def evenly(amount: int, count: int) -> tuple[int, int]:
    """Return what each of `count` equal units takes, and how many of them take one more."""
    return amount // count, amount % count


def largest_remainder(amount: int, weights: Sequence[int]) -> list[int]:
    """Return shares: without fractions first, the rest to the largest fractions."""
    whole = sum(weights)
    if len(weights) == 1:
        return [amount]
    shares = [amount * weight // whole for weight in weights]
    left = amount - sum(shares)
    if left:
        rests = [amount * weight % whole for weight in weights]
        for at in sorted(range(len(weights)), key=lambda at: -rests[at])[:left]:
            shares[at] += 1
    return shares


def floor_first(amount: int, weights: Sequence[int]) -> list[int]:
    """Return shares: without fractions, the rest one by one from the first on."""
    whole = sum(weights)
    shares = [amount * weight // whole for weight in weights]
    for at in range(amount - sum(shares)):
        shares[at] += 1
    return shares


def half_down_first(amount: int, weights: Sequence[int]) -> list[int]:
    """Return shares: each rounded, a half downwards, and what is amiss from the first on."""
    whole = sum(weights)
    return _mend(amount, [half_down(amount * weight, whole) for weight in weights], 1)


def rounded_last_rest(amount: int, weights: Sequence[int]) -> list[int]:
    """Return shares: each rounded, a half upwards; the last takes what is left."""
    whole = sum(weights)
    return _mend(amount, [half_up(amount * weight, whole) for weight in weights], -1)


def floor_last_rest(amount: int, weights: Sequence[int]) -> list[int]:
    """Return shares: without fractions; the last takes what is left."""
    whole = sum(weights)
    shares = [amount * weight // whole for weight in weights[:-1]]
    return [*shares, amount - sum(shares)]


def _mend(amount: int, shares: list[int], step: int) -> list[int]:
    """Return rounded shares with what they miss put on one end, or on all from there on."""
    order = range(len(shares)) if step > 0 else range(len(shares) - 1, -1, -1)
    missing = amount - sum(shares)
    if step < 0 and missing > 0:
        shares[-1] += missing
        return shares
    while missing:
        for at in order:
            if missing > 0:
                shares[at] += 1
                missing -= 1
            elif missing < 0 and shares[at] > 0:
                taken = min(shares[at], -missing) if step < 0 else 1
                shares[at] -= taken
                missing += taken
    return shares


WAYS: dict[str, Way] = {
    "largest_remainder": largest_remainder,
    "floor_first": floor_first,
    "half_down_first": half_down_first,
    "rounded_last_rest": rounded_last_rest,
    "floor_last_rest": floor_last_rest,
}
