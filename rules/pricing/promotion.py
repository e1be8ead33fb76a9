"""A promotion, read and bound: everything that can be decided before a cart is there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from rules.pricing.amounts import Amount
from rules.pricing.desk import Desk
from rules.pricing.grant import Grant
from rules.pricing.result import Miss
from rules.pricing.scope import EVERYTHING, Scope
from rules.pricing.windows import Recurrence, Window

PRICE, DEPOSIT, LINE, ORDER, SHIPPING, GIFT, MANUAL = (
    "price",
    "deposit",
    "line",
    "order",
    "shipping",
    "gift",
    "manual",
)
LANES = (PRICE, DEPOSIT, LINE, ORDER, SHIPPING, GIFT, MANUAL)
"""In this order; a shop may put its own between them."""

ALWAYS = Window()
REISSUED = "reissue_on_full_return"
"""A code that was used is handed out anew when everything it was used for comes back."""

Test = Callable[[Desk], Miss | None]
"""A condition: None when it holds."""
Work = Callable[[Desk, "Promotion"], Grant]
"""An action on the amounts as they are."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One action, bound to its arguments."""

    word: str
    lane: str
    scope: Scope
    work: Work
    cap: Amount | None = None
    counts: bool = False
    """Whether its units are counted: there is a stock of them, or so many for one customer."""
    adds: tuple[str, ...] = ()
    """The items that it may add to a cart."""


@dataclass(frozen=True, slots=True)
class Group:
    """Promotions of which only some may take effect."""

    name: str
    most: int = 1
    policy: str = "best"
    """best, priority, or stack: all of them."""


@dataclass(frozen=True, slots=True)
class Combines:
    """With what a promotion may stand together; both sides must allow it."""

    targets: frozenset[str] = frozenset()
    promotions: frozenset[str] = frozenset()

    def allows(self, other: Promotion) -> bool:
        return other.target in self.targets or other.id in self.promotions


KEPT, RETURNED, CHARGED = "keep", "return", "charge"
"""What becomes of a gift when what it was given for comes back."""
CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class Pace:
    """So many uses in so many seconds, at any moment looking back."""

    by: str
    """`customer`, or a fact of the cart."""
    most: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Limits:
    """How often; None: as often as anybody likes."""

    total: int | None = None
    per_customer: int | None = None
    per_code: int | None = None
    release_on_cancel: bool = True
    within: tuple[Pace, ...] = ()


@dataclass(frozen=True, slots=True)
class Budget:
    """How much money, or how many uses, a promotion may cost altogether."""

    limit: Amount | int
    overrun: str = "cap"
    """`cap`: grant what is left. `refuse`: grant nothing."""


@dataclass(frozen=True, slots=True)
class RefundPolicy:
    """What a return means for what was granted."""

    on_break: str = "keep"
    """`keep`, or `clawback`: what stays is priced again."""
    gift: str = "keep"
    """What becomes of a gift that what stays would not get: `keep`, `return`, or `charge`: whoever
    keeps it pays what it is worth."""
    code: str = "never"
    """`REISSUED`, or `never`."""


@dataclass(frozen=True, slots=True, eq=False)
class Promotion:
    """One promotion; equal only to itself, so that sets of them are cheap."""

    id: str
    version: int
    priority: int
    target: str
    """lines, order or shipping: what groups choose over and combinations name."""
    deeds: tuple[Deed, ...]
    lanes: frozenset[str]
    status: str = "active"
    when: Test | None = None
    scope: Scope = EVERYTHING
    window: Window = ALWAYS
    recurrence: Recurrence | None = None
    channels: frozenset[str] | None = None
    currencies: frozenset[str] | None = None
    """Those in which every amount has a value; None: any."""
    needs_code: bool = False
    codes: frozenset[str] = frozenset()
    """Normalized."""
    group: Group | None = None
    exclusive: str = ""
    """`lane` or `all`: nothing else beside it there."""
    exclusive_policy: str = "best"
    combines: Combines | None = None
    limits: Limits = Limits()
    budget: Budget | None = None
    shares: str = ""
    """The budget that it shares with others."""
    refills: bool = False
    """Whether its budgets get back what refunds take back of what it granted."""
    refund: RefundPolicy = RefundPolicy()
    labels: dict[str, str] = field(default_factory=dict)
    """Locale → what it is called."""
    record: tuple[str, str] = ("", "")
    """The entity and the id of the record that it is; empty of one of a file."""

    @property
    def rank(self) -> tuple[int, float, str]:
        """Return what breaks ties: higher priority, earlier end, smaller id."""
        ends: datetime | None = self.window.until
        return (-self.priority, ends.timestamp() if ends else float("inf"), self.id)


@dataclass(frozen=True, slots=True)
class Book:
    """Promotions in the order they are tried, with the lanes of a shop."""

    promotions: tuple[Promotion, ...]
    lanes: tuple[str, ...] = LANES

    def of(self, promotions: Iterable[Promotion]) -> Book:
        """Return other promotions in the lanes of the same shop."""
        return book(tuple(promotions), *self.lanes)


def book(promotions: tuple[Promotion, ...] | list[Promotion], *own: str) -> Book:
    """Return promotions ready to price with, whatever order they come in.

    Args:
        promotions: read ones.
        own: the lanes in their order, if they are not the usual ones.

    """
    ordered = sorted(promotions, key=lambda promotion: (-promotion.priority, promotion.id))
    return Book(tuple(ordered), own or LANES)
