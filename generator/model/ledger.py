"""A ledger: balances in named buckets, changed by entries of declared kinds and by nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from generator.model.text import Label, Span

if TYPE_CHECKING:
    from generator.expressions.compile import Expression

POST = "post"
"""The action of the matrix that lets somebody post."""

OPEN, USED, RELEASED, EXPIRED = "open", "used", "released", "expired"
STATES = (OPEN, USED, RELEASED, EXPIRED)
"""What can become of a hold."""

Vector = Mapping[str, int]
"""By bucket: 1 or -1, what a quantity of one does to it."""


@dataclass(frozen=True)
class Movement:
    """One kind of entry."""

    name: str
    label: Label
    span: Span
    move: Vector
    """What it does to a balance; of a transfer, to the one that gives."""
    arrives: Vector
    """Of a transfer: what it does to the balance that takes; else empty."""
    signed: bool = False
    reason: bool = False

    @property
    def is_transfer(self) -> bool:
        """Whether it moves a quantity from one key to another."""
        return bool(self.arrives)


@dataclass(frozen=True)
class Guard:
    """A condition on the balance as it would be after an entry."""

    that: Expression
    kinds: tuple[str, ...]
    """The kinds it stops; `-kind` is the reversal of one."""
    code: str
    message: Label
    span: Span


@dataclass(frozen=True)
class Holds:
    """Quantities set aside for a time: where they stand, and the kinds that move them."""

    bucket: str
    hold: str
    commit: str
    release: str
    seconds: int | None
    """How long one lasts unless whoever holds says otherwise; None for ever."""

    @property
    def kinds(self) -> tuple[str, str, str]:
        """The kinds that only a hold posts."""
        return (self.hold, self.commit, self.release)


@dataclass(frozen=True)
class Lots:
    """A bucket that consists of lots, which go out in the order in which they expire."""

    bucket: str
    expire: str
    """The kind that takes out what has expired; empty when nothing does."""
    seconds: int | None
    """How long a lot lasts unless whoever posts says otherwise; None for ever."""


@dataclass(frozen=True)
class Ledger:
    """One counter under everything that is counted."""

    name: str
    label: Label
    span: Span
    key: Mapping[str, str]
    """By name: the entity of each record that a balance belongs to, in the order of the file; '' of
    a key that is a text."""
    buckets: tuple[str, ...]
    formulas: Mapping[str, Expression]
    kinds: Mapping[str, Movement]
    guards: tuple[Guard, ...] = ()
    holds: Holds | None = None
    lots: Lots | None = None

    @property
    def entries(self) -> str:
        """The entity of its entries."""
        return entries_of(self.name)

    @property
    def held(self) -> str:
        """The entity of its holds."""
        return holds_of(self.name)

    @property
    def lot(self) -> str:
        """The entity of its lots."""
        return lots_of(self.name)

    @property
    def draws(self) -> str:
        """The entity of what entries put into lots and took out of them."""
        return draws_of(self.name)

    def guards_of(self, kind: str, *, reversal: bool = False) -> tuple[Guard, ...]:
        """Return the guards that a kind must pass, or the reversal of one."""
        name = f"-{kind}" if reversal else kind
        return tuple(guard for guard in self.guards if name in guard.kinds)


def entries_of(ledger: str) -> str:
    """Return the name of the entity of a ledger's entries."""
    return f"{ledger}_entry"


def holds_of(ledger: str) -> str:
    """Return the name of the entity of a ledger's holds."""
    return f"{ledger}_hold"


def lots_of(ledger: str) -> str:
    """Return the name of the entity of a ledger's lots."""
    return f"{ledger}_lot"


def draws_of(ledger: str) -> str:
    """Return the name of the entity of what entries put into lots and took out of them."""
    return f"{ledger}_draw"
