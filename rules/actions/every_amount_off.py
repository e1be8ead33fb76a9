"""`every_amount_off`: an amount off for every so much that the goods cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.kinds import Arg
from rules.actions import BASE, COMMON, MAX_TIMES, Action
from rules.pricing.amounts import Amount
from rules.pricing.arguments import Reading
from rules.pricing.desk import Desk
from rules.pricing.grant import Grant
from rules.pricing.promotion import ORDER, Promotion, Work
from rules.pricing.result import Miss
from rules.pricing.scope import Scope
from rules.pricing.takings import spread_over


class EveryAmountOff(Action):
    args = {
        "every": Arg("amount", required=True, help="For every so much …"),
        "value": Arg("amount", required=True, help="… this amount is taken off."),
        "max_times": MAX_TIMES,
        "base": BASE,
        **COMMON,
    }

    def lane(self, values: Mapping[str, Any]) -> str:
        return ORDER

    def bind(self, values: Mapping[str, Any], scope: Scope, reading: Reading) -> Work:
        every: Amount = values["every"]
        value: Amount = values["value"]
        most, base = values["max_times"], values["base"]
        if every is not None and 0 in every.values.values():
            reading.fault("every", "zero_step")

        def work(desk: Desk, promotion: Promotion) -> Grant:
            grant, lines, currency = Grant(), scope.lines(desk), desk.cart.currency
            amounts, step = desk.base(base), every.of(currency)
            have = sum(amounts[at] for at in lines)
            times = have // step
            if most is not None:
                times = min(times, most)
            if times:
                spread_over(desk, grant, times * value.of(currency), lines, base)
            else:
                grant.miss = Miss("every", have, step, "money")
            return grant

        return work
