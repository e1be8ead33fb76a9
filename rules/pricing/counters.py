"""The arithmetic of counters: uses, units of an own stock, money of a budget.

Placing an order does this with one conditional statement in its transaction; these functions say
what that statement must mean, and stand in for it where orders are only played through.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Counter:
    """So much of so much; without a limit, any amount."""

    used: int = 0
    limit: int | None = None

    @property
    def left(self) -> int | None:
        """What may still be taken; None: anything."""
        return None if self.limit is None else max(0, self.limit - self.used)


def take(counter: Counter, count: int) -> Counter | None:
    """Return a counter with so much more used; None, and nothing used, when that is too much."""
    left = counter.left
    if count < 0 or (left is not None and count > left):
        return None
    return replace(counter, used=counter.used + count)


def give_back(counter: Counter, count: int) -> Counter:
    """Return a counter with so much less used, never less than nothing."""
    return replace(counter, used=max(0, counter.used - max(0, count)))


def spend(counter: Counter, amount: int, *, refuse: bool = False) -> tuple[Counter, int]:
    """Return a budget with money taken from it, and how much that was.

    Args:
        counter: the budget.
        amount: what is wanted.
        refuse: take nothing at all when not everything is there.

    """
    left = counter.left
    granted = amount if left is None or amount <= left else 0 if refuse else left
    return replace(counter, used=counter.used + granted), granted
