"""Where the prices that an item had are kept: `history:` of the priced item."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field


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
    first_step: bool = False
    """Whether it looks back from the first step of a running reduction, not from its latest."""
    channels: frozenset[str] | None = None
    """The channels in which buyers are told; None: in all."""
    exclude: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Facet → the values of items of which buyers are not told."""

    def tells(self, channel: str, labels: Mapping[str, Collection[str]]) -> bool:
        """Return whether buyers in a channel are told of an item with these labels."""
        if self.channels is not None and channel not in self.channels:
            return False
        return not any(
            values.intersection(labels.get(facet, ())) for facet, values in self.exclude.items()
        )
