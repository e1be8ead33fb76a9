"""`method`: the way of delivery of some shipment is one of these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.kinds import Arg
from rules.conditions import Condition
from rules.pricing.arguments import Reading
from rules.pricing.desk import Desk
from rules.pricing.promotion import Test
from rules.pricing.result import Miss


class Method(Condition):
    args = {"in": Arg("list", of=Arg("text"), required=True, help="Ways of delivery.")}

    def bind(self, values: Mapping[str, Any], reading: Reading) -> Test:
        wanted = frozenset(values["in"] or ())

        def test(desk: Desk) -> Miss | None:
            methods = tuple(shipment.method for shipment in desk.cart.shipments)
            if wanted.intersection(methods):
                return None
            return Miss("method", methods, tuple(sorted(wanted)))

        return test
