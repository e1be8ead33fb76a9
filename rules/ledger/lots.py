"""Which lots an entry takes from: what expires first goes first, and what has expired stays.

Comes in: the lots of one balance as they are while it is locked. Goes out: what to take from each,
or the `Blocker` that says how much there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rules.blockers import Blocker, both

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Lot:
    """What is left of one arrival; ids sort by the time of it."""

    id: str
    quantity: int
    remaining: int
    expires_at: datetime | None
    code: str = ""


@dataclass(frozen=True)
class Draw:
    """What an entry puts into a lot (greater than 0) or takes out of it."""

    lot: Lot
    quantity: int


def take(lots: Sequence[Lot], quantity: int, now: datetime) -> tuple[Draw, ...] | Blocker:
    """Return what to take, the next to expire first, then the oldest."""
    usable = [one for one in lots if one.remaining > 0 and not is_over(one, now)]
    usable.sort(key=lambda one: (one.expires_at or NEVER, one.id))
    left, found = quantity, []
    for one in usable:
        if left == 0:
            break
        part = min(left, one.remaining)
        found.append(Draw(one, -part))
        left -= part
    if left:
        have = quantity - left
        message = both("Not enough is left that has not expired.", "未过期的数量不足。")
        return Blocker("LOTS_SHORT", message, {"have": have, "need": quantity})
    return tuple(found)


def take_back(draws: Sequence[Draw]) -> tuple[Draw, ...] | Blocker:
    """Return what undoes the draws of an entry: the same lots, each as it was."""
    back = tuple(Draw(one.lot, -one.quantity) for one in draws)
    for one in back:
        if not 0 <= one.lot.remaining + one.quantity <= one.lot.quantity:
            message = both("What came in was used meanwhile.", "该批次已被使用。")
            params = {"have": one.lot.remaining, "need": -one.quantity}
            return Blocker("LOT_USED", message, params)
    return back


def is_over(lot: Lot, now: datetime) -> bool:
    """Return whether a lot has expired."""
    return lot.expires_at is not None and lot.expires_at <= now
