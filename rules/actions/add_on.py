"""`add_on`: items that may be taken for less beside what is bought, at a price of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.kinds import Arg, Shape
from rules.actions import UNCAPPED, Action
from rules.pricing.amounts import Amount
from rules.pricing.arguments import Reading
from rules.pricing.desk import Desk
from rules.pricing.grant import Grant
from rules.pricing.promotion import GIFT, Promotion, Work
from rules.pricing.result import Extra, Miss, Offer
from rules.pricing.scope import Scope
from rules.pricing.tax import tax_on

OFFER = Shape(
    "offer",
    "One item and what it costs here.",
    {
        "item": Arg("text", required=True, help="The item's key."),
        "price": Arg("amount", required=True, help="For one unit."),
    },
)


class AddOn(Action):
    args = {
        "offers": Arg("list", of=Arg("shape", shape=OFFER), required=True, help="The items."),
        "units": Arg("integer", default=1, minimum=1, help="So many units altogether."),
        **UNCAPPED,
    }

    def lane(self, values: Mapping[str, Any]) -> str:
        return GIFT

    def adds(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(offer["item"] for offer in values["offers"] or () if offer is not None)

    def bind(self, values: Mapping[str, Any], scope: Scope, reading: Reading) -> Work:
        most = values["units"]
        offers: dict[str, Amount] = {
            offer["item"]: offer["price"] for offer in values["offers"] or () if offer is not None
        }

        def work(desk: Desk, promotion: Promotion) -> Grant:
            grant, left, currency = Grant(), most, desk.cart.currency
            if not scope.lines(desk):
                grant.miss = Miss("contains", 0, 1, "count")
                return grant
            there = {item: desk.there(item) for item in offers}
            extras = []
            for taken in desk.cart.accepted:
                if taken.promotion != promotion.id or taken.item not in offers:
                    continue
                count = _least(min(taken.quantity, left), there[taken.item])
                if count > 0:
                    left -= count
                    stock = there[taken.item]
                    there[taken.item] = None if stock is None else stock - count
                    cost = count * offers[taken.item].of(currency)
                    tax = tax_on(cost, taken.tax, gross=desk.cart.gross)
                    extras.append(Extra(promotion.id, taken.item, count, cost, 0, tax))
            grant.extras = tuple(extras)
            grant.offers = tuple(
                Offer(promotion.id, item, price.of(currency), may)
                for item, price in offers.items()
                if (may := _least(left, there[item]))
            )
            if not grant.is_something:
                grant.cut_by, grant.short = "stock", (0, 1)
            return grant

        return work


def _least(wanted: int, there: int | None) -> int:
    """Return how many of something can be had."""
    return wanted if there is None else min(wanted, there)
