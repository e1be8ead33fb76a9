"""What a rule asks to be done: a closed set of values that the runtime carries out.

A rule never does anything itself. The runtime carries commands out in their order and in one
transaction; those of `AFTER_COMMIT` become rows of the outbox in that transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from generator.model.text import Label


@dataclass(frozen=True)
class SetField:
    """Write a field of the record; the value in its stored form."""

    field: str
    value: Any


@dataclass(frozen=True)
class IssueNumber:
    """Give a field of the record the next number of its sequence, unless it has one."""

    field: str


@dataclass(frozen=True)
class SetState:
    """Write the state column: the one place that does."""

    workflow: str
    field: str
    before: str
    after: str


@dataclass(frozen=True)
class WriteLog:
    """A row of the workflow's log."""

    workflow: str
    transition: str
    before: str
    after: str
    cause: str = ""
    """The key of the step that made this one happen; empty for the one that was asked for."""


@dataclass(frozen=True)
class CreateRecord:
    """Make a record of another entity, values in their stored form."""

    entity: str
    values: Mapping[str, Any]
    draw: Mapping[str, str] = field(default_factory=dict)
    """By field: the pattern of a code that is drawn by chance."""


@dataclass(frozen=True)
class Reprice:
    """Give a placed record other lines, at the prices of its own rules."""

    changes: Any
    """What is another: a list of {item or line, quantity}."""
    seen: str
    """The mark of the prices that whoever asks has seen."""
    today: bool
    """The rules and prices of now count, and not those it was placed with."""
    name: str = "input"
    """The answer that said what is another, for what is wrong with it."""


@dataclass(frozen=True)
class Post:
    """Post to a ledger; a no undoes everything."""

    ledger: str
    kind: str
    key: tuple[str, ...]
    """The ids of the records the balance belongs to; an empty one is a refusal."""
    quantity: int | None
    """In its stored form; None is a refusal."""
    post_key: str
    most: Mapping[str, int] = field(default_factory=dict)
    """By bucket: what it may not exceed afterwards."""
    says: tuple[str, Label] | None = None
    """The code and the words of a refusal because of that."""


@dataclass(frozen=True)
class TakeBack:
    """Take back what the record posted of one kind."""

    ledger: str
    kind: str


@dataclass(frozen=True)
class TakeAgain:
    """Post again what the record posted of one kind and what was taken back; a no undoes all."""

    ledger: str
    kind: str


@dataclass(frozen=True)
class Hold:
    """Set a quantity of a ledger aside for the record; a no undoes everything."""

    ledger: str
    key: tuple[str, ...]
    quantity: int | None
    """In its stored form; None is a refusal."""
    post_key: str
    seconds: int | None
    """For how long; the ledger's own length if None."""


@dataclass(frozen=True)
class Settle:
    """Use everything that the record holds of a ledger, or give it back."""

    ledger: str
    uses: bool


@dataclass(frozen=True)
class Fire:
    """Fire a transition of another workflow of the record when this one is complete."""

    workflow: str
    transition: str
    optional: bool = False
    """A refusal is noted and stops nothing."""


@dataclass(frozen=True)
class FireOther:
    """Fire a transition of the records at the end of a path, once this record is written."""

    entity: str
    """Of what."""
    path: tuple[str, ...]
    """References that are followed from the record, and lists of children."""
    workflow: str
    transition: str
    optional: bool = False
    """A refusal is noted and stops nothing."""
    input: Mapping[str, Any] = field(default_factory=dict)
    """The answers to what the transition asks, in their stored form."""


@dataclass(frozen=True)
class OpenTask:
    """Ask people of some roles to do something."""

    name: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Notify:
    """Tell people of some roles that something happened."""

    name: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Enqueue:
    """Run a job with these values."""

    job: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """Ask a connector, at least once, always with the same key."""

    operation: str
    key: str
    values: Mapping[str, Any]
    on_success: tuple[str, str] | None
    on_failure: tuple[str, str] | None
    undo: str
    """The operation that takes it back; empty where a person must."""


@dataclass(frozen=True)
class ArmTimer:
    """Fire a transition by itself at a moment (UTC)."""

    workflow: str
    transition: str
    due: datetime


@dataclass(frozen=True)
class CloseState:
    """Cancel the timers and close the tasks of the state that is left."""

    workflow: str
    state: str


@dataclass(frozen=True)
class SkippedCascade:
    """Note that an optional transition was refused."""

    workflow: str
    transition: str
    code: str


Command = (
    SetField
    | IssueNumber
    | SetState
    | WriteLog
    | CreateRecord
    | Reprice
    | Post
    | TakeBack
    | TakeAgain
    | Hold
    | Settle
    | Fire
    | FireOther
    | OpenTask
    | Notify
    | Enqueue
    | Call
    | ArmTimer
    | CloseState
    | SkippedCascade
)

OfLedger = Post | TakeBack | TakeAgain | Hold | Settle
"""What ledgers carry out, after the record was written."""

AFTER_COMMIT = (Notify, Enqueue, Call)
"""Commands that become rows of the outbox."""
