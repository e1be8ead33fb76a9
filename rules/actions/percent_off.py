"""`percent_off`: a percent off each line, or off the goods together.

Off each line it is rounded once a line; off the goods together once, and then split.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.kinds import Arg
from rules.actions import APPLY, BASE, COMMON, EVERYTHING, MAX_UNITS, SPREAD, Action
from rules.pricing.arguments import Reading
from rules.pricing.desk import Desk
from rules.pricing.grant import Grant
from rules.pricing.promotion import MANUAL, Promotion, Work
from rules.pricing.rounding import share
from rules.pricing.scope import Scope
from rules.pricing.takings import Effect, reduce_lines, spread_over, spread_over_all


class PercentOff(Action):
    args = {
        "percent": Arg("percent", required=True, help="How much of a hundred."),
        "apply": APPLY,
        "base": BASE,
        "max_units": MAX_UNITS,
        **COMMON,
    }

    def lane(self, values: Mapping[str, Any]) -> str:
        return MANUAL if values["apply"] == EVERYTHING else super().lane(values)

    def bind(self, values: Mapping[str, Any], scope: Scope, reading: Reading) -> Work:
        percent, apply = values["percent"], values["apply"]
        base, most = values["base"], values["max_units"]
        effect = Effect(percent=percent)

        def work(desk: Desk, promotion: Promotion) -> Grant:
            grant, lines = Grant(), scope.lines(desk)
            if apply not in (SPREAD, EVERYTHING):
                reduce_lines(desk, grant, lines, base, effect, most, each_unit=True)
                return grant
            amounts, way = desk.base(base), desk.context.settings.rounding
            whole = sum(amounts[at] for at in lines)
            if apply == SPREAD:
                spread_over(desk, grant, share(whole, percent, way), lines, base)
            else:
                whole += sum(desk.shipping(base))
                spread_over_all(desk, grant, share(whole, percent, way), lines, base)
            return grant

        return work
