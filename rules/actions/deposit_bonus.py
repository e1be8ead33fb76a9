"""`deposit_bonus`: what is paid ahead for a unit, and for how much it counts.

The deposit is the promotion's or, without one, the line's own. What it counts for beyond itself is
taken off; one that counts for itself takes nothing off and is asked for all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.kinds import Arg
from rules.actions import COMMON, Action
from rules.pricing.amounts import Amount
from rules.pricing.arguments import Reading
from rules.pricing.desk import Desk
from rules.pricing.grant import Grant
from rules.pricing.promotion import DEPOSIT, Promotion, Work
from rules.pricing.scope import Scope


class DepositBonus(Action):
    args = {
        "deposit": Arg("amount", help="Paid ahead for one unit; that of the line if missing."),
        "worth": Arg("amount", help="What it counts for; itself if missing."),
        **COMMON,
    }

    def lane(self, values: Mapping[str, Any]) -> str:
        return DEPOSIT

    def bind(self, values: Mapping[str, Any], scope: Scope, reading: Reading) -> Work:
        deposit: Amount | None = values["deposit"]
        worth: Amount | None = values["worth"]

        def work(desk: Desk, promotion: Promotion) -> Grant:
            grant, currency = Grant(), desk.cart.currency
            for at in scope.lines(desk):
                line = desk.cart.lines[at]
                ahead = deposit.of(currency) if deposit else line.deposit
                counts = worth.of(currency) if worth else ahead if deposit else line.deposit_worth
                if deposit:
                    # nobody pays more ahead than it costs
                    grant.deposits[at] = min(ahead * line.quantity, desk.amounts[at])
                if counts > ahead:
                    grant.lines[at] = (counts - ahead) * line.quantity
                    grant.bases[at] = desk.amounts[at]
            return grant

        return work
