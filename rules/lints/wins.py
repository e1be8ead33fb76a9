"""`wins`: an exclusive promotion, or one of a group, that another one always beats.

Certain only where the other takes off at least as much of everything, from everybody, at any time.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from generator.lints import Finding, Lint, Offered
from generator.model.pricing import Promotion as Written
from generator.saying import say
from rules.lints import live
from rules.pricing.promotion import Limits, Promotion
from rules.pricing.scope import EVERYTHING
from rules.pricing.windows import Window

NARROWING = {"cap", "max_units", "include", "exclude", "base", "lane"}


class Wins(Lint):
    def find(self, offered: Offered) -> Iterator[Finding]:
        found = list(live(offered))
        for one, promotion in found:
            for other, rival in found:
                if rival is not promotion and _beaten(one, promotion, other, rival):
                    message = say("'{other}' always takes off as much.", other=other.name)
                    hint = say("Take off more here, or give '{other}' a condition.",
                               other=other.name)  # fmt: skip
                    key = "exclusive" if promotion.exclusive else "group"
                    yield Finding("D808", one.name, (key,), message, hint)
                    break


def _beaten(one: Written, promotion: Promotion, other: Written, rival: Promotion) -> bool:
    if not _compete(promotion, rival) or not _always(rival):
        return False
    low, high = _percent(one), _percent(other)
    if (
        low is None
        or high is None
        or low[1] != high[1]
        or NARROWING & other.written["then"][0].keys()
    ):
        return False
    if high[0] == low[0]:
        return rival.rank < promotion.rank
    return high[0] > low[0]


def _compete(promotion: Promotion, rival: Promotion) -> bool:
    if promotion.exclusive and rival.exclusive:
        return promotion.exclusive_policy == rival.exclusive_policy == "best"
    group, others = promotion.group, rival.group
    return (
        group is not None
        and others is not None
        and group.name == others.name
        and group.most == 1
        and group.policy == "best"
    )


def _always(promotion: Promotion) -> bool:
    """Return whether nothing keeps it out: no condition, code, limit, place or time."""
    return (
        promotion.when is None
        and not promotion.needs_code
        and promotion.limits == Limits()
        and promotion.budget is None
        and promotion.window == Window()
        and promotion.recurrence is None
        and promotion.channels is None
        and promotion.currencies is None
        and promotion.scope is EVERYTHING
        and promotion.combines is None
    )


def _percent(one: Written) -> tuple[Decimal, str] | None:
    """Return the percent of a promotion that does nothing else, and what it is taken from."""
    deeds = one.written["then"]
    if len(deeds) != 1 or deeds[0]["type"] != "percent_off":
        return None
    return Decimal(str(deeds[0]["percent"])), str(deeds[0].get("apply", "spread"))
