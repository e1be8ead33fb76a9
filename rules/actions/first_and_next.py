"""`first_and_next`: one amount off the first unit of a line, another off each further one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.kinds import Arg
from rules.actions import COMMON, MAX_UNITS, Action
from rules.pricing.amounts import Amount
from rules.pricing.arguments import Reading
from rules.pricing.desk import Desk
from rules.pricing.grant import Grant
from rules.pricing.promotion import Promotion, Work
from rules.pricing.scope import Scope


class FirstAndNext(Action):
    args = {
        "first": Arg("amount", required=True, help="Off the first unit."),
        "next": Arg("amount", required=True, help="Off each further unit."),
        "max_units": MAX_UNITS,
        **COMMON,
    }

    def bind(self, values: Mapping[str, Any], scope: Scope, reading: Reading) -> Work:
        first: Amount = values["first"]
        further: Amount = values["next"]
        most = values["max_units"]

        def work(desk: Desk, promotion: Promotion) -> Grant:
            grant, currency = Grant(), desk.cart.currency
            for at in scope.lines(desk):
                units = desk.count[at] if most is None else min(desk.count[at], most)
                grant.lines[at] = first.of(currency) + (units - 1) * further.of(currency)
                grant.bases[at] = desk.amounts[at]
            return grant

        return work
