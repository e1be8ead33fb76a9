"""What two rule sets make of the same carts, added up one cart at a time.

Comes in: for each cart both results and what its goods cost the shop. Goes out: sums, uses, floors
that were reached, promotions that met, a course of days and the greatest differences. Nothing is
kept of a cart but that, so that a hundred thousand of them take no more memory than a hundred.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations
from typing import Any

from rules.pricing.result import Result

LARGEST = 10
MOST_PAIRS = 20
MOST_POINTS = 40
"""A course has at most so many points; days are put together until it does."""
SIDES = ("left", "right")


@dataclass(slots=True)
class Sums:
    """One rule set over all carts; amounts in smallest units."""

    goods: int = 0
    """Before any promotion."""
    off: int = 0
    delivery_off: int = 0
    total: int = 0
    paid_known: int = 0
    """What was paid for goods of which somebody knows the cost."""
    cost: int = 0
    """What those cost the shop; gifts included."""
    reduced: int = 0
    """Carts that got anything."""

    @property
    def margin(self) -> int:
        return self.paid_known - self.cost


@dataclass(slots=True)
class Uses:
    """One promotion in one rule set."""

    carts: int = 0
    off: int = 0
    floors: int = 0
    """Carts in which it was cut because something may not cost less."""


@dataclass(slots=True)
class Tally:
    """The sums so far."""

    carts: int = 0
    changed: int = 0
    unknown_cost: int = 0
    """Lines of which nobody knows the cost; they are in no margin."""
    sums: tuple[Sums, Sums] = field(default_factory=lambda: (Sums(), Sums()))
    uses: dict[str, tuple[Uses, Uses]] = field(default_factory=dict)
    pairs: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    days: dict[date, list[int]] = field(default_factory=dict)
    largest: list[tuple[int, int, str, int, int]] = field(default_factory=list)
    """A heap: how large, the earlier the greater, the record, its totals."""

    def add(
        self, record: str, day: date, costs: Mapping[str, int], left: Result, right: Result
    ) -> None:
        """Take one cart in.

        Args:
            record: what it is called.
            day: when it was bought.
            costs: by line or given item: what one unit costs the shop, where that is known.
            left: what one rule set makes of it.
            right: what the other does.

        """
        self.carts += 1
        self.unknown_cost += sum(1 for line in left.lines if line.id not in costs)
        course = self.days.setdefault(day, [0, 0, 0])
        course[0] += 1
        for at, result in enumerate((left, right)):
            self._side(at, result, costs)
            course[at + 1] += result.totals.off + result.totals.shipping_off
        before, after = left.totals.total, right.totals.total
        if before != after or left.extras != right.extras:
            self.changed += 1
        if before != after:
            entry = (abs(after - before), -self.carts, record, before, after)
            put = heapq.heappush if len(self.largest) < LARGEST else heapq.heappushpop
            put(self.largest, entry)

    def _side(self, at: int, result: Result, costs: Mapping[str, int]) -> None:
        sums, totals = self.sums[at], result.totals
        sums.goods += totals.goods
        sums.off += totals.off
        sums.delivery_off += totals.shipping_off
        sums.total += totals.total
        for line in result.lines:
            if line.id in costs:
                sums.paid_known += line.paid
                sums.cost += costs[line.id]
        for extra in result.extras:
            sums.paid_known += extra.charged
            sums.cost += costs.get(extra.item, extra.worth) * extra.quantity
        applied = result.applied
        sums.reduced += bool(applied)
        self._promotions(at, result, applied)
        for pair in combinations(sorted(applied), 2):
            self.pairs.setdefault(pair, [0, 0])[at] += 1

    def _promotions(self, at: int, result: Result, applied: tuple[str, ...]) -> None:
        for name in applied:
            self.uses.setdefault(name, (Uses(), Uses()))[at].carts += 1
        floored = set()
        for step in result.trace:
            if step.verdict == "applied":
                self.uses[step.promotion][at].off += step.granted
            if step.by == "floor" and step.verdict in ("applied", "nothing_left"):
                floored.add(step.promotion)
        for name in floored:
            self.uses.setdefault(name, (Uses(), Uses()))[at].floors += 1

    def as_json(self) -> dict[str, Any]:
        """Return the whole as plain values; amounts in smallest units."""
        pairs = sorted(self.pairs.items(), key=lambda one: (-max(one[1]), one[0]))
        return {
            "carts": self.carts,
            "changed": self.changed,
            "unknown_cost": self.unknown_cost,
            **{name: _told(sums) for name, sums in zip(SIDES, self.sums, strict=True)},
            "promotions": [
                {
                    "promotion": name,
                    **{
                        side: {"carts": one.carts, "off": one.off, "floors": one.floors}
                        for side, one in zip(SIDES, both, strict=True)
                    },
                }
                for name, both in sorted(self.uses.items())
            ],
            "pairs": [
                {"promotions": list(names), "left": both[0], "right": both[1]}
                for names, both in pairs[:MOST_PAIRS]
            ],
            "largest": [
                {"record": record, "left": before, "right": after}
                for _, _, record, before, after in sorted(self.largest, reverse=True)
            ],
            "course": list(self._course()),
        }

    def _course(self) -> Iterator[dict[str, Any]]:
        """Yield stretches of days of the same length, those without a cart included."""
        if not self.days:
            return
        first, last = min(self.days), max(self.days)
        step = -(-((last - first).days + 1) // MOST_POINTS)
        points: dict[int, list[int]] = {}
        for day, counts in self.days.items():
            point = points.setdefault((day - first).days // step, [0, 0, 0])
            for at, count in enumerate(counts):
                point[at] += count
        for at in range((last - first).days // step + 1):
            carts, left, right = points.get(at, (0, 0, 0))
            begins = date.fromordinal(first.toordinal() + at * step)
            yield {"from": begins.isoformat(), "days": step, "carts": carts, "left": left,
                   "right": right}  # fmt: skip


def _told(sums: Sums) -> dict[str, int]:
    return {
        "goods": sums.goods,
        "off": sums.off,
        "delivery_off": sums.delivery_off,
        "total": sums.total,
        "paid_known": sums.paid_known,
        "cost": sums.cost,
        "margin": sums.margin,
        "reduced": sums.reduced,
    }
