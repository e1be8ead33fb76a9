"""Words for conditions: what must be true of a cart, its customer or the day. One word, one file.

A condition says not only no: it says what there is and what it takes, so that a trace explains
itself and a page can say "add 12.40 more".
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from generator.kinds import Arg, Kind
from rules.pricing.arguments import Reading
from rules.pricing.desk import BASES, CURRENT
from rules.pricing.promotion import Test

COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    "<": operator.lt,
}
OP = Arg("choice", options=tuple(COMPARE), default=">=", help="How the two are compared.")
BASE = Arg(
    "choice",
    options=BASES,
    default=CURRENT,
    help="The price it looks at: as it is now, as the lane began, or the list price.",
)


class Condition(Kind):
    """A word usable after `type:` in `when`."""

    def bind(self, values: Mapping[str, Any], reading: Reading) -> Test:
        """Return the test of these arguments; what it holds is decided once, not per cart."""
        raise NotImplementedError
