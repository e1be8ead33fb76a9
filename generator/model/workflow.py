"""State machines: which values a state column may hold, and what leads from one to another.

A workflow owns one column of one entity. What the firing algorithm needs at run time is here as
frozen values with compiled expressions; names of states are plain texts because every one of them
was found when the definition was read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from dataclasses import field as made
from typing import TYPE_CHECKING, Any

from generator.model.text import Label, Span

if TYPE_CHECKING:
    from generator.expressions.compile import Expression
    from generator.model.entity import Field
    from generator.model.job import Calendar

ANY_ROLE = "any"
"""Written in `roles:`: everybody who reaches the record."""

CREATED_BY, LAST_EDITOR, ANY_ACTOR = "created_by", "last_editor", "any_actor"
ACTOR_OF, EDITORS_SINCE = "actor_of:", "editors_since:"
"""What `not_actor` may name: people of the record's past."""

OPEN, BUSY, CLOSED = "open", "busy", "closed"
CATEGORIES = (OPEN, BUSY, CLOSED)
"""What a state is for the business: waiting for people, for a machine, or for nobody."""

PROGRESS = {OPEN: "none", BUSY: "half", CLOSED: "full"}
"""The shape beside a state's color, by its category."""

USER, API, SYSTEM, AUTO, TIMER, EVENT = "user", "api", "system", "auto", "timer", "event"
TRIGGERS = (USER, API, SYSTEM, AUTO, TIMER, EVENT)
PEOPLE = frozenset({USER, API})
"""Triggers behind which somebody stands, so that roles are asked."""

SECOND_PERSON = "second_person"
"""The level of confirmation at which another person has to approve."""

BLOCKED, VETOED = "BLOCKED", "VETOED"
"""The code of a reason whose author wrote none."""

NO_SPANS: Mapping[str, Span] = {}


@dataclass(frozen=True)
class Clause:
    """One condition of a guard, or one veto, and what is said when it stands in the way."""

    when: Expression
    code: str
    message: Label | None
    params: Mapping[str, Expression]
    span: Span


@dataclass(frozen=True)
class Branch:
    """One way a transition may go; the first whose condition holds is taken."""

    to: str
    when: Expression | None
    """None holds always."""
    span: Span


@dataclass(frozen=True)
class Previous:
    """Back to the state the record came from, if it is one of these, and else to another."""

    among: tuple[str, ...]
    otherwise: str
    span: Span


@dataclass(frozen=True)
class Effect:
    """A word of the family `effects` and what it was given."""

    word: str
    given: Mapping[str, Any]
    """What the word's `resolve` made of its arguments."""
    when: Expression | None
    span: Span


@dataclass(frozen=True)
class Lapse:
    """A length of time: of all time, or of the working time of a calendar."""

    seconds: int
    calendar: Calendar | None = None
    zone: str = "UTC"
    """Of the back office, where the calendar's hours are."""


@dataclass(frozen=True)
class Timer:
    """When a transition fires by itself."""

    seconds: int
    start: str
    """`entered_at`, or a date or datetime field of the record."""
    when: Expression | None
    again: int
    """Seconds until it is tried again when `when` does not hold; 0: it is dropped."""
    span: Span
    every: int = 0
    """Seconds from one time to the next; 0: it fires once an entry."""
    calendar: Calendar | None = None
    """Counts working time alone; None counts all time."""
    zone: str = "UTC"
    """Of the back office, where the calendar's hours are."""


@dataclass(frozen=True)
class InputField:
    """One question of a transition's form."""

    field: Field
    check: Expression | None
    message: Label | None


@dataclass(frozen=True)
class Transition:
    """An edge. Several of one name lead from different states; they are one button."""

    name: str
    label: Label
    sources: tuple[str, ...]
    """The states it leads from, `*` and `@category` written out."""
    branches: tuple[Branch, ...]
    previous: Previous | None
    triggers: tuple[str, ...]
    roles: tuple[str, ...]
    not_actor: tuple[str, ...]
    guards: tuple[Clause, ...]
    input: Mapping[str, InputField]
    confirm: str
    before: tuple[Clause, ...]
    """Vetoes: asked only when it fires; one that is true stops it."""
    do: tuple[Effect, ...]
    then: tuple[Effect, ...]
    after_commit: tuple[Effect, ...]
    timer: Timer | None
    bulk: int
    """The most records of one selection; 0: not offered in lists."""
    order: int | None
    hide_blocked: bool
    span: Span
    spans: Mapping[str, Span] = field(default_factory=dict)
    """Where each key's value stands."""

    @property
    def targets(self) -> tuple[str, ...]:
        """Every state it may lead to."""
        back = (*self.previous.among, self.previous.otherwise) if self.previous else ()
        return tuple(dict.fromkeys((*(branch.to for branch in self.branches), *back)))

    @property
    def effects(self) -> tuple[Effect, ...]:
        """Every effect, in the order in which they happen."""
        return (*self.do, *self.then, *self.after_commit)

    def leads_from(self, state: str) -> bool:
        """Whether it may fire in a state."""
        return state in self.sources


@dataclass(frozen=True)
class Reminder:
    """A notice while a record stands in a state."""

    name: str
    roles: tuple[str, ...]
    after: Lapse
    every: int
    """Seconds, of working time where `after` has a calendar; 0: once."""
    most: int

    @property
    def again(self) -> Lapse:
        """How long it is from one time to the next."""
        return replace(self.after, seconds=self.every)


@dataclass(frozen=True)
class State:
    """One value of the column."""

    name: str
    label: Label
    tone: str
    category: str
    final: bool
    editable: tuple[str, ...] | None
    """The fields that may be changed in it; None: all."""
    require: tuple[str, ...]
    enter: tuple[Effect, ...]
    leave: tuple[Effect, ...]
    watchdog: Lapse | None
    """How long until somebody is told that it did not move on; None: nobody."""
    span: Span
    reminders: tuple[Reminder, ...] = ()

    @property
    def progress(self) -> str:
        """The shape of its badge, so that nobody depends on the color."""
        return PROGRESS[CLOSED] if self.final else PROGRESS[self.category]


@dataclass(frozen=True)
class Workflow:
    """A state machine over one column of one entity."""

    name: str
    entity: str
    label: Label
    field: str
    version: int
    initial: str
    states: Mapping[str, State]
    transitions: tuple[Transition, ...]
    """In the order of the file."""
    rank: int
    """Cascades lock and run in this order, the lowest first."""
    legacy: bool
    """Rows of an older definition exist, so an unreachable state is told and no fault."""
    accepted: Mapping[str, str]
    """Finding, or `finding.state` → why the author knows about it."""
    span: Span
    mapped: Mapping[str, str] = made(default_factory=dict)
    """State of an earlier release → the state its records get."""

    @property
    def finals(self) -> tuple[str, ...]:
        """The states that nothing leaves."""
        return tuple(state.name for state in self.states.values() if state.final)

    @property
    def clocks(self) -> tuple[Timer | Lapse, ...]:
        """Everything of it that is due some time after a state was entered."""
        found: list[Timer | Lapse | None] = [edge.timer for edge in self.transitions]
        for state in self.states.values():
            found += [state.watchdog, *(one.after for one in state.reminders)]
        return tuple(one for one in found if one is not None)

    @property
    def notices(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield what it tells people: what the notice is called, and for which roles it is."""
        effects = [effect for edge in self.transitions for effect in edge.effects]
        for state in self.states.values():
            effects += (*state.enter, *state.leave)
            yield from ((one.name, one.roles) for one in state.reminders)
        for one in effects:
            if one.word == "notify":
                yield str(one.given["name"]), tuple(one.given["roles"])

    def named(self, name: str) -> tuple[Transition, ...]:
        """Return every edge of a name."""
        return tuple(edge for edge in self.transitions if edge.name == name)

    def leaving(self, state: str) -> tuple[Transition, ...]:
        """Return the edges that lead from a state, in the order of the file."""
        return tuple(edge for edge in self.transitions if state in edge.sources)


@dataclass(frozen=True)
class Case:
    """One line of a derived state."""

    value: str
    when: Expression | None
    span: Span


@dataclass(frozen=True)
class Derivation:
    """A column that follows from others: the first case that holds gives its value."""

    name: str
    entity: str
    label: Label
    field: str
    states: Mapping[str, State]
    cases: tuple[Case, ...]
    of: tuple[str, ...]
    """Paths whose change makes it be computed again; `payments.*` is every field of children."""
    span: Span
