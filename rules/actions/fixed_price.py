"""`fixed_price`: a price of its own for a unit, while the units set aside for it last.

Only as many units as are left of that stock, and of what one customer may take, have the price;
the others keep theirs. It takes effect only where it is lower.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.kinds import Arg
from rules.actions import COMMON, Action
from rules.pricing.amounts import Amount
from rules.pricing.arguments import Reading
from rules.pricing.cart import Used
from rules.pricing.codes import normalized
from rules.pricing.desk import CURRENT, Desk
from rules.pricing.grant import Grant
from rules.pricing.promotion import PRICE, Promotion, Work
from rules.pricing.scope import Scope
from rules.pricing.takings import Effect, reduce_units
from rules.pricing.units import counted

UNUSED = Used()


class FixedPrice(Action):
    args = {
        "price": Arg("amount", required=True, help="For one unit."),
        "holder_price": Arg(
            "amount", help="For whom the code was handed to that opens it, such as who leads."
        ),
        "stock": Arg("integer", minimum=0, help="So many units of each item have the price."),
        "per_customer": Arg("integer", minimum=1, help="So many units for one customer."),
        **COMMON,
    }

    def lane(self, values: Mapping[str, Any]) -> str:
        return PRICE

    def counts(self, values: Mapping[str, Any]) -> bool:
        return values["stock"] is not None or values["per_customer"] is not None

    def bind(self, values: Mapping[str, Any], scope: Scope, reading: Reading) -> Work:
        price: Amount = values["price"]
        stock, most = values["stock"], values["per_customer"]
        special: Amount | None = values["holder_price"]

        def allowed(desk: Desk, promotion: Promotion, item: str, here: int) -> int | None:
            """Return how many more units of an item may have the price; None: all."""
            used = desk.context.used.get(promotion.id, UNUSED)
            left = []
            if stock is not None:
                left.append(stock - used.units.get(item, 0) - here)
            if most is not None:
                left.append(most - used.units_by_customer.get(item, 0) - here)
            return max(0, min(left)) if left else None

        def work(desk: Desk, promotion: Promotion) -> Grant:
            mine = price if special is None or not _holds_code(desk, promotion) else special
            grant, value, effect = Grant(), mine.of(desk.cart.currency), Effect(price=mine)
            for at in scope.lines(desk):
                item, count = desk.cart.lines[at].item, desk.count[at]
                here = desk.sold.get((promotion.id, item), 0) + grant.sold.get(item, 0)
                may = allowed(desk, promotion, item, here)
                if may is not None and may < count:
                    units = desk.sorted_units([at], CURRENT)
                    reduce_units(desk, grant, counted(units, may), effect)
                    grant.cut_by = "stock"
                    taken = may
                else:
                    grant.lines[at] = max(0, desk.amounts[at] - value * count)
                    grant.bases[at] = desk.amounts[at]
                    taken = count
                if grant.lines.get(at) and may is not None:
                    desk.bounds[promotion.id, item] = (stock, most)
                    grant.sold[item] = grant.sold.get(item, 0) + taken
            return grant

        return work


def _holds_code(desk: Desk, promotion: Promotion) -> bool:
    """Return whether whoever buys is the one whom a code was handed to that opens a promotion."""
    known, buyer = desk.context.codes, desk.context.customer.key
    found = [known.get(normalized(code)) for code in desk.cart.codes]
    return bool(buyer) and any(
        fact is not None and fact.promotion == promotion.id and fact.holder == buyer
        for fact in found
    )
