"""Who may do what: roles, the grants that access files give them, and what holds for everyone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from generator.model.text import Label, Span

if TYPE_CHECKING:
    from generator.expressions.compile import Expression

CLASSES = ("public", "internal", "personal", "sensitive", "secret")
"""How sensitive a value can be, the least first."""

SIGHTS = ("clear", "masked", "hidden")
"""How much of a cell somebody sees, the most first."""

DUTIES = ("system", "people", "log")
"""What a role can administer: how the installation runs, who may do what, what happened."""

KEPT = ("value", "masked", "mark")
"""What a log can keep of a value, the most first; a mark tells only that it changed."""

NO_EXPRESSIONS: Mapping[str, Expression] = {}


@dataclass(frozen=True)
class BreakGlass:
    """How a role is taken in an emergency, without waiting for anybody."""

    by: tuple[str, ...]
    """Roles whose holders may take it."""
    tells: tuple[str, ...]
    """Roles whose holders are told at once, and of whom another one looks into it afterwards."""
    minutes: int = 30
    """How long it lasts."""


@dataclass(frozen=True)
class Role:
    """A name that people hold and grants refer to."""

    name: str
    label: Label
    includes: tuple[str, ...]
    help: Label | None
    span: Span
    sees: Mapping[str, str] = field(default_factory=dict)
    """Class of fields → one of `SIGHTS`, where a line does not name the field."""
    second_factor: bool = False
    """Whoever holds it signs in with a second factor."""
    owner: tuple[str, ...] = ()
    """Roles whose holders decide when somebody asks for this one; nobody can ask without."""
    break_glass: BreakGlass | None = None
    """Who may take it in an emergency; None when nobody may."""
    administers: str = ""
    """One of `DUTIES`, or nothing."""


@dataclass(frozen=True)
class Reviews:
    """How often who holds what is looked at, and how long answers are waited for."""

    months: int
    days: int = 21
    """What nobody answered by then is suspended."""


@dataclass(frozen=True)
class LogRule:
    """What the logs keep of the values of a class of fields."""

    keep: str
    """One of `KEPT`."""
    span: Span
    why: str = ""
    """Of values that stay: why they must."""


@dataclass(frozen=True)
class Conflict:
    """Roles of which one person shall not hold two."""

    name: str
    roles: tuple[str, ...]
    span: Span
    message: Label | None = None


@dataclass(frozen=True)
class GrantRule:
    """One line of the matrix: a role may do these actions on the rows and cells of an entity.

    Rows None means all rows; fields None means all fields that the role's classes show. Default is
    deny: what no rule gives, nobody has.
    """

    role: str
    entity: str
    actions: tuple[str, ...]
    span: Span
    rows: Expression | None = None
    read: tuple[str, ...] | None = None
    hidden: tuple[str, ...] = ()
    write: tuple[str, ...] | None = None
    masked: Mapping[str, str] = field(default_factory=dict)
    """Field → kind of mask."""
    force: Mapping[str, Expression] = field(default_factory=dict)
    """Fields that the engine sets, whatever the payload."""
    default: Mapping[str, Expression] = field(default_factory=dict)
    check: Expression | None = None
    """Must be true of the record before and after a write."""
    limits: Mapping[str, int] = field(default_factory=dict)
    kinds: tuple[str, ...] | None = None
    """Of a ledger: the kinds of entry that `post` allows; None means all."""
    since: date | None = None
    until: date | None = None
    """The first and the last day on which the rule holds."""


@dataclass(frozen=True)
class Guardrail:
    """What holds for every role and cannot be opened by any."""

    name: str
    entity: str
    span: Span
    deny: tuple[str, ...] = ()
    """Actions refused where `when` is true or unknown; without `when`, always."""
    when: Expression | None = None
    fields: tuple[str, ...] = ()
    """Only these fields are refused to be written, not the whole action."""
    where: Expression | None = None
    """Must be true of every row that anybody does anything with."""
    force: Mapping[str, Expression] = field(default_factory=dict)
    message: Label | None = None


@dataclass(frozen=True)
class Sensitive:
    """Something with records of an entity that a single click must not do."""

    name: str
    entity: str
    actions: tuple[str, ...]
    ask: str
    """confirm, type, reauthenticate or approve."""
    span: Span
    fields: tuple[str, ...] = ()
    """Only a change of one of these; empty means any."""
    when: Expression | None = None
    days: int = 3
    """How long an approval is waited for."""
    approvers: int = 1
    """How many people must approve."""
    message: Label | None = None


@dataclass(frozen=True)
class PersonFact:
    """A list that expressions may ask of a person: `actor.NAME`.

    It holds the `value` of every record of `entity` whose `person` is the one who acts.
    """

    name: str
    entity: str
    person: str
    """A field of type user, or a text that holds the login name."""
    value: str
    span: Span
