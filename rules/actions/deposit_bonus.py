"""`deposit_bonus`: what was paid ahead counts for more than was paid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rules.actions import COMMON, Action
from rules.pricing.arguments import Reading
from rules.pricing.desk import Desk
from rules.pricing.grant import Grant
from rules.pricing.promotion import DEPOSIT, Promotion, Work
from rules.pricing.scope import Scope


class DepositBonus(Action):
    args = {**COMMON}

    def lane(self, values: Mapping[str, Any]) -> str:
        return DEPOSIT

    def bind(self, values: Mapping[str, Any], scope: Scope, reading: Reading) -> Work:
        def work(desk: Desk, promotion: Promotion) -> Grant:
            grant = Grant()
            for at in scope.lines(desk):
                line = desk.cart.lines[at]
                bonus = line.deposit_worth - line.deposit
                if bonus > 0:
                    grant.lines[at] = bonus * line.quantity
                    grant.bases[at] = desk.amounts[at]
            return grant

        return work
