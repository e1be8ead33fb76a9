"""Price lists: which one says what a unit costs, before any promotion looks at it.

A list holds in its currency, channels, groups of customers, facts and days. Of those that hold and
have a price for as many units of the item as the whole cart has, the one with the lowest number
goes first, of equal numbers the one with the lowest price; it holds also where the item's own price
is lower. A step of a list is that with the greatest quantity which is reached.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from rules.pricing.cart import Cart, Context, Line, Listed, PriceList
from rules.pricing.result import Listing, Miss

LEAST = "from_quantity"
"""What a miss is called that only lacks units."""


def settled(cart: Cart, context: Context, now: datetime) -> tuple[Cart, tuple[Listing, ...]]:
    """Return the cart with the prices that hold, and what became of every list."""
    if all(line.own and not line.listed for line in cart.lines):
        return cart, ()
    units = Counter[str]()
    for line in cart.lines:
        units[line.item] += line.quantity
    lines, told = [], []
    for line in cart.lines:
        best, found = _choose(line, units[line.item], cart.currency, context, now)
        told += found
        lines.append(_at(line, best))
        if best is None and not line.own:
            told.append(Listing(line.id, line.item, "", "unpriced"))
    return replace(cart, lines=tuple(lines)), tuple(told)


def _at(line: Line, chosen: Listed | None) -> Line:
    """Return a line at the price of a list, or at its own."""
    price = line.price if chosen is None else chosen.price
    was = line.was if chosen is None or chosen.was is None else chosen.was
    was = was if was is not None and was > price else None
    return replace(line, price=price, was=was, listed=(), own=line.own or chosen is not None)


def _choose(
    line: Line, units: int, currency: str, context: Context, now: datetime
) -> tuple[Listed | None, list[Listing]]:
    """Return the price that holds, None for the item's own, and what became of each list."""
    lists: dict[str, list[Listed]] = {}
    for one in line.listed:
        if one.list.currency == currency:
            lists.setdefault(one.list.id, []).append(one)
    holding: list[Listed] = []
    missed: list[Listing] = []
    for steps in lists.values():
        reached = [one for one in steps if one.least <= units]
        nearest = min(steps, key=lambda one: one.least)
        miss = _miss(steps[0].list, context, now)
        if miss is None and reached:
            holding.append(max(reached, key=lambda one: one.least))
            missed += [
                _told(line, one, "not_eligible", Miss(LEAST, units, one.least, "count"))
                for one in steps
                if one.least > units
            ]
        else:
            lacks = miss or Miss(LEAST, units, nearest.least, "count")
            missed.append(_told(line, nearest, "not_eligible", lacks))
    ordered = sorted(holding, key=lambda one: (one.list.priority, one.price, one.list.id))
    missed.sort(key=lambda one: (one.list, one.least))
    if not ordered:
        return None, missed
    best = ordered[0]
    beaten = [_told(line, one, "suppressed", by=best.list.id) for one in ordered[1:]]
    return best, [_told(line, best, "applied"), *beaten, *missed]


def _told(
    line: Line, one: Listed, verdict: str, miss: Miss | None = None, by: str = ""
) -> Listing:  # fmt: skip
    return Listing(
        line.id, line.item, one.list.id, verdict, one.price, one.least, miss, by, one.list.labels,
        one.lowest,
    )  # fmt: skip


def _miss(prices: PriceList, context: Context, now: datetime) -> Miss | None:
    """Return why a list does not hold for this cart; None when it does."""
    if prices.channels is not None and context.channel not in prices.channels:
        return Miss("channel", context.channel, _sorted(prices.channels))
    if prices.groups is not None and not prices.groups.intersection(context.customer.groups):
        return Miss("customer.groups", context.customer.groups, _sorted(prices.groups))
    for name in sorted(prices.facts):
        if str(context.facts.get(name, "")) not in prices.facts[name]:
            return Miss(f"fact.{name}", context.facts.get(name), _sorted(prices.facts[name]))
    if prices.since is not None and now < prices.since:
        return Miss("window", "not_started", "open")
    if prices.until is not None and now >= prices.until:
        return Miss("window", "ended", "open")
    return None


def _sorted(names: frozenset[str]) -> Sequence[str]:
    return tuple(sorted(names))
