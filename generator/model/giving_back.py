"""Where units of a placed record are given back: `give_back:` of `pricing:`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generator.expressions.compile import Expression

CASE, PART, PAYMENT = "case", "part", "payment"
BY_HAND, NOT_KEPT, EARLIER, ABOVE = "by_hand", "not_kept", "earlier", "above"
NO_TAX: Mapping[str, tuple[str, ...]] = {
    CASE: (BY_HAND, NOT_KEPT, EARLIER),
    PAYMENT: (BY_HAND, NOT_KEPT, EARLIER, ABOVE),
}
"""Why nobody knows the tax of a case or of a payment: its amount is no share of what was paid, no
tax was kept of what was placed, that of an earlier case is not known; the payments come to more
than their case."""
TOLD: Mapping[str, Mapping[str, str]] = {
    CASE: {
        "goods": "money",
        "delivery": "money",
        "lost": "money",
        "lost_to": "text",
        "charged": "money",
        "charged_for": "text",
        "total": "money",
        "tax": "money",
        "net": "money",
        "no_tax": "choice",
    },
    PAYMENT: {"tax": "money", "net": "money", "no_tax": "choice"},
    PART: {
        "share": "money",
        "paid": "money",
        "of": "integer",
        "earlier": "integer",
        "earlier_share": "money",
        "tax": "money",
        "gift": "boolean",
    },
}
"""What is known of a case and of its parts, and of which kind that is.

`goods` are the shares together, `delivery` what is paid back of deliveries, `lost` what promotions
take back that no longer hold, `lost_to` those, `charged` what gifts cost whoever keeps them without
what they were given for, `charged_for` those, `total` what is left of it all, `tax` the tax within
that as it was frozen, `net` the rest. Of a part its `share` of what was `paid` for all `of` units
of the line, the `tax` within that share, and what `earlier` units were given back for; whether it
is a `gift` that the case asks for by itself. Of a payment its part of its case's tax, and the rest
of it. Tax and net are empty where nobody knows them; `no_tax` says why.
"""
NEVER, SHARE, LAST = "never", "share", "last"
DELIVERIES_BACK = (NEVER, SHARE, LAST)
"""What is paid back of deliveries: nothing, the share of the units, or all with the last one."""


@dataclass(frozen=True)
class PaidOut:
    """The parts of a case by which it is paid."""

    into: str
    """The field of a case with them."""
    amount: str
    counts: Expression | None = None
    """Whether a payment counts, from its own fields; all do if None."""
    take: Mapping[str, str] = field(default_factory=dict)
    """Field → what it is filled with."""


@dataclass(frozen=True)
class GivingBack:
    """What gives units of a placed record back."""

    cases: str
    """The field of the placed record."""
    into: str
    """The field of a case with its parts."""
    item: str
    units: str
    counts: Expression | None = None
    """Whether a case counts, from its own fields."""
    off: str = ""
    returned: str = ""
    by_unit: bool = False
    delivery: str = NEVER
    """One of `DELIVERIES_BACK`."""
    delivery_if: Expression | None = None
    """Whether a case pays delivery back, from its own fields; all do if None."""
    for_good: Expression | None = None
    """Whether a case's units are gone for good, from its own fields; all if None."""
    settled: Expression | None = None
    """Whether a case is over and paid, from its own fields: budgets then get back their part."""
    to_stock: Expression | None = None
    """Whether what promotions added lies in its stock again, from a case's own fields."""
    owed: str = ""
    """The field of the placed record with what it comes to."""
    received: str = ""
    """The field of the placed record with what was paid for it."""
    changed: Expression | None = None
    """Whether a case pays back what is owed no more, from its own fields; none does if None."""
    paid_out: PaidOut | None = None
    of_case: Mapping[str, str] = field(default_factory=dict)
    """Field → what it is filled with."""
    of_part: Mapping[str, str] = field(default_factory=dict)
