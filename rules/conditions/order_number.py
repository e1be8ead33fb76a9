"""`order_number`: the how manieth order of this customer it would be; the first one is 1.

Where nobody knows how many there were before, it does not hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.kinds import Arg
from rules.conditions import COMPARE, Condition
from rules.pricing.arguments import Reading
from rules.pricing.desk import Desk
from rules.pricing.promotion import Test
from rules.pricing.result import Miss


class OrderNumber(Condition):
    args = {
        "op": Arg("choice", options=tuple(COMPARE), default="==", help="How they are compared."),
        "value": Arg("integer", default=1, minimum=1, help="1 for the first order."),
    }

    def bind(self, values: Mapping[str, Any], reading: Reading) -> Test:
        holds, need = COMPARE[values["op"]], values["value"]

        def test(desk: Desk) -> Miss | None:
            orders = desk.context.customer.orders
            if orders is not None and holds(orders + 1, need):
                return None
            return Miss("order_number", None if orders is None else orders + 1, need)

        return test
