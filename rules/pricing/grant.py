"""What one action would take off: shares by line and shipment, and which units they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rules.pricing.result import Extra, Miss, Offer


@dataclass(slots=True)
class Grant:
    """Filled by an action, cut by `clamp.py`, booked by the desk; nobody keeps it after that."""

    lines: dict[int, int] = field(default_factory=dict)
    """Line → amount."""
    ships: dict[int, int] = field(default_factory=dict)
    picks: dict[int, dict[int, int]] = field(default_factory=dict)
    """Line → run → how many of its units it is taken off, where it is not the whole line."""
    used: dict[int, dict[int, int]] = field(default_factory=dict)
    """Line → run → further units used up for the exchanges of this lane; 0 marks only `picks`."""
    sold: dict[str, int] = field(default_factory=dict)
    """Item → units of the promotion's own stock."""
    extras: Sequence[Extra] = ()
    offers: Sequence[Offer] = ()
    deposits: dict[int, int] = field(default_factory=dict)
    """Line → what is paid ahead for all its units."""
    bases: dict[int, int] = field(default_factory=dict)
    """Line or shipment → the amount the share was taken from, for the trace."""
    spread: bool = False
    """One amount was shared by the lines, weighed by `bases`: less of it is shared likewise."""
    computed: int = 0
    """What it came to before floors, caps and budgets."""
    cut_by: str = ""
    """What cut it: floor, cap, budget."""
    short: tuple[int, int] = (0, 1)
    """What there is of something with a stock, and what it would take."""
    miss: Miss | None = None
    """What it would take for the action to do anything, where that can be said."""

    summed: int | None = None
    """What it comes to, once nothing of it changes any more; it is asked for often."""

    @property
    def total(self) -> int:
        """Return everything that is taken off."""
        if self.summed is not None:
            return self.summed
        goods = sum(self.lines.values())
        return goods + sum(self.ships.values()) if self.ships else goods

    @property
    def is_something(self) -> bool:
        """Return whether it changes anything for whoever buys."""
        return bool(self.total or self.extras or self.offers or self.deposits)
