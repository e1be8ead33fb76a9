"""Semantics 4.3, 4.5 and 4.6 read a second time, slowly and with no line of the engine's code.

Comes in: a vector of the neutral format with amounts and percents off lines or the whole, in two
lanes. Goes out: what is taken off each line, in cents. It goes over every unit and every fraction,
so that it can be held beside the text; what it does not know it must not be asked.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

Vector = Mapping[str, Any]


def cents(written: Any) -> int:
    """Return an amount of two decimals."""
    return int(Fraction(str(written)) * 100)


def half_up(value: Fraction) -> int:
    """Return the nearest whole number, the upper one of two."""
    return math.floor(value + Fraction(1, 2))


def split(amount: int, weights: Sequence[int], rooms: Sequence[int]) -> list[int]:
    """Share an amount by weights; nobody gets more than there is room for (4.6)."""
    got, left = [0] * len(weights), amount
    open_ = [at for at, weight in enumerate(weights) if weight > 0 and rooms[at] > 0]
    while left > 0 and open_:
        whole = sum(weights[at] for at in open_)
        exact = {at: Fraction(left * weights[at], whole) for at in open_}
        give = {at: math.floor(exact[at]) for at in open_}
        rest = left - sum(give.values())
        for at in sorted(open_, key=lambda at: (give[at] - exact[at], at))[:rest]:
            give[at] += 1
        for at in open_:
            taken = min(give[at], rooms[at] - got[at])
            got[at] += taken
            left -= taken
        still = [at for at in open_ if got[at] < rooms[at]]
        if len(still) == len(open_):
            break
        open_ = still
    return got


def taken_off(vector: Vector) -> list[int]:
    """Return what promotions take off each line."""
    sheet = _Sheet(vector["cart"]["lines"])
    for target in ("lines", "order"):
        sheet.start = list(sheet.now)
        lane = [one for one in vector["promotions"] if one["scope"]["target"] == target]
        for one in sorted(lane, key=lambda one: (-one["priority"], one["id"])):
            if all(sheet.holds(condition) for condition in one["conditions"]):
                sheet.apply(one)
    return [before - after for before, after in zip(sheet.listed, sheet.now, strict=True)]


class _Sheet:
    """What each line costs: at first, as a lane began, and now."""

    def __init__(self, lines: Sequence[Vector]) -> None:
        self.lines = lines
        self.count = [int(line["qty"]) for line in lines]
        self.listed = [cents(one["unit_price"]) * one["qty"] for one in lines]
        self.floor = [cents(one.get("min_unit_price", 0)) * one["qty"] for one in lines]
        self.now, self.start = list(self.listed), list(self.listed)

    def base(self, name: str) -> list[int]:
        return {"list": self.listed, "lane_start": self.start}.get(name, self.now)

    def room(self, at: int) -> int:
        return max(0, self.now[at] - self.floor[at])

    def holds(self, condition: Vector) -> bool:
        if condition["type"] == "quantity":
            return sum(self.count) >= int(condition["value"])
        return sum(self.base(condition.get("base", ""))) >= cents(condition["value"])

    def apply(self, one: Vector) -> None:
        action, include = one["action"], one["scope"].get("include")
        chosen = [
            at
            for at, line in enumerate(self.lines)
            if not include or line["category"] in include["category"]
        ]
        alone = action.get("apply") in ("each_line", "each_unit")
        for at, amount in (self.each if alone else self.together)(action, chosen).items():
            self.now[at] -= amount

    def each(self, action: Vector, chosen: Sequence[int]) -> dict[int, int]:
        """Return what is taken off each line by itself, cut by a cap over all of them."""
        amounts, found = self.base(action.get("base", "")), {}
        for at in chosen:
            units = min(action.get("max_units", self.count[at]), self.count[at])
            if action["type"] == "percent_off":
                part = Fraction(amounts[at] * units, self.count[at])
                wanted = half_up(part * Fraction(action["value"]) / 100)
            else:
                value = cents(action["value"])
                wanted = value * units if action["apply"] == "each_unit" else value
                wanted = min(wanted, self.now[at] * units // self.count[at])
            found[at] = min(wanted, self.room(at))
        cap = cents(action["cap"]) if "cap" in action else sum(found.values())
        if sum(found.values()) > cap:
            shares = list(found.values())
            found = dict(zip(found, split(cap, shares, shares), strict=True))
        return found

    def together(self, action: Vector, chosen: Sequence[int]) -> dict[int, int]:
        """Return the shares of one amount, which a cap cuts before it is split."""
        weights = [self.base(action.get("base", ""))[at] for at in chosen]
        rooms = [self.room(at) for at in chosen]
        amount = min(self._amount(action, chosen, sum(weights)), sum(rooms))
        if "cap" in action:
            amount = min(amount, cents(action["cap"]))
        return dict(zip(chosen, split(amount, weights, rooms), strict=True))

    def _amount(self, action: Vector, chosen: Sequence[int], whole: int) -> int:
        match action["type"]:
            case "percent_off":
                return half_up(whole * Fraction(action["value"]) / 100)
            case "amount_off":
                return cents(action["value"])
            case "every_amount_off":
                times = sum(self.now[at] for at in chosen) // cents(action["every"])
                return min(times, action.get("max_times", times)) * cents(action["value"])
        over = range(len(self.lines)) if action["measure_over"] == "order" else chosen
        counted = action["measure"] == "quantity"
        have = sum(self.count[at] if counted else self.now[at] for at in over)
        found = 0
        for step in action["steps"]:
            if have >= (int(step["from"]) if counted else cents(step["from"])):
                percent = Fraction(step["percent"]) / 100 if "percent" in step else None
                found = cents(step["amount"]) if percent is None else half_up(whole * percent)
        return found
