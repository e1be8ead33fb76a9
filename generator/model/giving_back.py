"""Where units of a placed record are given back: `give_back:` of `pricing:`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generator.expressions.compile import Expression

CASE, PART = "case", "part"
TOLD: Mapping[str, Mapping[str, str]] = {
    CASE: {"goods": "money", "lost": "money", "total": "money", "lost_to": "text"},
    PART: {
        "share": "money",
        "paid": "money",
        "of": "integer",
        "earlier": "integer",
        "earlier_share": "money",
    },
}
"""What is known of a case and of its parts, and of which kind that is.

`goods` are the shares together, `lost` what promotions take back that no longer hold, `lost_to`
those, `total` the difference; of a part its `share` of what was `paid` for all `of` units of the
line, and what `earlier` units were given back for.
"""


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
    of_case: Mapping[str, str] = field(default_factory=dict)
    """Field → what it is filled with."""
    of_part: Mapping[str, str] = field(default_factory=dict)
