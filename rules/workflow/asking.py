"""What the firing algorithm is asked and what it answers: plain values on both sides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from generator.expressions.compile import Expression
from generator.kinds import Catalog
from generator.model.entity import Entity
from generator.model.workflow import Derivation, Transition, Workflow
from rules.blockers import Blocker
from rules.commands import Command

NOBODY: Mapping[str, Any] = {"id": None, "name": None, "email": None, "roles": ()}
"""What expressions find under `actor` when no person acts: nothing, and no crash."""


@dataclass(frozen=True)
class Asker:
    """Who asks. `source` is one of the triggers of a transition."""

    source: str
    roles: frozenset[str] = frozenset()
    id: str = ""
    """The real person, whoever they act for; empty for timers and jobs."""
    facts: Mapping[str, Any] = field(default_factory=lambda: NOBODY)
    """What expressions find under `actor`."""
    confirmed: frozenset[str] = frozenset()
    """The levels of confirmation that were given."""


@dataclass(frozen=True)
class Deed:
    """Somebody did something to the record: `create`, `edit`, or the name of a transition."""

    actor: str
    did: str


@dataclass(frozen=True)
class Situation:
    """A record at a moment, read under its lock."""

    facts: Mapping[str, Any]
    """Stored values of its fields, the state columns among them."""
    now: datetime
    today: date
    past: tuple[Deed, ...] = ()
    """What was done to it, the oldest first."""
    visited: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By workflow: the states it was in before, the latest last; of its log."""
    causes: frozenset[str] = frozenset()
    """Keys of outside events that were applied to it."""
    entered: str = ""
    """What names this pass through the algorithm, such as the log's id; part of outside keys."""
    beside: Mapping[str, Any] = field(default_factory=dict)
    """What else expressions find beside the record, such as how far the shop is from UTC."""
    behind: Callable[[str, Any], Any] = field(default=lambda name, value: value, compare=False)
    """A field and what an effect writes into it → what expressions find there: of a reference that
    they look behind, the other record."""


@dataclass(frozen=True)
class Ask:
    """A transition that somebody wants."""

    workflow: str
    transition: str
    by: Asker
    input: Mapping[str, Any] = field(default_factory=dict)
    """Answers in their stored form."""
    cause: str = ""
    """The key of the outside event behind it; one that was applied changes nothing again."""


@dataclass(frozen=True)
class Machines:
    """The state machines of one entity and the words they use."""

    entity: Entity
    workflows: Mapping[str, Workflow]
    derivations: tuple[Derivation, ...]
    words: Catalog[Any]

    @property
    def ranked(self) -> tuple[Workflow, ...]:
        """The workflows in the order in which cascades run."""
        return tuple(sorted(self.workflows.values(), key=lambda one: (one.rank, one.name)))


@dataclass(frozen=True)
class Step:
    """One edge that was taken."""

    workflow: str
    transition: str
    before: str
    after: str
    cause: str = ""


@dataclass(frozen=True)
class Event:
    """What happened, in the order that subscribers may rely on.

    `name` is one of left, fired, entered, completed, derived.
    """

    name: str
    workflow: str
    transition: str
    state: str


@dataclass(frozen=True)
class Done:
    """The transition may happen, and this is what it does."""

    facts: Mapping[str, Any]
    """The record as it will be."""
    steps: tuple[Step, ...]
    commands: tuple[Command, ...]
    events: tuple[Event, ...]
    repeated: bool = False
    """The outside event was applied before: nothing is to be done."""
    starts: tuple[int, ...] = ()
    """By step: where its commands begin among all of them."""

    def commands_of(self, step: int) -> tuple[Command, ...]:
        """Return what one of the steps does, and what follows from it before the next."""
        ends = (*self.starts[1:], len(self.commands))
        return self.commands[self.starts[step] : ends[step]]


@dataclass(frozen=True)
class Refused:
    """The transition does not happen, and nothing at all changes."""

    code: str
    """unknown_transition, wrong_trigger, invalid_input, unknown_stored_state, not_in_from_state,
    forbidden, same_person, confirmation_required, guard_blocked, vetoed, auto_loop or
    effect_failed."""
    reasons: tuple[Blocker, ...] = ()
    fields: Mapping[str, Blocker] = field(default_factory=dict)
    """By question or field: what is wrong with it."""
    current: str = ""
    allowed: tuple[str, ...] = ()
    """What this person could fire instead."""
    needs: str = ""
    """The level of confirmation that is missing."""


@dataclass(frozen=True)
class Offer:
    """One button: a transition from where the record is."""

    edge: Transition
    workflow: str
    reasons: tuple[Blocker, ...]

    @property
    def allowed(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.reasons


def context(ask: Ask, situation: Situation, state: str) -> dict[str, Any]:
    """Return what expressions find beside the record."""
    return {
        **situation.beside,
        "actor": ask.by.facts,
        "now": situation.now,
        "today": situation.today,
        "input": ask.input,
        "from_state": state,
    }


def holds(condition: Expression | None, facts: Mapping[str, Any], beside: Any) -> bool:
    """Whether a condition is true; unknown is not, and one that cannot be asked is not either."""
    if condition is None:
        return True
    try:
        return condition.passes(facts, beside)
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return False
