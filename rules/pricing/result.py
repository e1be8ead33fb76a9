"""What pricing answers: amounts per line and unit, each with the promotion behind it, and why.

The rows of `allocations` add up to everything that was taken off; what an order stores of this is
frozen, and refunds are computed from it (`refunds.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rules.pricing.cart import Cart


class Allocation(NamedTuple):
    """What one promotion takes off one line or shipment; a tuple, for there are many."""

    promotion: str
    version: int
    code: str
    lane: str
    amount: int
    units: int
    """How many units it was taken off; 0 for a shipment."""


@dataclass(frozen=True, slots=True)
class LineResult:
    """One line after everything."""

    id: str
    list: int
    """The amount before any promotion."""
    allocations: tuple[Allocation, ...]
    paid: int
    """What is left of it, tax not counted where prices are without."""
    floor: int
    tax: int
    units: tuple[tuple[int, int], ...]
    """What the units cost, in their order: (how many, each)."""

    @property
    def off(self) -> int:
        return self.list - self.paid


@dataclass(frozen=True, slots=True)
class ShipmentResult:
    """One shipment after everything."""

    id: str
    list: int
    allocations: tuple[Allocation, ...]
    paid: int
    tax: int


@dataclass(frozen=True, slots=True)
class Extra:
    """Units that a promotion adds: a gift, charged nothing, or an add-on at its price."""

    promotion: str
    item: str
    quantity: int
    charged: int
    """For all of them."""
    worth: int
    """What one would cost otherwise; 0 when nobody said."""
    tax: int = 0


@dataclass(frozen=True, slots=True)
class Offer:
    """An add-on somebody may take at this price."""

    promotion: str
    item: str
    price: int
    most: int


@dataclass(frozen=True, slots=True)
class CodeState:
    """What became of one code; `about` says more: with which, have, need."""

    code: str
    state: str
    promotion: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Usage:
    """What placing an order must take from the counters of one promotion."""

    promotion: str
    version: int
    code: str
    customer: str
    uses: int
    spend: int
    units: tuple[tuple[str, int], ...] = ()
    """Item → units at a price that has a stock of its own."""
    bounds: tuple[tuple[str, int | None, int | None], ...] = ()
    """Item → how many of those units there are, and how many for one customer."""


@dataclass(frozen=True, slots=True)
class Miss:
    """A condition that does not hold: which, what there is and what it takes."""

    path: str
    have: Any = None
    need: Any = None
    measure: str = ""
    """`money` or `count` where the distance `need - have` means something to a person."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the trace: what became of one promotion in one lane."""

    promotion: str
    lane: str
    verdict: str
    """applied, not_eligible, suppressed, nothing_left, limit, budget, currency, window, code."""
    miss: Miss | None = None
    by: str = ""
    """What suppressed it, or what cut it: floor, cap, budget."""
    computed: int = 0
    """What it came to before floors and budgets."""
    granted: int = 0
    """What was taken off; for a suppressed one, what it would have been."""
    split: tuple[tuple[str, int, int], ...] = ()
    """Line or shipment, the amount it was taken from, its share."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """What became of one price list for one line."""

    line: str
    item: str
    list: str
    """Empty where no list has a price and the item has none of its own either."""
    verdict: str
    """applied, suppressed, not_eligible or unpriced."""
    price: int = 0
    least: int = 1
    """From so many units."""
    miss: Miss | None = None
    by: str = ""
    """The list that goes first."""
    labels: Mapping[str, str] = field(default_factory=dict)
    lowest: int | None = None
    """The lowest price of the days before this one was reduced."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of the whole cart."""

    goods: int
    """Before any promotion."""
    off: int
    """Everything taken off goods."""
    extras: int
    """What accepted add-ons cost."""
    shipping: int
    shipping_off: int
    tax: int
    total: int
    """What is to be paid."""
    deposit: int = 0
    balance: int = 0
    """What remains after the deposit; 0 without one."""


@dataclass(frozen=True, slots=True)
class Result:
    """Everything pricing found out."""

    lines: tuple[LineResult, ...]
    shipments: tuple[ShipmentResult, ...]
    extras: tuple[Extra, ...]
    offers: tuple[Offer, ...]
    totals: Totals
    codes: tuple[CodeState, ...]
    usage: tuple[Usage, ...]
    trace: tuple[Step, ...]
    fingerprint: str
    cart: Cart = field(compare=False)
    """What was priced, its lines at the prices that hold."""
    listings: tuple[Listing, ...] = ()
    """What price lists said of the lines."""

    @property
    def applied(self) -> tuple[str, ...]:
        """The promotions that took part, in the order they did."""
        return tuple(dict.fromkeys(s.promotion for s in self.trace if s.verdict == "applied"))
