"""The working sheet of one evaluation: what every line costs at this moment.

Lanes change it, conditions and actions read it. It is copied to try something out, so it holds
plain lists; nothing outside `rules/pricing` keeps one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from rules.pricing.cart import Cart, Context, Shipment
from rules.pricing.grant import Grant
from rules.pricing.result import Extra, Offer
from rules.pricing.units import Run, Unit, even, left_each, left_over, spread, touch

CURRENT = "current"
START = "lane_start"
LIST = "list"
BASES = (CURRENT, START, LIST)


class Booked(NamedTuple):
    """One amount taken off one line or shipment; there are many, and tuples are made fast."""

    promotion: str
    action: int
    code: str
    lane: str
    at: int
    amount: int
    units: int


@dataclass(slots=True)
class Desk:
    """Amounts of lines and shipments by position; `start` is what they were as the lane began."""

    cart: Cart
    context: Context
    count: list[int]
    prices: list[int]
    """Of all units, before anything."""
    amounts: list[int]
    start: list[int]
    floors: list[int]
    selling: list[int]
    """After the lane of prices: what filters by price and thresholds call the price."""
    priced: list[bool]
    """Lines that the lane of prices made cheaper."""
    runs: list[list[Run] | None]
    """Units where somebody looked at them; they cost `amounts` or more: `spread` closes the gap."""
    ships: list[int]
    ships_start: list[int]
    ships_list: list[int]
    booked: list[Booked] = field(default_factory=list)
    ships_booked: list[Booked] = field(default_factory=list)
    extras: list[Extra] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)
    spent: dict[str, int] = field(default_factory=dict)
    """Promotion → granted so far."""
    sold: dict[tuple[str, str], int] = field(default_factory=dict)
    """Promotion and item → units of its own stock taken here."""
    deposits: dict[int, int] = field(default_factory=dict)
    """Line → what a promotion wants to be paid ahead."""
    shipping_open: bool = False
    """Whether costs of delivery are settled, which they are once goods are."""
    matched: dict[int, list[int]] = field(default_factory=dict)
    """Scope → lines, as far as it does not hang on prices; shared by all copies."""
    index: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    """Facet and value → lines; shared by all copies."""
    bounds: dict[tuple[str, str], tuple[int | None, int | None]] = field(default_factory=dict)
    """Promotion and item → units of its own stock, and for one customer; shared by all copies."""

    def copy(self) -> Desk:
        """Return a sheet that can be written on without touching this one."""
        return Desk(
            self.cart,
            self.context,
            self.count,
            self.prices,
            self.amounts[:],
            self.start[:],
            self.floors,
            self.selling[:],
            self.priced[:],
            self.runs[:],
            self.ships[:],
            self.ships_start[:],
            self.ships_list[:],
            self.booked[:],
            self.ships_booked[:],
            self.extras[:],
            self.offers[:],
            self.spent.copy(),
            self.sold.copy(),
            self.deposits.copy(),
            self.shipping_open,
            self.matched,
            self.index,
            self.bounds,
        )

    @property
    def off(self) -> int:
        """Return everything taken off goods and delivery."""
        return sum(b.amount for b in self.booked) + sum(b.amount for b in self.ships_booked)

    def base(self, name: str) -> list[int]:
        """Return the amounts of lines that a rule looks at: current, lane_start or list."""
        if name == CURRENT:
            return self.amounts
        return self.start if name == START else self.prices

    def shipping(self, name: str) -> list[int]:
        """Return the costs of shipments likewise; before their lane, as of the goods by now."""
        if not self.shipping_open:
            goods = sum(self.base(name))
            return [rated(shipment, goods) for shipment in self.cart.shipments]
        if name == CURRENT:
            return self.ships
        return self.ships_start if name == START else self.ships_list

    def open_shipping(self) -> None:
        """Settle what delivery costs before anything is taken off it."""
        goods = sum(self.amounts)
        self.ships = [rated(shipment, goods) for shipment in self.cart.shipments]
        self.ships_start, self.ships_list = self.ships[:], self.ships[:]
        self.shipping_open = True

    def open_lane(self) -> None:
        """Remember what everything costs as a lane begins, and free units for its exchanges."""
        self.start = self.amounts[:]
        self.ships_start = self.ships[:]
        for at, runs in enumerate(self.runs):
            if runs and any(run.held for run in runs):
                self.runs[at] = [Run(run.count, run.amount) for run in runs]

    def close_prices(self) -> None:
        """Remember what things sell for, now that the lane of prices is through."""
        self.selling = self.amounts[:]
        self.priced = [now < before for now, before in zip(self.amounts, self.prices, strict=True)]

    def there(self, item: str) -> int | None:
        """Return how many units of an item may still be added; None: as many as wanted."""
        stock = self.context.stock.get(item)
        if stock is None:
            return None
        return max(0, stock - sum(extra.quantity for extra in self.extras if extra.item == item))

    def room(self, at: int) -> int:
        """Return how much may still be taken off a line."""
        return max(0, self.amounts[at] - self.floors[at])

    def units(self, at: int) -> list[Run]:
        """Return the units of a line as they stand."""
        runs, amount, first = self.runs[at], self.amounts[at], self.context.settings.units_first
        if runs is None or len(runs) == 1:
            held = runs is not None and runs[0].held
            runs = left_over(amount, self.count[at], held, first=first)
        else:
            worth = sum([run.count * run.amount for run in runs])
            if worth != amount:
                runs = spread(runs, worth - amount, first=first)
        self.runs[at] = runs
        return runs

    def told(self, at: int) -> tuple[tuple[int, int], ...]:
        """Return how many units of a line cost how much, in their order."""
        runs, first = self.runs[at], self.context.settings.units_first
        if runs is None or len(runs) == 1:
            return left_each(self.amounts[at], self.count[at], first=first)
        return tuple([(run.count, run.amount) for run in self.units(at)])

    def sorted_units(
        self, lines: Sequence[int], base: str, *, free: bool = False, cheapest: bool = False
    ) -> list[Unit]:
        """Return the units of some lines, dearest first; equal ones in the order of the cart.

        Args:
            lines: positions of lines.
            base: which amounts count. Other than current ones are divided evenly over the line.
            free: leave out units that an exchange of this lane used.
            cheapest: cheapest first instead.

        """
        found: list[Unit] = []
        for at in lines:
            runs = self.units(at)
            if base == CURRENT:
                found.extend(
                    Unit(run.amount, at, place, run.count)
                    for place, run in enumerate(runs)
                    if not (free and run.held)
                )
            else:
                parts = even(self.base(base)[at], self.count[at])
                found.extend(_laid_on(parts, runs, at))
        found.sort(key=lambda unit: unit.amount if cheapest else -unit.amount)
        return found

    def book(self, promotion: str, action: int, code: str, lane: str, grant: Grant) -> None:
        """Take a grant, already cut to what is left, off lines and shipments."""
        for at in grant.used:
            if at not in grant.lines:
                self.runs[at] = touch(self.units(at), {}, grant.used[at], 0)
        amounts, count, booked, picked = self.amounts, self.count, self.booked, grant.picks
        for at, amount in grant.lines.items():
            units = count[at]
            if at in picked:
                picks = picked[at]
                self.runs[at] = touch(self.units(at), picks, grant.used.get(at, {}), amount)
                units = sum(picks.values())
            if amount:
                amounts[at] -= amount
                booked.append(Booked(promotion, action, code, lane, at, amount, units))
        for at, amount in grant.ships.items():
            self.ships[at] -= amount
            if amount:
                self.ships_booked.append(Booked(promotion, action, code, lane, at, amount, 0))
        for item, units in grant.sold.items():
            key = (promotion, item)
            self.sold[key] = self.sold.get(key, 0) + units
        self.deposits.update(grant.deposits)
        self.extras.extend(grant.extras)
        self.offers.extend(grant.offers)
        self.spent[promotion] = self.spent.get(promotion, 0) + grant.total


def _laid_on(parts: Sequence[Run], runs: Sequence[Run], line: int) -> list[Unit]:
    """Return units priced by `parts` and placed in `runs`; both cover the same units in order."""
    out: list[Unit] = []
    place, left = 0, runs[0].count
    for part in parts:
        wanted = part.count
        while wanted:
            count = min(wanted, left)
            out.append(Unit(part.amount, line, place, count))
            wanted -= count
            left -= count
            if not left and place + 1 < len(runs):
                place += 1
                left = runs[place].count
    return out


def rated(shipment: Shipment, goods: int) -> int:
    """Return what a shipment costs for goods of this amount."""
    if not shipment.rates:
        return shipment.cost
    for rate in shipment.rates:
        if rate.below is None or goods < rate.below:
            return rate.cost
    return shipment.rates[-1].cost


def open_desk(cart: Cart, context: Context) -> Desk:
    """Return the sheet of a cart before any promotion."""
    prices = [line.quantity * line.price for line in cart.lines]
    index: dict[tuple[str, str], list[int]] = {}
    for at, line in enumerate(cart.lines):
        index.setdefault(("item", line.item), []).append(at)
        for facet, values in line.labels.items():
            for value in values:
                index.setdefault((facet, value), []).append(at)
    zeros = [0] * len(cart.shipments)
    return Desk(
        cart=cart,
        context=context,
        count=[line.quantity for line in cart.lines],
        prices=prices,
        amounts=prices[:],
        start=prices[:],
        floors=[line.quantity * line.least for line in cart.lines],
        selling=prices[:],
        priced=[False] * len(prices),
        runs=[None] * len(prices),
        ships=zeros,
        ships_start=zeros,
        ships_list=zeros,
        index=index,
    )
