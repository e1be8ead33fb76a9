"""`delivery_price`: a price for each delivery, where that is less."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.kinds import Arg
from rules.actions import COMMON, Action
from rules.pricing.amounts import Amount
from rules.pricing.arguments import Reading
from rules.pricing.desk import Desk
from rules.pricing.grant import Grant
from rules.pricing.promotion import SHIPPING, Promotion, Work
from rules.pricing.scope import Scope


class DeliveryPrice(Action):
    args = {"price": Arg("amount", required=True, help="For each delivery."), **COMMON}

    def lane(self, values: Mapping[str, Any]) -> str:
        return SHIPPING

    def bind(self, values: Mapping[str, Any], scope: Scope, reading: Reading) -> Work:
        price: Amount = values["price"]

        def work(desk: Desk, promotion: Promotion) -> Grant:
            grant, value = Grant(), price.of(desk.cart.currency)
            for at in scope.ships(desk):
                grant.ships[at] = max(0, desk.ships[at] - value)
                grant.bases[at] = desk.ships[at]
            return grant

        return work
