"""`amount`: what the goods cost, all of them or some, with or without delivery.

What is given away and what delivery costs never counts as goods.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.kinds import Arg
from rules.conditions import BASE, COMPARE, OP, Condition
from rules.pricing.amounts import Amount as Money
from rules.pricing.arguments import EXCLUDE, INCLUDE, Reading
from rules.pricing.desk import Desk
from rules.pricing.promotion import Test
from rules.pricing.result import Miss
from rules.pricing.scope import EVERYTHING


class Amount(Condition):
    args = {
        "op": OP,
        "value": Arg("amount", required=True, help="The amount it is compared with."),
        "base": BASE,
        "delivery": Arg("boolean", default=False, help="Count the costs of delivery, too."),
        "include": INCLUDE,
        "exclude": EXCLUDE,
    }

    def bind(self, values: Mapping[str, Any], reading: Reading) -> Test:
        holds, base, delivery = COMPARE[values["op"]], values["base"], values["delivery"]
        need: Money = values["value"]
        scope = reading.scope(values, EVERYTHING)

        def test(desk: Desk) -> Miss | None:
            amounts = desk.base(base)
            if scope is EVERYTHING:
                have = sum(amounts)
            else:
                have = sum(amounts[at] for at in scope.lines(desk))
            if delivery:
                have += sum(desk.shipping(base))
            wanted = need.of(desk.cart.currency)
            return None if holds(have, wanted) else Miss("amount", have, wanted, "money")

        return test
