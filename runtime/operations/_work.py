"""A save in the making: the transaction with its circumstances, and each record on its way.

`Work` is one transaction, `Draft` one record of it with its children. Both live as long as the
transaction does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from generator.build.needs import Needs
from generator.model.entity import Entity, Field
from rules.pricing.rows import Composed
from runtime.errors import FieldError, Invalid
from runtime.messages import Incoming
from runtime.runtime import Runtime

Facts = dict[str, Any]
"""A record: stored values by field; behind a walked reference, a mapping of its own."""


@dataclass
class Work:
    """One save in the making; it lives as long as its transaction."""

    connection: sa.Connection
    runtime: Runtime
    incoming: Incoming
    now: datetime
    context: Mapping[str, Any]
    errors: list[FieldError] = field(default_factory=list)
    saved: Draft | None = None
    """The one record that was written, complete: its answer need not be read back."""
    written: list[Draft] = field(default_factory=list)
    """Every record that was written and is not settled yet, in order."""
    told: dict[str, Any] = field(default_factory=dict)
    """What an answer says beside the record; one that is given again says it again."""
    fires: bool = False
    """A transition is on its way: what its definition reads is looked up, and as the system."""
    depth: int = 0
    """So deep transitions of records have fired those of others."""

    @property
    def needs(self) -> Mapping[str, Needs]:
        """What is looked up and computed, by entity."""
        return self.runtime.firing_needs if self.fires else self.runtime.needs

    @property
    def actor_id(self) -> int:
        """Who is written into created_by and updated_by."""
        return self.incoming.actor.id if self.incoming.actor else 0

    def fail_if_wrong(self) -> None:
        """Refuse the save when anything was found wrong.

        Raises:
            Invalid: with every error found so far.

        """
        if self.errors:
            raise Invalid(self.errors[0].message, tuple(self.errors))


@dataclass
class Draft:
    """A record on its way into the database."""

    entity: Entity
    facts: Facts
    """Stored values by field; children stay outside, in `children`."""
    before: Mapping[str, Any] | None
    """The stored row as it is now; None for a new record."""
    place: str = ""
    """The path of this record in the payload, such as `lines.2`; empty for the record itself."""
    children: dict[str, list[Draft]] = field(default_factory=dict)
    removed: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    linked: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Many-to-many fields that the payload sets: the ids in order."""
    was_linked: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What those fields hold now, for the audit."""
    sent: frozenset[str] = frozenset()
    """The fields that the caller means to change; the writer's rights are asked for them."""
    given: frozenset[str] = frozenset()
    """The fields that the caller names, changed or not."""
    unseen: frozenset[str] = frozenset()
    """Of these, the ones whose stored value the caller does not see: they count as changed."""
    unread: frozenset[str] = frozenset()
    """Parts that were not read: the formulas over them stay as they are stored."""
    late: list[Field] = field(default_factory=list)
    """Fields whose default lies behind a reference; they wait until it is looked up."""
    offer: Composed | None = None
    """The promotion that this record is, once its values are known."""

    @property
    def is_new(self) -> bool:
        """Whether the record does not exist yet."""
        return self.before is None

    def at(self, name: str) -> str:
        """Return the path of a field of this record in the payload."""
        return f"{self.place}.{name}" if self.place else name

    def everyone(self) -> Iterable[Draft]:
        """Yield the record and its children, the children first."""
        for drafts in self.children.values():
            for draft in drafts:
                yield from draft.everyone()
        yield self
