"""A mark of what was priced and what came out; equal marks mean that placing it is safe.

It covers the cart, who buys, the shop's settings, and every promotion that took effect with its
version and amounts. The clock, counters and promotions that changed nothing are left out: a mark
must not go stale because a minute passed or somebody else bought something.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache

from rules.pricing.cart import Settings
from rules.pricing.codes import normalized
from rules.pricing.desk import Desk

S = "\x1f"
"""Stands between all parts."""


def fingerprint(desk: Desk, versions: Mapping[str, int]) -> str:
    """Return 32 hexadecimal digits; the same in every process."""
    cart, context = desk.cart, desk.context
    parts: list[str] = [cart.currency, str(cart.gross), str(context.channel)]
    parts += [str(context.customer.key), *map(str, sorted(context.customer.groups))]
    for line in cart.lines:
        rate = line.tax
        # what str() writes of a fraction, in a third of the time: there is one on every line
        tax = rate if rate.denominator == 1 else f"{rate.numerator}/{rate.denominator}"
        parts.append(
            f"{line.id}{S}{line.item}{S}{line.quantity}{S}{line.price}{S}{line.was}{S}{line.least}"
            f"{S}{tax}{S}{line.reduced}{S}{line.deposit}{S}{line.deposit_worth}"
        )
        for facet in sorted(line.labels):
            parts += [facet, *map(str, sorted(line.labels[facet]))]
    for shipment in cart.shipments:
        parts += [shipment.id, shipment.method, str(shipment.cost), str(shipment.tax)]
        parts.append(str(shipment.rates))
    parts += sorted({normalized(code) for code in cart.codes})
    parts += [repr(taken) for taken in cart.accepted]
    parts += [_said(context.settings)]
    parts += [f"{name}={context.facts[name]!r}" for name in sorted(context.facts)]
    for name, _, _, lane, at, amount, _ in (*desk.booked, *desk.ships_booked):
        parts.append(f"{name}{S}{versions.get(name, 0)}{S}{lane}{S}{at}{S}{amount}")
    for extra in desk.extras:
        parts.append(f"{extra.promotion}{S}{extra.item}{S}{extra.quantity}{S}{extra.charged}")
    return hashlib.sha256(S.join(parts).encode("utf-8")).hexdigest()[:32]


@cache
def _said(settings: Settings) -> str:
    """Return the settings of a shop, of which there are few, as text."""
    return repr(settings)
