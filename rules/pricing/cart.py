"""What is priced: a cart and everything that must be known of the world, given as plain values.

Every amount is a whole number of the currency's smallest unit; how many decimals that unit has is
data of the caller. Nothing here looks anything up: labels come with their ancestors (a line in
`shoes` that lies in `clothes` carries both), counters come as they were read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

MOST_LINES = 10_000
"""More lines than any cart has; a request beyond it is refused before anything is computed."""
NO_TAX = Fraction(0)


@dataclass(frozen=True, slots=True)
class PriceList:
    """Prices beside the items' own, and where they hold; None: everywhere."""

    id: str
    currency: str
    priority: int = 0
    """The lowest number goes first; of equal ones the lowest price."""
    channels: frozenset[str] | None = None
    groups: frozenset[str] | None = None
    """Of customers."""
    facts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Fact → the values for which it holds."""
    since: datetime | None = None
    until: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    """Locale → what it is called."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list says one unit of an item costs, from so many units in the cart."""

    list: PriceList
    price: int
    least: int = 1
    was: int | None = None
    """What it cost before it was reduced."""
    lowest: int | None = None
    """The lowest price of the days before that; nothing that rules look at."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: so many units of one item."""

    id: str
    item: str
    """The item's key."""
    quantity: int
    price: int
    """What one unit costs before any promotion."""
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Facet → values, with their ancestors: category → (shoes, clothes)."""
    was: int | None = None
    """The unit's own list price where `price` is already a reduced one."""
    least: int = 0
    """One unit is never sold below it."""
    tax: Fraction = NO_TAX
    """A share: 19 % is 19/100."""
    reduced: bool = False
    """Whether it counts as reduced even without `was`."""
    deposit: int = 0
    """What is paid ahead for one unit."""
    deposit_worth: int = 0
    """What that deposit counts for."""
    listed: tuple[Listed, ...] = ()
    """What price lists say; the one that holds takes the place of `price`."""
    own: bool = True
    """Whether `price` is one in the cart's currency; without, a list must have one."""


@dataclass(frozen=True, slots=True)
class Rate:
    """One step of a table of delivery costs: the cost of goods below an amount."""

    cost: int
    below: int | None = None
    """None: for everything that no earlier step took."""


@dataclass(frozen=True, slots=True)
class Shipment:
    """One delivery: a fixed cost, or a table that is read with the reduced amount of the goods."""

    id: str
    method: str = ""
    cost: int = 0
    rates: tuple[Rate, ...] = ()
    tax: Fraction = NO_TAX


@dataclass(frozen=True, slots=True)
class Accepted:
    """An add-on that somebody took from what a promotion offered."""

    promotion: str
    item: str
    quantity: int = 1
    tax: Fraction = NO_TAX


@dataclass(frozen=True, slots=True)
class Cart:
    """What somebody is about to buy."""

    currency: str
    lines: tuple[Line, ...] = ()
    shipments: tuple[Shipment, ...] = ()
    codes: tuple[str, ...] = ()
    """As they were typed."""
    accepted: tuple[Accepted, ...] = ()
    gross: bool = False
    """Whether prices and costs contain the tax."""


@dataclass(frozen=True, slots=True)
class Customer:
    """Who buys; `key` is an account's id or a normalized address."""

    key: str = ""
    groups: tuple[str, ...] = ()
    orders: int | None = None
    """How many were placed before; None when nobody knows."""


@dataclass(frozen=True, slots=True)
class Used:
    """What was taken of one promotion so far, as the counters said when they were read."""

    total: int = 0
    by_customer: int = 0
    by_code: Mapping[str, int] = field(default_factory=dict)
    spent: int = 0
    """Money granted, in smallest units of the budget's currency."""
    units: Mapping[str, int] = field(default_factory=dict)
    """Item → units sold at this price."""
    units_by_customer: Mapping[str, int] = field(default_factory=dict)
    recent: Mapping[tuple[str, int], int] = field(default_factory=dict)
    """`customer` or a fact, and so many seconds → uses in that time."""
    codes_by_customer: Mapping[str, int] = field(default_factory=dict)
    """Code → uses by this customer, of codes that several share."""


@dataclass(frozen=True, slots=True)
class Pool:
    """A budget that promotions share."""

    limit: int | None
    """In smallest units; None: no bound."""
    currency: str
    spent: int = 0
    members: frozenset[str] = frozenset()
    """The promotions that share it."""
    key: str = ""
    """The record that it is."""


@dataclass(frozen=True, slots=True)
class CodeFact:
    """A code that was handed out singly: what it opens, for whom, and whether it still does."""

    promotion: str
    owner: str = ""
    """A customer's key; empty: whoever has it."""
    limit: int | None = None
    state: str = "open"
    """`open`, `not_started`, `ended` or `limit_reached`, as the store knows it at this moment."""
    each_once: bool = False
    """Whether one customer may use it once only."""
    record: tuple[str, str] = ("", "")
    """The entity and the id of the record that is this code."""
    holder: str = ""
    """Whom it was handed to, where others may use it, too: a customer's key."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a shop rounds and splits; one set for cart, order, invoice and refund."""

    rounding: str = "half_up"
    """Of what is taken off: half_up, half_down (a half stays with the shop) or down."""
    round_at: str = "line"
    """`line`; `unit`: one unit is rounded and multiplied; `order`: what one action takes off all
    lines is rounded once and shared out."""
    round_price: bool = False
    """Round the price that is left, half up, and not what is taken off."""
    split: str = "largest_remainder"
    """Also: floor_first, half_down_first, rounded_last_rest, floor_last_rest."""
    split_by: str = "net"
    """`gross`: shares weigh by the amount with its tax where prices are without."""
    units_first: bool = True
    """Whether the odd smallest units of a line go to its first units, or to its last."""
    tax_at: str = "line"
    """`line`, `unit` or `rate`: where tax is rounded."""
    tax_before_order: bool = False
    """Whether reductions of the whole order leave the tax as it was."""

    @property
    def rounds_once(self) -> bool:
        """Whether a percent of several lines is rounded as one sum."""
        return self.round_at == "order" and not self.round_price


@dataclass(frozen=True, slots=True)
class Context:
    """What else decisions look at."""

    customer: Customer = Customer()
    channel: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Other facts that conditions may name: region, payment …"""
    used: Mapping[str, Used] = field(default_factory=dict)
    """Promotion → its counters."""
    codes: Mapping[str, CodeFact] = field(default_factory=dict)
    """Normalized code → what the store knows of it."""
    pools: Mapping[str, Pool] = field(default_factory=dict)
    """By name: the budgets that promotions share; one that is not here has no bound."""
    stock: Mapping[str, int] = field(default_factory=dict)
    """Item → units there, of what promotions add; of an item not in it as many as wanted."""
    settings: Settings = Settings()


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing about a cart that cannot be priced, for a refusal in words."""

    code: str
    at: str
    """The line's or shipment's id; empty for the cart."""


def faults(cart: Cart) -> Iterator[Fault]:
    """Yield what keeps a cart from being priced; `price` counts on there being nothing."""
    if len(cart.lines) > MOST_LINES:
        yield Fault("too_many_lines", "")
    seen: set[str] = set()
    for line in cart.lines:
        if line.id in seen:
            yield Fault("line_twice", line.id)
        seen.add(line.id)
        yield from _line_faults(line)
    for shipment in cart.shipments:
        if min(shipment.cost, *(rate.cost for rate in shipment.rates), 0) < 0:
            yield Fault("negative_amount", shipment.id)
    for taken in cart.accepted:
        if taken.quantity <= 0:
            yield Fault("quantity_not_positive", taken.item)


def _line_faults(line: Line) -> Iterator[Fault]:
    if line.quantity <= 0:
        yield Fault("quantity_not_positive", line.id)
    if min(line.price, line.least, line.deposit, line.deposit_worth, line.was or 0) < 0:
        yield Fault("negative_amount", line.id)
    if line.tax < 0:
        yield Fault("negative_tax", line.id)
