"""`nth`: something off every n-th unit, or once off a unit of the n-th line.

There are three readings of "the third at half price", so it must be said which: `every: unit`
sorts units by price, dearest first, and reduces the last of each n, which is its cheapest;
`max_times: 1` does so once; `every: line` counts lines in the order of the cart.
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
from rules.pricing.units import Unit, counted


class Nth(Action):
    args = {
        "n": Arg("integer", required=True, minimum=1, help="The how manieth."),
        "every": Arg(
            "choice",
            options=("unit", "line"),
            default="unit",
            help="unit: every n-th unit by price. line: one unit of the n-th line of the cart.",
        ),
        "percent": Arg("percent", help="This percent off each."),
        "amount": Arg("amount", help="This amount off each."),
        "price": Arg("amount", help="This price for each, where that is less."),
        "max_times": MAX_TIMES,
        "base": BASE,
        **COMMON,
    }

    def bind(self, values: Mapping[str, Any], scope: Scope, reading: Reading) -> Work:
        effect, n, most = effect_of(values, reading), values["n"], values["max_times"]
        base, by_line = values["base"], values["every"] == "line"

        def work(desk: Desk, promotion: Promotion) -> Grant:
            grant, lines = Grant(), scope.lines(desk)
            have = len(lines) if by_line else sum(desk.count[at] for at in lines)
            if have < n:
                grant.miss = Miss("n", have, n, "count")
            elif by_line:
                units = desk.sorted_units([lines[n - 1]], base)
                reduce_units(desk, grant, counted(units, 1), effect)
            else:
                chosen = every_nth(desk.sorted_units(lines, base), n, most)
                reduce_units(desk, grant, chosen, effect)
            return grant

        return work


def every_nth(units: list[Unit], n: int, most: int | None) -> list[tuple[Unit, int]]:
    """Return the n-th of every n units in this order, counted through the runs."""
    chosen, before, taken = [], 0, 0
    for unit in units:
        count = (before + unit.size) // n - before // n
        before += unit.size
        if most is not None:
            count = min(count, most - taken)
        if count > 0:
            chosen.append((unit, count))
            taken += count
    return chosen
