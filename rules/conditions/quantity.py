"""`quantity`: how many units there are, in the cart or on one line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.kinds import Arg
from rules.conditions import COMPARE, OP, Condition
from rules.pricing.arguments import EXCLUDE, INCLUDE, Reading
from rules.pricing.desk import Desk
from rules.pricing.promotion import Test
from rules.pricing.result import Miss
from rules.pricing.scope import EVERYTHING


class Quantity(Condition):
    args = {
        "op": OP,
        "value": Arg("integer", required=True, minimum=0, help="The number of units."),
        "over": Arg(
            "choice",
            options=("cart", "line"),
            default="cart",
            help="cart: all units together. line: there is one line with so many.",
        ),
        "include": INCLUDE,
        "exclude": EXCLUDE,
    }

    def bind(self, values: Mapping[str, Any], reading: Reading) -> Test:
        holds, need, single = COMPARE[values["op"]], values["value"], values["over"] == "line"
        scope = reading.scope(values, EVERYTHING)

        def test(desk: Desk) -> Miss | None:
            counts = [desk.count[at] for at in scope.lines(desk)]
            if single:
                if any(holds(count, need) for count in counts):
                    return None
                return Miss("quantity", max(counts, default=0), need, "count")
            have = sum(counts)
            return None if holds(have, need) else Miss("quantity", have, need, "count")

        return test
