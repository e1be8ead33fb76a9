"""The lowest price before a reduction, told beside the lines that are sold at the reduced price.

In: a priced cart and what is known of its items. Out: by line an amount in smallest units; nothing
of a line whose price is not reduced, nor where `history:` says that buyers are not told.
"""

from __future__ import annotations

from collections.abc import Mapping

from generator.model.pricing import Pricing
from rules.pricing.result import Result as Priced
from runtime.operations._cart_facts import Item, minor


def lowest(
    priced: Priced, items: Mapping[str, Item], pricing: Pricing, channel: str
) -> Mapping[str, int]:
    """Return what must be told beside the prices of lines that are reduced."""
    lists = {one.line: one.lowest for one in priced.listings if one.verdict == "applied"}
    places = pricing.currencies[priced.cart.currency]
    found = {}
    for line in priced.cart.lines:
        amount, item = lists.get(line.id), items.get(line.item)
        history = pricing.lists.history if pricing.lists is not None else None
        if line.id not in lists:
            history = pricing.item.history
            if item is not None and item.lowest is not None:
                mine = item.currency == priced.cart.currency
                if mine and line.price == minor(item.price, places):
                    amount = minor(item.lowest, places)
        if amount is None or history is None or not history.tells(channel, line.labels):
            continue
        found[line.id] = amount
    return found
