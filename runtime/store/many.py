"""Which questions were answered with "more than we count" a moment ago.

Comes in: the form of a plan and its values. Only "many" is remembered, never a number, and only
for seconds: a list that shrinks below the cap says "more than 1 000" so much longer, no more.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Mapping
from typing import Any

SECONDS = 10.0
KEPT = 2000


class Many:
    """A bounded memory of questions; threads share it."""

    def __init__(self) -> None:
        self._until: dict[Hashable, float] = {}

    def has(self, shape: Hashable, values: Mapping[str, Any]) -> bool:
        """Return whether many matched a moment ago."""
        return self._until.get(_key(shape, values), 0.0) > time.monotonic()

    def add(self, shape: Hashable, values: Mapping[str, Any]) -> None:
        """Remember that many match."""
        if len(self._until) >= KEPT:
            self._until = {}
        self._until[_key(shape, values)] = time.monotonic() + SECONDS


def _key(shape: Hashable, values: Mapping[str, Any]) -> Hashable:
    return (shape, repr(values))
