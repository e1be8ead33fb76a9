"""Words for what a promotion does: take off, give, exchange, deliver for less. One word, one file.

An action reads the amounts as they are and answers with a `Grant`; it books nothing, so that it
can be tried out beside others. Floors, caps and budgets are cut in one place for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.kinds import Arg, Kind
from rules.pricing.arguments import EXCLUDE, INCLUDE, Reading
from rules.pricing.desk import BASES, CURRENT
from rules.pricing.promotion import LINE, ORDER, Work
from rules.pricing.scope import Scope

EACH_UNIT, EACH_LINE, SPREAD, EVERYTHING = "each_unit", "each_line", "spread", "with_delivery"
APPLY = Arg(
    "choice",
    options=(EACH_UNIT, EACH_LINE, SPREAD, EVERYTHING),
    default=SPREAD,
    help="From each unit, from each line, once and shared by the lines, or shared by the lines "
    "and deliveries.",
)
BASE = Arg(
    "choice",
    options=BASES,
    default=CURRENT,
    help="The price it is taken from: as it is now, as the lane began, or the list price.",
)
MAX_UNITS = Arg("integer", minimum=1, help="At most so many units of a line.")
MAX_TIMES = Arg("integer", minimum=1, help="At most so many times.")
CAP = Arg("amount", help="Never more than this altogether.")
COMMON = {
    "include": INCLUDE,
    "exclude": EXCLUDE,
    "cap": CAP,
    "lane": Arg("text", help="Another lane than the usual one."),
}
"""What every action takes beside its own."""
UNCAPPED = {name: arg for name, arg in COMMON.items() if name != "cap"}
"""The same, of an action that takes nothing off."""


class Action(Kind):
    """A word usable after `type:` in `then`."""

    def lane(self, values: Mapping[str, Any]) -> str:
        """Return the lane it belongs to when nobody says."""
        return ORDER if values.get("apply", EACH_LINE) == SPREAD else LINE

    def counts(self, values: Mapping[str, Any]) -> bool:
        """Return whether the units that it gives are counted."""
        return False

    def adds(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the items that it may add to a cart."""
        return ()

    def bind(self, values: Mapping[str, Any], scope: Scope, reading: Reading) -> Work:
        """Return the work of these arguments on the lines of a scope."""
        raise NotImplementedError
