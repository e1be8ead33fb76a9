"""`delivery_amount_off`: an amount off each delivery, or once and shared by them."""

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
from rules.pricing.split import split


class DeliveryAmountOff(Action):
    args = {
        "value": Arg("amount", required=True, help="How much."),
        "apply": Arg(
            "choice",
            options=("each", "spread"),
            default="each",
            help="Off each delivery, or once and shared by what they cost.",
        ),
        **COMMON,
    }

    def lane(self, values: Mapping[str, Any]) -> str:
        return SHIPPING

    def bind(self, values: Mapping[str, Any], scope: Scope, reading: Reading) -> Work:
        value: Amount = values["value"]
        spread = values["apply"] == "spread"

        def work(desk: Desk, promotion: Promotion) -> Grant:
            grant, ships, amount = Grant(), scope.ships(desk), value.of(desk.cart.currency)
            costs = [desk.ships[at] for at in ships]
            shares = split(amount, costs, costs) if spread else [min(amount, c) for c in costs]
            grant.ships = dict(zip(ships, shares, strict=True))
            grant.bases = dict(zip(ships, costs, strict=True))
            return grant

        return work
