"""The values that travel through the six steps: who asks, what is asked, what came out.

    Incoming → (authorize) Grant → (parse) Call → (plan) Plan → (execute) Result

`Call` and `Plan` differ by operation and stand in `runtime/operations/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rules.proof import NOTHING, Proof
from rules.role_names import SCOPE

EMPTY: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Emergency:
    """A role that somebody took in an emergency; it ends by itself."""

    id: str
    role: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Actor:
    """The person or program that asks."""

    id: int
    """The id in `ab_user`; 0 for the system itself."""
    name: str
    roles: frozenset[str]
    email: str = ""
    kind: str = "user"
    """user, token, job or system."""
    locale: str = "en"
    time_zone: str = "UTC"
    scopes: frozenset[str] | None = None
    """What a token is limited to, as `action:entity`; None means no such limit."""
    first_name: str = ""
    last_name: str = ""
    person: Mapping[str, Any] = field(default_factory=dict)
    """What the definitions record about them, such as their stores: `person:` in `roles.yaml`."""
    real_id: int = 0
    """Who really asks, where an administrator looks with somebody else's eyes; 0 otherwise."""
    real_name: str = ""
    proof: Proof = NOTHING
    """What they brought for something sensitive, beside their rights."""
    session: str = ""
    """The session that let them in, as `sw_setting` names it; empty for a token and a program."""
    second: bool = False
    """Whether they gave a second factor when that session began."""
    emergency: Emergency | None = None
    """What they took in an emergency: its role is among their roles."""

    @property
    def lasting(self) -> frozenset[str]:
        """The roles they hold whatever they took in an emergency."""
        return self.roles - {self.emergency.role} if self.emergency else self.roles

    @property
    def facts(self) -> Mapping[str, Any]:
        """What an expression may ask of the actor."""
        return {
            **self.person,
            "id": self.id,
            "name": self.name,
            "email": self.email,
            "roles": sorted(role for role in self.roles if not role.startswith(SCOPE)),
        }


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request before anything is known about its sense."""

    operation: str
    entity: str
    actor: Actor | None
    record_id: str = ""
    values: Any = None
    """The payload in API form: a mapping for one record, a list for bulk."""
    query: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Filter, sort, fields, include, cursor as they came, still text."""
    version: int | None = None
    """The version the caller read, from `If-Match` or the form."""
    idempotency_key: str = ""
    source: str = "rest"
    """screen, rest, import, job or seed: noted in the audit. Of a transition that no person fires
    its trigger: system, timer or event."""
    reason: str = ""
    request_id: str = ""
    address: str = ""
    """The IP address, for the audit."""
    part: str = ""
    """The id of what belongs to the record and is meant, such as one comment of it."""
    also: tuple[str, ...] = ()
    """Actions that the record must allow beside the operation's own, such as `print`."""
    same: Any = None
    """What is compared with an earlier request of the same idempotency key; the payload if None.
    An upload is given another id each time it is sent."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came out, in stored values; rendering is the transport's."""

    rows: Sequence[Any] = ()
    """Records as tuples of stored values, in the order of `plan.paths`."""
    row: Any = None
    """The one record of a read or a write, also a tuple."""
    plan: Any = None
    """The query plan that was carried out; it says which path stands where."""
    included: Mapping[str, Mapping[str, Sequence[Any]]] = field(default_factory=dict)
    """By include, by record id: the rows that belong to the record."""
    total: int | None = None
    total_is_exact: bool = True
    next_cursor: str = ""
    previous_cursor: str = ""
    created: bool = False
    replayed: bool = False
    """The answer of an earlier request with the same idempotency key."""
    outcomes: tuple[Outcome, ...] = ()
    pages: Iterable[Sequence[Any]] = ()
    """What an export brings: read page by page while it is sent."""
    steps: tuple[Mapping[str, Any], ...] = ()
    """What a transition did: workflow, transition, from, to and the id of its log row, by step."""
    batch_id: str = ""
    """What a bulk transition is called in the log; sent again with it, nothing is done twice."""
    repeated: bool = False
    """The outside event behind a transition was applied before; nothing was done again."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one record of a bulk request."""

    record_id: str
    status: str
    """ok, invalid, conflict, forbidden, gone or blocked."""
    version: int | None = None
    errors: tuple[Any, ...] = ()
    """`FieldError`s."""
    message: Any = None
    """A `Label`: why not."""
    changed: bool = True
    """False: the record was as wanted already."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When and under which request something happens; the clock is read once a request."""

    now: datetime
    request_id: str = ""
