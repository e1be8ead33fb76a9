"""`delivery_percent_off`: a percent off each delivery; 100 makes it free."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.kinds import Arg
from rules.actions import BASE, COMMON, Action
from rules.pricing.arguments import Reading
from rules.pricing.desk import Desk
from rules.pricing.grant import Grant
from rules.pricing.promotion import SHIPPING, Promotion, Work
from rules.pricing.rounding import share
from rules.pricing.scope import Scope


class DeliveryPercentOff(Action):
    args = {
        "percent": Arg("percent", required=True, help="How much of a hundred."),
        "base": BASE,
        **COMMON,
    }

    def lane(self, values: Mapping[str, Any]) -> str:
        return SHIPPING

    def bind(self, values: Mapping[str, Any], scope: Scope, reading: Reading) -> Work:
        percent, base = values["percent"], values["base"]

        def work(desk: Desk, promotion: Promotion) -> Grant:
            grant, costs, way = Grant(), desk.shipping(base), desk.context.settings.rounding
            for at in scope.ships(desk):
                grant.ships[at] = share(costs[at], percent, way)
                grant.bases[at] = costs[at]
            return grant

        return work
