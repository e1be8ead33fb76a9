"""`amount_off`: an amount off each unit, each line, or off the goods together.

An amount off the goods together is split over the lines by what they cost, to the last cent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.kinds import Arg
from rules.actions import APPLY, BASE, COMMON, EACH_UNIT, EVERYTHING, MAX_UNITS, SPREAD, Action
from rules.pricing.amounts import Amount
from rules.pricing.arguments import Reading
from rules.pricing.desk import Desk
from rules.pricing.grant import Grant
from rules.pricing.promotion import MANUAL, Promotion, Work
from rules.pricing.scope import Scope
from rules.pricing.takings import Effect, reduce_lines, spread_over, spread_over_all


class AmountOff(Action):
    args = {
        "value": Arg("amount", required=True, help="How much."),
        "apply": APPLY,
        "base": BASE,
        "max_units": MAX_UNITS,
        **COMMON,
    }

    def lane(self, values: Mapping[str, Any]) -> str:
        return MANUAL if values["apply"] == EVERYTHING else super().lane(values)

    def bind(self, values: Mapping[str, Any], scope: Scope, reading: Reading) -> Work:
        value: Amount = values["value"]
        apply, base, most = values["apply"], values["base"], values["max_units"]

        def work(desk: Desk, promotion: Promotion) -> Grant:
            grant, lines = Grant(), scope.lines(desk)
            if apply == SPREAD:
                spread_over(desk, grant, value.of(desk.cart.currency), lines, base)
            elif apply == EVERYTHING:
                spread_over_all(desk, grant, value.of(desk.cart.currency), lines, base)
            else:
                each_unit = apply == EACH_UNIT
                effect = Effect(amount=value)
                reduce_lines(desk, grant, lines, base, effect, most, each_unit=each_unit)
            return grant

        return work
