"""Where units of a placed record are given back: `give_back:` of `pricing:`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generator.expressions.compile import Expression

CASE, PART = "case", "part"
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
    },
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
is a `gift` that the case asks for by itself. Tax and net are empty where no tax was kept.
"""
NEVER, SHARE, LAST = "never", "share", "last"
DELIVERIES_BACK = (NEVER, SHARE, LAST)
"""What is paid back of deliveries: nothing, the share of the units, or all with the last one."""


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
    of_case: Mapping[str, str] = field(default_factory=dict)
    """Field → what it is filled with."""
    of_part: Mapping[str, str] = field(default_factory=dict)
