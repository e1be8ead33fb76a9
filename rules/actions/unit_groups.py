"""`unit_groups`: something off every unit that belongs to a complete group of so many.

Groups are filled with the dearest units first, or from the line with the most units.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.kinds import Arg
from rules.actions import BASE, COMMON, MAX_TIMES, Action
from rules.pricing.arguments import Reading
from rules.pricing.desk import Desk
from rules.pricing.effects import effect_of
from rules.pricing.grant import Grant
from rules.pricing.promotion import Promotion, Work
from rules.pricing.result import Miss
from rules.pricing.scope import Scope
from rules.pricing.takings import reduce_units
from rules.pricing.units import counted


class UnitGroups(Action):
    args = {
        "size": Arg("integer", required=True, minimum=1, help="Units of a group."),
        "percent": Arg("percent", help="This percent off each."),
        "amount": Arg("amount", help="This amount off each."),
        "price": Arg("amount", help="This price for each, where that is less."),
        "max_times": MAX_TIMES,
        "fill": Arg(
            "choice",
            options=("dearest", "largest_line"),
            default="dearest",
            help="Which units fill the groups first.",
        ),
        "base": BASE,
        **COMMON,
    }

    def bind(self, values: Mapping[str, Any], scope: Scope, reading: Reading) -> Work:
        effect, size, most = effect_of(values, reading), values["size"], values["max_times"]
        base, by_line = values["base"], values["fill"] == "largest_line"

        def work(desk: Desk, promotion: Promotion) -> Grant:
            grant = Grant()
            units = desk.sorted_units(scope.lines(desk), base)
            if by_line:
                units.sort(key=lambda unit: -desk.count[unit.line])
            have = sum(unit.size for unit in units)
            times = have // size if most is None else min(have // size, most)
            if times:
                reduce_units(desk, grant, counted(units, times * size), effect)
            else:
                grant.miss = Miss("size", have, size, "count")
            return grant

        return work
