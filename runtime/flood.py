"""How many denials of one kind a person left in the log lately: a flood is counted, not written.

The first ones of a minute are rows; what follows is a number that the next row tells. So a program
that asks for a million records it may not see neither fills the disk nor hides what it does.
"""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime
from threading import Lock

A_MINUTE = 50
"""Rows of one kind from one person in a minute."""
MOST = 10_000
"""Kinds remembered; the oldest go first."""


class Flood:
    """Counts for one process."""

    def __init__(self) -> None:
        self._counts: dict[Hashable, tuple[int, int, int]] = {}
        """Key → minute, rows in it, denials left out since the last row."""
        self._lock = Lock()

    def take(self, key: Hashable, now: datetime) -> int | None:
        """Return how many were left out before this one, or None when it is left out itself."""
        minute = int(now.timestamp()) // 60
        with self._lock:
            last, rows, left = self._counts.pop(key, (minute, 0, 0))
            if last != minute:
                rows = 0
            full = rows >= A_MINUTE
            self._counts[key] = (minute, rows, left + 1) if full else (minute, rows + 1, 0)
            if len(self._counts) > MOST:
                self._counts.pop(next(iter(self._counts)))
        return None if full else left

    def count(self, key: Hashable, now: datetime) -> int:
        """Return how many of a kind there were in this minute, this one included."""
        minute = int(now.timestamp()) // 60
        with self._lock:
            last, many, _ = self._counts.pop(key, (minute, 0, 0))
            many = many + 1 if last == minute else 1
            self._counts[key] = (minute, many, 0)
            if len(self._counts) > MOST:
                self._counts.pop(next(iter(self._counts)))
        return many
