"""The units of a line as runs: so many units at this amount, never one entry per unit.

A line starts as one run. Only what touches some of its units (the second one, a free one) splits
it, so that 6 000 units cost as much as one. What is taken off whole lines waits in the line's
total and is spread over the runs when somebody looks at single units.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rules.pricing.split import evenly, split

MOST = 12
"""Prices that the units of one line may have at a time."""


@dataclass(slots=True)
class Run:
    """Neighboring units of one line that cost the same."""

    count: int
    amount: int
    held: bool = False
    """Whether they took part in an exchange of this lane already."""


class Unit(NamedTuple):
    """A run among those of many lines, as rules for units sort them."""

    amount: int
    line: int
    run: int
    size: int
    """How many."""


def spread(runs: Sequence[Run], amount: int, *, first: bool = True) -> list[Run]:
    """Return runs with an amount taken off all their units, by what these cost.

    Args:
        runs: the units; together they cost at least `amount`.
        amount: what is taken off.
        first: whether the odd smallest units go to the first units of a run.

    """
    if not amount:
        return list(runs)
    worth = [run.count * run.amount for run in runs]
    shares = [amount] if len(runs) == 1 else split(amount, worth, worth)
    out: list[Run] = []
    for run, taken in zip(runs, shares, strict=True):
        out.extend(_reduced(run, taken, first=first))
    return joined(out)


def touch(
    runs: Sequence[Run], taken: Mapping[int, int], used: Mapping[int, int], amount: int
) -> list[Run]:
    """Return runs with an amount taken off some units, and units of an exchange marked as used.

    Args:
        runs: the units of one line.
        taken: place of a run → how many of it the amount is taken off.
        used: place of a run → how many more took part in an exchange; with any, so did `taken`.
        amount: at most what the taken units cost.

    """
    places = [at for at, count in taken.items() if count]
    if len(places) > 1:
        worth = [taken[at] * runs[at].amount for at in places]
        shares = dict(zip(places, split(amount, worth, worth), strict=True))
    else:
        shares = dict.fromkeys(places, amount)
    out: list[Run] = []
    for at, run in enumerate(runs):
        count, more = taken.get(at, 0), used.get(at, 0)
        if count:
            held = run.held or at in used
            out.extend(_reduced(Run(count, run.amount, held), shares[at], first=True))
        if more:
            out.append(Run(more, run.amount, True))
        if run.count > count + more:
            out.append(Run(run.count - count - more, run.amount, run.held))
    return joined(out)


def left_over(amount: int, count: int, held: bool, *, first: bool) -> list[Run]:
    """Return equal units after something was taken off all of them: `amount` is what is left."""
    return [Run(many, each, held) for many, each in left_each(amount, count, first=first)]


def left_each(amount: int, count: int, *, first: bool) -> tuple[tuple[int, int], ...]:
    """Return how many units cost how much when `amount` is left of all, which cost the same before.

    The odd smallest units were taken off the first units, so these are the cheaper ones.
    """
    each, more = evenly(amount, count)
    if not more:
        return ((count, each),)
    cheap, dear = (count - more, each), (more, each + 1)
    return (cheap, dear) if first else (dear, cheap)


def even(amount: int, count: int) -> list[Run]:
    """Return runs of units among which an amount is divided as evenly as it can be."""
    each, more = evenly(amount, count)
    runs = [Run(more, each + 1)] if more else []
    return [*runs, Run(count - more, each)]


def joined(runs: Sequence[Run]) -> list[Run]:
    """Return runs with equal units made one, and never more than `MOST` of them.

    A line that dozens of rules for single units touched has units of ever more prices. Beyond the
    bound their total is divided evenly again: sums stay exact, and the cost stays bounded.
    """
    if len(runs) < 2:
        return list(runs)
    counts: dict[tuple[int, bool], int] = {}
    for run in runs:
        key = (run.amount, run.held)
        counts[key] = counts.get(key, 0) + run.count
    if len(counts) > MOST:
        return [*_evened(runs, held=True), *_evened(runs, held=False)]
    return [Run(count, amount, held) for (amount, held), count in counts.items()]


def _evened(runs: Sequence[Run], *, held: bool) -> list[Run]:
    alike = [run for run in runs if run.held == held]
    count = sum(run.count for run in alike)
    if not count:
        return []
    parts = even(sum(run.count * run.amount for run in alike), count)
    return [Run(part.count, part.amount, held) for part in parts]


def _reduced(run: Run, amount: int, *, first: bool) -> list[Run]:
    each, more = evenly(amount, run.count)
    if not more:
        return [Run(run.count, run.amount - each, run.held)]
    odd = Run(more, run.amount - each - 1, run.held)
    rest = Run(run.count - more, run.amount - each, run.held)
    return [part for part in ((odd, rest) if first else (rest, odd)) if part.count]


def counted(units: Iterable[Unit], most: int) -> Iterable[tuple[Unit, int]]:
    """Yield units and how many of each, from the front, until there are `most`."""
    left = most
    for unit in units:
        if left <= 0:
            return
        yield unit, min(unit.size, left)
        left -= unit.size
