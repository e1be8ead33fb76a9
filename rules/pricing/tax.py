"""Tax of what is left after everything was taken off, rounded half up where the shop says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from rules.pricing.desk import Desk
from rules.pricing.promotion import ORDER
from rules.pricing.rounding import half_up
from rules.pricing.split import largest_remainder


@dataclass(frozen=True, slots=True)
class Taxes:
    """Tax by line and by shipment."""

    lines: Sequence[int]
    ships: Sequence[int]


def tax_on(amount: int, rate: Fraction, *, gross: bool) -> int:
    """Return the tax of an amount, in it or on top of it."""
    part, whole = rate.numerator, rate.denominator
    return half_up(amount * part, whole + part if gross else whole)


def taxes(desk: Desk) -> Taxes:
    """Return all taxes of a cart as it stands."""
    cart, settings = desk.cart, desk.context.settings
    amounts = desk.amounts
    if settings.tax_before_order:
        amounts = amounts[:]
        for booked in desk.booked:
            if booked.lane == ORDER:
                amounts[booked.at] += booked.amount
    rates = [line.tax for line in cart.lines]
    ship_rates = [shipment.tax for shipment in cart.shipments]
    if settings.tax_at == "rate":
        found = _by_rate([*amounts, *desk.ships], [*rates, *ship_rates], gross=cart.gross)
        return Taxes(found[: len(rates)], found[len(rates) :])
    ships = [
        tax_on(cost, rate, gross=cart.gross)
        for cost, rate in zip(desk.ships, ship_rates, strict=True)
    ]
    if settings.tax_at == "unit" and not settings.tax_before_order:
        lines = [
            sum(run.count * tax_on(run.amount, rate, gross=cart.gross) for run in desk.units(at))
            if rate
            else 0
            for at, rate in enumerate(rates)
        ]
        return Taxes(lines, ships)
    return Taxes(
        [
            tax_on(amount, rate, gross=cart.gross) if rate else 0
            for amount, rate in zip(amounts, rates, strict=True)
        ],
        ships,
    )


def _by_rate(amounts: Sequence[int], rates: Sequence[Fraction], *, gross: bool) -> list[int]:
    """Return taxes that add up, for each rate, to the tax of the sum."""
    places: Mapping[Fraction, list[int]] = {rate: [] for rate in rates if rate}
    for at, rate in enumerate(rates):
        if rate and amounts[at]:
            places[rate].append(at)
    out = [0] * len(amounts)
    for rate, lines in places.items():
        parts = [amounts[at] for at in lines]
        if parts:
            whole = tax_on(sum(parts), rate, gross=gross)
            for at, taken in zip(lines, largest_remainder(whole, parts), strict=True):
                out[at] = taken
    return out
