"""Where the prices that an item had are kept: `history:` of the priced item."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PriceHistory:
    """The parts of an item that are its prices so far, and what is told of them."""

    into: str
    """The field of parts; the fields below are theirs."""
    entity: str
    at: str
    price: str
    original: str = ""
    """The list price that it was a reduction of."""
    lowest: str = ""
    """A field of the item: the lowest price before the reduction that stands."""
    days: int = 30
    """How far that looks back."""
