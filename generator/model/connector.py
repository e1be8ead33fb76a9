"""Connectors and webhooks: what is asked of other systems, and what they tell us.

A connector names addresses and credentials and never holds one: an administrator enters them, and
they are kept encrypted in the database. How its operations travel is the affair of its type, a word
of the family `connectors`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from generator.model.entity import Field
from generator.model.text import Label, Span

KEY = "key"
"""The input of an operation that asks what became of another: the key of that call."""

DONE, REFUSED = "done", "refused"


@dataclass(frozen=True)
class Retry:
    """How often, and how long after each other, a call without an answer is made; in seconds."""

    most: int
    first: int
    cap: int
    doubles: bool
    give_up_on: tuple[str, ...] = ()
    """Codes that are refusals for good, though the provider does not say so."""

    def pause(self, attempts: int) -> int:
        """Return the seconds to wait after so many attempts."""
        if not self.doubles:
            return self.first
        doublings: int = 2 ** min(max(attempts - 1, 0), 20)
        return min(self.first * doublings, self.cap)


@dataclass(frozen=True)
class Breaker:
    """After so many failures in a row nothing is asked for a while; in seconds."""

    failures: int
    pause: int


@dataclass(frozen=True)
class Setting:
    """Something an administrator enters, such as a password."""

    name: str
    label: Label


@dataclass(frozen=True)
class Operation:
    """One thing that can be asked, with the types of what goes in and what comes out."""

    name: str
    label: Label
    input: Mapping[str, Field]
    output: Mapping[str, Field]
    status: str
    """The operation that says by its key what became of it; empty where none does."""
    repeatable: bool
    """Asked twice with one key, the provider does it once."""
    timeout: int
    """Seconds."""
    retry: Retry
    tells: str
    """The type of the event that the simulator sends after it; empty for none."""
    given: Mapping[str, Any]
    """What the connector's type wants to know."""
    span: Span


@dataclass(frozen=True)
class Play:
    """What the simulator does instead of succeeding."""

    play: str
    operation: str
    """Empty for every operation."""
    when: Mapping[str, str]
    """By input: a pattern with `*` and `?` that its text must have."""
    code: str
    seconds: int


@dataclass(frozen=True)
class Connector:
    """Another system and what can be asked of it."""

    name: str
    label: Label
    help: Label | None
    type: str
    """A word of the family `connectors`."""
    settings: Mapping[str, Setting]
    operations: Mapping[str, Operation]
    breaker: Breaker
    plays: tuple[Play, ...]
    given: Mapping[str, Any]
    """What the connector's type wants to know of the whole."""
    span: Span


@dataclass(frozen=True)
class Pick:
    """A value of an event or an answer: where it stands, and what a number is multiplied by."""

    path: tuple[str, ...]
    factor: Decimal | None = None


@dataclass(frozen=True)
class Verification:
    """How an event proves where it comes from: a keyed hash of its very bytes and its time."""

    secret: str
    """The setting of the connector that holds the shared secret."""
    header: str
    form: str
    """How the header is written, such as `t={timestamp},v1={signature}`."""
    signed: str
    """What was signed, such as `{timestamp}.{body}`."""
    algorithm: str
    encoding: str
    timestamp: str
    """The header of the time, where it stands in one of its own."""
    tolerance: int
    """Seconds that an event may be old; 0: it carries no time."""


@dataclass(frozen=True)
class Handling:
    """What one type of event does: create, update or move a record, or answer a call."""

    event: str
    entity: str
    find: Mapping[str, Pick]
    """By field: how the record is found."""
    create: Mapping[str, Pick]
    update: Mapping[str, Pick]
    transition: tuple[str, str] | None
    input: Mapping[str, Pick]
    """Answers to the questions of the transition."""
    role: str
    """In whose name it creates or updates."""
    answers: Pick | None
    """Where the key of the call stands that the event answers."""
    outcome: str
    """Of an answered call: done or refused."""
    output: Mapping[str, Pick]
    span: Span

    @property
    def deed(self) -> str:
        """Return create, update, transition or answer."""
        if self.answers is not None:
            return "answer"
        if self.transition is not None:
            return "transition"
        return "create" if self.create else "update"


@dataclass(frozen=True)
class Webhook:
    """An address at which another system tells us what happened."""

    name: str
    label: Label
    connector: str
    path: str
    verify: Verification
    largest: int
    """Bytes."""
    id: Pick
    """Where an event's own id stands: one that came before does nothing."""
    type: Pick
    events: Mapping[str, Handling] = field(default_factory=dict)
    span: Span | None = None
