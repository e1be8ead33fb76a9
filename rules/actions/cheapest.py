"""`cheapest`: something off the cheapest unit of those it speaks of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.kinds import Arg
from rules.actions import BASE, COMMON, Action
from rules.pricing.arguments import Reading
from rules.pricing.desk import Desk
from rules.pricing.effects import effect_of
from rules.pricing.grant import Grant
from rules.pricing.promotion import Promotion, Work
from rules.pricing.scope import Scope
from rules.pricing.takings import reduce_units
from rules.pricing.units import counted


class Cheapest(Action):
    args = {
        "percent": Arg("percent", help="This percent off each."),
        "amount": Arg("amount", help="This amount off each."),
        "price": Arg("amount", help="This price for each, where that is less."),
        "units": Arg("integer", default=1, minimum=1, help="How many units."),
        "base": BASE,
        **COMMON,
    }

    def bind(self, values: Mapping[str, Any], scope: Scope, reading: Reading) -> Work:
        effect, units, base = effect_of(values, reading), values["units"], values["base"]

        def work(desk: Desk, promotion: Promotion) -> Grant:
            grant = Grant()
            found = desk.sorted_units(scope.lines(desk), base, cheapest=True)
            reduce_units(desk, grant, counted(found, units), effect)
            return grant

        return work
