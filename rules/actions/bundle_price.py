"""`bundle_price`: so many units together for one price; a bundle never raises a price.

The dearest units make the first bundles. Bundles that lie within one run of equal units are
computed at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.kinds import Arg
from rules.actions import BASE, COMMON, MAX_TIMES, Action
from rules.pricing.amounts import Amount
from rules.pricing.arguments import Reading
from rules.pricing.desk import Desk
from rules.pricing.grant import Grant
from rules.pricing.promotion import Promotion, Work
from rules.pricing.result import Miss
from rules.pricing.scope import Scope
from rules.pricing.split import split
from rules.pricing.units import Unit


class BundlePrice(Action):
    args = {
        "quantity": Arg("integer", required=True, minimum=1, help="Units of one bundle."),
        "price": Arg("amount", required=True, help="For all of them."),
        "max_times": MAX_TIMES,
        "base": BASE,
        **COMMON,
    }

    def bind(self, values: Mapping[str, Any], scope: Scope, reading: Reading) -> Work:
        quantity, most, base = values["quantity"], values["max_times"], values["base"]
        price: Amount = values["price"]

        def work(desk: Desk, promotion: Promotion) -> Grant:
            grant = Grant()
            units = desk.sorted_units(scope.lines(desk), base)
            have = sum(unit.size for unit in units)
            times = have // quantity if most is None else min(have // quantity, most)
            if not times:
                grant.miss = Miss("quantity", have, quantity, "count")
            for parts, bundles in bundles_of(units, quantity, times):
                _reduce(grant, parts, bundles, price.of(desk.cart.currency))
            return grant

        return work


def bundles_of(
    units: list[Unit], size: int, times: int
) -> list[tuple[list[tuple[Unit, int]], int]]:
    """Return bundles as (units and how many of each in one, how many such bundles)."""
    found: list[tuple[list[tuple[Unit, int]], int]] = []
    open_: list[tuple[Unit, int]] = []
    missing, left = size, times
    for unit in units:
        count = unit.size
        while count and left:
            if not open_ and count >= size:
                whole = min(count // size, left)
                found.append(([(unit, size)], whole))
                count -= whole * size
                left -= whole
                continue
            part = min(count, missing)
            open_.append((unit, part))
            count -= part
            missing -= part
            if not missing:
                found.append((open_, 1))
                open_, missing = [], size
                left -= 1
    return found


def _reduce(grant: Grant, parts: list[tuple[Unit, int]], bundles: int, price: int) -> None:
    parts = sorted(parts, key=lambda part: part[0].line)  # an odd cent is the earlier line's
    worth = [unit.amount * count for unit, count in parts]
    saving = max(0, sum(worth) - price)
    for (unit, count), taken in zip(parts, split(saving, worth, worth), strict=True):
        if taken:
            grant.lines[unit.line] = grant.lines.get(unit.line, 0) + taken * bundles
            picks = grant.picks.setdefault(unit.line, {})
            picks[unit.run] = picks.get(unit.run, 0) + count * bundles
            grant.bases[unit.line] = grant.bases.get(unit.line, 0) + unit.amount * count * bundles
