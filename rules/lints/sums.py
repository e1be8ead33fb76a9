"""`sums`: percents of the list price that stand together and leave nothing to pay.

Percents of the price as it is now never do: 40 % and then 70 % of the rest leave something.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import combinations

from generator.lints import Finding, Lint, Offered
from generator.saying import say
from rules.lints import actions, live, together
from rules.pricing.desk import CURRENT
from rules.pricing.promotion import Promotion


class Sums(Lint):
    def find(self, offered: Offered) -> Iterator[Finding]:
        found = [
            (one, promotion, at, Decimal(str(action["percent"])))
            for one, promotion in live(offered)
            for at, action in actions(one, "percent_off")
            if action.get("base", CURRENT) != CURRENT
        ]
        for (one, first, _, low), (other, second, at, high) in combinations(found, 2):
            if low + high >= 100 and one is not other and _stack(first, second):
                message = say(
                    "Together with '{other}' it takes off {sum} % of the same price.",
                    other=one.name,
                    sum=f"{low + high:f}",
                )
                hint = say("Write `base: current`, or put both into one `group`.")
                yield Finding("D807", other.name, ("then", at, "percent"), message, hint)


def _stack(first: Promotion, second: Promotion) -> bool:
    """Return whether both can take effect on one line."""
    if first.exclusive or second.exclusive or not together(first, second):
        return False
    if first.group and second.group and first.group.name == second.group.name:
        return first.group.policy == "stack" or first.group.most > 1
    return _allowed(first, second) and _allowed(second, first)


def _allowed(first: Promotion, second: Promotion) -> bool:
    return first.combines is None or first.combines.allows(second)
