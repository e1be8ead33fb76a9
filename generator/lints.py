"""What a word of the family `lints` is: one thing that makes a promotion other than it was meant.

The words are files of `rules/lints/`, because only the rules know what conditions and actions mean;
generator knows only this class. A lint sees all promotions at once, so that pairs can be told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from generator.kinds import Catalog, Kind
from generator.model.pricing import Pricing, Promotion


@dataclass(frozen=True)
class Finding:
    """One thing about one promotion."""

    code: str
    """As in `CODES`."""
    promotion: str
    path: tuple[str | int, ...]
    """Which key of it: ("then", 0, "steps", 1)."""
    message: str
    hint: str
    severity: str = "warning"


@dataclass(frozen=True)
class Offered:
    """What is looked at: every promotion of the shop, and its vocabulary."""

    promotions: Sequence[Promotion]
    pricing: Pricing
    conditions: Catalog[Any]
    actions: Catalog[Any]


class Lint(Kind):
    """One thing to warn of."""

    def find(self, offered: Offered) -> Iterator[Finding]:
        """Yield what is wrong, or is likely to surprise."""
        raise NotImplementedError
