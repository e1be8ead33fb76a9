"""`gift`: units that are added and cost nothing, as many as there are.

A gift is no part of what thresholds look at, and no total changes by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.kinds import Arg
from rules.actions import MAX_TIMES, UNCAPPED, Action
from rules.pricing.arguments import Reading
from rules.pricing.desk import Desk
from rules.pricing.grant import Grant
from rules.pricing.promotion import GIFT, Promotion, Work
from rules.pricing.result import Extra, Miss
from rules.pricing.scope import Scope


class Gift(Action):
    args = {
        "item": Arg("text", required=True, help="The key of what is given."),
        "quantity": Arg("integer", default=1, minimum=1, help="Units."),
        "worth": Arg("amount", help="What one costs otherwise."),
        "every": Arg("integer", minimum=1, help="For every so many units bought."),
        "max_times": MAX_TIMES,
        **UNCAPPED,
    }

    def lane(self, values: Mapping[str, Any]) -> str:
        return GIFT

    def adds(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        return (values["item"],)

    def bind(self, values: Mapping[str, Any], scope: Scope, reading: Reading) -> Work:
        item, each, every = values["item"], values["quantity"], values["every"]
        worth, most = values["worth"], values["max_times"]

        def work(desk: Desk, promotion: Promotion) -> Grant:
            grant, times = Grant(), 1
            if not scope.lines(desk):
                grant.miss = Miss("contains", 0, 1, "count")
                return grant
            if every is not None:
                bought = sum(desk.count[at] for at in scope.lines(desk))
                times = bought // every
                if not times:
                    grant.miss = Miss("every", bought, every, "count")
            if most is not None:
                times = min(times, most)
            count, there = times * each, desk.there(item)
            if there is not None and there < count:
                count, grant.cut_by, grant.short = there, "stock", (there, count)
            if count:
                value = worth.of(desk.cart.currency) if worth is not None else 0
                grant.extras = (Extra(promotion.id, item, count, 0, value),)
            return grant

        return work
