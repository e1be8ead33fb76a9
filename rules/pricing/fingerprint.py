"""A mark of what was priced and what came out; equal marks mean that placing it is safe.

It covers the cart, who buys, the shop's settings, and every promotion that took effect with its
version and amounts. The clock, counters and promotions that changed nothing are left out: a mark
must not go stale because a minute passed or somebody else bought something.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any

from rules.pricing.cart import Settings
from rules.pricing.codes import normalized
from rules.pricing.desk import Desk

SEPARATOR = "\x1f"


def fingerprint(desk: Desk, versions: Mapping[str, int]) -> str:
    """Return 32 hexadecimal digits; the same in every process."""
    cart, context = desk.cart, desk.context
    parts: list[Any] = [cart.currency, cart.gross, context.channel]
    parts += [context.customer.key, *sorted(context.customer.groups)]
    for line in cart.lines:
        parts += [line.id, line.item, line.quantity, line.price, line.was, line.least, line.tax]
        parts += [line.reduced, line.deposit, line.deposit_worth]
        for facet in sorted(line.labels):
            parts += [facet, *sorted(line.labels[facet])]
    for shipment in cart.shipments:
        parts += [shipment.id, shipment.method, shipment.cost, shipment.tax, shipment.rates]
    parts += sorted({normalized(code) for code in cart.codes})
    parts += [repr(taken) for taken in cart.accepted]
    parts += [_said(context.settings)]
    parts += [f"{name}={context.facts[name]!r}" for name in sorted(context.facts)]
    for booked in (*desk.booked, *desk.ships_booked):
        version = versions.get(booked.promotion, 0)
        parts += [booked.promotion, version, booked.lane, booked.at, booked.amount]
    for extra in desk.extras:
        parts += [extra.promotion, extra.item, extra.quantity, extra.charged]
    text = SEPARATOR.join(map(str, parts))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]


@cache
def _said(settings: Settings) -> str:
    """Return the settings of a shop, of which there are few, as text."""
    return repr(settings)
