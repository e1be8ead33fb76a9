"""What a post is for, what became of it, and how a ledger says no."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rules.blockers import Blocker
from rules.ledger.entries import Entry


@dataclass(frozen=True)
class Cause:
    """What a post happens for: a record, and who asks."""

    entity: str = ""
    record_id: str = ""
    title: str = ""
    reason: str = ""
    actor_id: int = 0


@dataclass(frozen=True)
class Posted:
    """What became of one entry."""

    id: str
    entry: Entry
    balance: str
    version: int = 0
    after: Mapping[str, int] = field(default_factory=dict)
    """Every number of the balance."""
    replayed: bool = False
    """It was written before, under the same key."""


class Refused(Exception):
    """A ledger says no; nothing of the transaction may stay."""

    def __init__(self, blockers: tuple[Blocker, ...], entry: Entry | None = None) -> None:
        super().__init__(", ".join(one.code for one in blockers))
        self.blockers, self.entry = blockers, entry
