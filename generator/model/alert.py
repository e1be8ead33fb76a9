"""Alerts: what of the records is watched, and who is told when it is not as it should be.

An alert looks at records one by one, or at one number worked out of them. When it holds is decided
by `rules/alerts.py`; this says only what was declared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as given
from datetime import time
from decimal import Decimal

from generator.expressions.compile import Expression
from generator.model.job import Schedule
from generator.model.text import Label, Span

SEVERITIES = ("info", "warning", "critical")
EACH, COUNT, SUM, AVERAGE, SHARE = "each", "count", "sum", "average", "share"
MEASURES = (EACH, COUNT, SUM, AVERAGE, SHARE)
"""`each`: every record is an alert of its own; the others are one number."""
LIMIT, BEFORE, WEEKS = "limit", "before", "weeks"
AGAINST = (LIMIT, BEFORE, WEEKS)
"""What a number is compared with."""


@dataclass(frozen=True)
class Stretch:
    """Only records whose moment lies in the last so many seconds."""

    field: str
    seconds: int


@dataclass(frozen=True)
class Quiet:
    """Hours in which nobody is told; what is so then is told when they end."""

    begins: time
    ends: time
    zone: str


@dataclass(frozen=True)
class Escalation:
    """Who is told when nobody took it on."""

    after: int
    """Seconds."""
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Alert:
    """One thing that is watched."""

    name: str
    label: Label
    help: Label | None
    severity: str
    entity: str
    where: Expression | None
    measure: str
    field: str
    """Of `sum` and `average`: what is added up."""
    among: Expression | None
    """Of `share`: the whole, of which those that fit `where` are a part."""
    during: Stretch | None
    above: Decimal | None
    below: Decimal | None
    against: str
    """`limit`: the number itself is compared. `before`: its multiple of the same one a stretch
    earlier. `weeks`: its multiple of what is usual at that weekday and hour."""
    weeks: int
    """Of `weeks`: so many past weeks say what is usual."""
    schedule: Schedule
    on_change: bool
    """Looked at as well when such a record changes."""
    role: str
    """In whose name it looks."""
    tell: tuple[str, ...]
    """Roles that are told, see it and take it on."""
    tell_field: str
    """A field of the record that names a person who is told too; empty for none."""
    mail: bool
    """Who is told gets an e-mail at once too, whatever they chose."""
    again: int
    """Seconds after its end in which the same thing is not told anew."""
    quiet: Quiet | None
    escalation: Escalation | None
    span: Span
    spans: Mapping[str, Span] = given(default_factory=dict)

    @property
    def is_multiple(self) -> bool:
        """Whether the number is told as a multiple of an earlier one."""
        return self.against != LIMIT

    @property
    def limit(self) -> Decimal:
        """What the number is compared with; of `each`, how many records are none too many."""
        return self.above if self.above is not None else self.below or Decimal(0)

    @property
    def seers(self) -> tuple[str, ...]:
        """The roles that see it."""
        return (*self.tell, *(self.escalation.roles if self.escalation is not None else ()))
