"""What was worked out once and is wanted again: calls and plans, by what decides them.

It is bounded: a client that invents ever new queries empties it now and then, and costs itself
the time that others save. Threads share it; two that meet make the same thing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")
KEPT = 5000


class Memory:
    """A bounded mapping from what decides something to the thing."""

    def __init__(self, most: int = KEPT) -> None:
        self._most = most
        self._found: dict[Hashable, Any] = {}

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what is remembered under a key, made now if there is nothing."""
        found: T | None = self._found.get(key)
        if found is None:
            found = make()
            if len(self._found) >= self._most:
                self._found = {}
            self._found[key] = found
        return found
