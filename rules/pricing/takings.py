"""How actions turn amounts and percents into shares: by line, spread, or by single units."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, lcm

from rules.pricing.amounts import Amount
from rules.pricing.cart import Settings
from rules.pricing.desk import Desk
from rules.pricing.grant import Grant
from rules.pricing.rounding import WAYS, half_up
from rules.pricing.split import split
from rules.pricing.units import Unit

UNIT = "unit"


@dataclass(frozen=True, slots=True)
class Effect:
    """What happens to a price: a percent or an amount off, or a price instead of it."""

    percent: Fraction | None = None
    amount: Amount | None = None
    price: Amount | None = None


Off = Callable[[int, int, int], int]
"""What is taken off: what a line costs, off how many of its units, and how many it has."""


def percent_off(settings: Settings, percent: Fraction) -> Off:
    """Return how a percent is taken off some of a line's units, rounded once as a shop rounds."""
    part, whole = percent.numerator, percent.denominator
    round_ = WAYS[settings.rounding]

    def of_price(base: int, units: int, of: int) -> int:
        left = half_up(base * (whole - part), whole * of)
        return max(0, base * units // of - left * units)

    def of_unit(base: int, units: int, of: int) -> int:
        return round_(base * part, whole * of) * units

    def of_line(base: int, units: int, of: int) -> int:
        return round_(base * part * units, whole * of)

    if settings.round_price:
        return of_price
    return of_unit if settings.round_at == UNIT else of_line


def spread_over(desk: Desk, grant: Grant, amount: int, lines: Sequence[int], base: str) -> None:
    """Share an amount out over lines by what they cost, none below its floor."""
    amounts = desk.base(base)
    rooms = [max(0, desk.amounts[at] - desk.floors[at]) for at in lines]
    settings = desk.context.settings
    weights = [amounts[at] for at in lines]
    if settings.split_by == "gross" and not desk.cart.gross:
        taxes = [desk.cart.lines[at].tax for at in lines]
        weights = [
            weight + half_up(weight * tax.numerator, tax.denominator)
            for weight, tax in zip(weights, taxes, strict=True)
        ]
    shares = split(amount, weights, rooms, settings.split)
    grant.lines = {at: taken for at, taken in zip(lines, shares, strict=True) if taken}
    grant.bases = dict(zip(lines, weights, strict=True))
    grant.computed, grant.spread = amount, True


def spread_over_all(desk: Desk, grant: Grant, amount: int, lines: Sequence[int], base: str) -> None:
    """Share an amount out over the goods as one part and each shipment, then goods over lines."""
    ships = desk.shipping(base)
    goods = sum(desk.base(base)[at] for at in lines)
    room = sum(desk.room(at) for at in lines)
    shares = split(amount, [goods, *ships], [room, *desk.ships])
    spread_over(desk, grant, shares[0], lines, base)
    grant.ships = {at: taken for at, taken in enumerate(shares[1:]) if taken}
    grant.computed, grant.spread = amount, False


def reduce_lines(
    desk: Desk, grant: Grant, lines: Sequence[int], base: str, effect: Effect, most: int | None,
    *, each_unit: bool,
) -> None:  # fmt: skip
    """Take an effect off each line by itself, off at most so many units of it."""
    amounts, settings, currency = desk.base(base), desk.context.settings, desk.cart.currency
    exact: dict[int, Fraction] = {}
    percent, counts = effect.percent, desk.count
    off = None if percent is None else percent_off(settings, percent)
    for at in lines:
        count = counts[at]
        units = count if most is None or most > count else most
        if percent is not None and settings.rounds_once:
            exact[at] = amounts[at] * percent * units / count
            taken = 0
        elif off is not None:
            taken = off(amounts[at], units, count)
        else:
            worth = amounts[at] * units // count
            if effect.price is not None:
                taken = max(0, worth - effect.price.of(currency) * units)
            else:
                assert effect.amount is not None
                value = effect.amount.of(currency)
                taken = value * units if each_unit else value
            if taken > worth:
                grant.cut_by = "floor"
                taken = worth
        grant.lines[at] = taken
        grant.bases[at] = amounts[at]
    grant.lines.update(_rounded_once(settings, exact))


def _rounded_once(settings: Settings, exact: Mapping[int, Fraction]) -> dict[int, int]:
    """Return shares of one rounded sum, by the exact shares of each line."""
    if not exact:
        return {}
    whole = sum(exact.values(), Fraction(0))
    amount = WAYS[settings.rounding](whole.numerator, whole.denominator)
    scale = lcm(*(share.denominator for share in exact.values()))
    weights = [int(share * scale) for share in exact.values()]
    rooms = [ceil(share) for share in exact.values()]
    return dict(zip(exact, split(amount, weights, rooms, settings.split), strict=True))


def reduce_units(
    desk: Desk, grant: Grant, units: Iterable[tuple[Unit, int]], effect: Effect
) -> None:
    """Take an effect off single units; a percent is rounded once for each line.

    Args:
        desk: the amounts.
        grant: takes the shares and which units they belong to.
        units: units, and how many of each.
        effect: what happens to each.

    """
    settings, currency = desk.context.settings, desk.cart.currency
    percent = effect.percent or Fraction(0)
    off = percent_off(settings, percent)
    worth: dict[int, int] = {}
    for unit, count in units:
        picks = grant.picks.setdefault(unit.line, {})
        picks[unit.run] = picks.get(unit.run, 0) + count
        each = unit.amount
        if effect.price is not None:
            taken = max(0, each - effect.price.of(currency)) * count
        elif effect.amount is not None:
            taken = min(each, effect.amount.of(currency)) * count
        elif settings.round_at == UNIT or settings.round_price:
            taken = off(each, 1, 1) * count
        else:
            worth[unit.line] = worth.get(unit.line, 0) + each * count
            continue
        grant.lines[unit.line] = grant.lines.get(unit.line, 0) + taken
        grant.bases[unit.line] = desk.amounts[unit.line]
    if settings.rounds_once:
        exact = {at: amount * percent for at, amount in worth.items()}
        grant.lines.update(_rounded_once(settings, exact))
    else:
        for at, amount in worth.items():
            grant.lines[at] = off(amount, 1, 1)
    grant.bases.update(worth)
