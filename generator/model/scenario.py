"""A scenario: a case that people write of their own shop, and what must come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from generator.model.text import Label, Span


@dataclass(frozen=True)
class Somebody:
    """A person of a scenario and the roles they hold."""

    name: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class GivenRecord:
    """A record that is there when a case begins; a relation holds the names of other records."""

    name: str
    entity: str
    values: Mapping[str, Any]
    span: Span


@dataclass(frozen=True)
class Step:
    """One thing that somebody does."""

    action: str
    """list, export, read, create, update, delete, restore, erase, bulk, transition, post, place,
    run, look, answer, event or wait (also of `time_passes`)."""
    entity: str
    person: Somebody
    span: Span
    record: str = ""
    """The record's name; of `create` the name that the new one gets."""
    values: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    """Of a list: filters, `q` and `sort`, by key as in an address."""
    records: tuple[str, ...] = ()
    """Of `bulk`: what it changes."""
    change: str = ""
    """Of `bulk`: update, delete or restore."""
    seconds: int = 0
    """Of `wait`: how long."""
    edge: tuple[str, str] = ("", "")
    """Of `transition`: the workflow and the name; of `answer`: the connector and the operation;
    of `event`: the webhook and the type; of `post`: the ledger and the kind; of `run` and `look`:
    the job or the alert, and nothing."""
    input: Mapping[str, Any] = field(default_factory=dict)
    """Of `transition`: the answers; of `answer`: what comes back; of `event`: by path; of `post`:
    quantity and reason; of `erase`: the reason; of `export`: whether unmasked, and why; of
    `place`: the cart."""
    called: str = ""
    """Of `transition`: the name that the record it makes gets."""
    lines: tuple[str, ...] = ()
    """Of `place`: the names that the lines of what it makes get."""
    confirms: bool = True
    """Of `transition`: whether the person confirms whatever is asked."""
    refused: str | None = None
    """Of `answer`: the code of a refusal for good."""
    times: int = 1
    """Of `event`: how often it is told."""
    approver: Somebody | None = None
    """The second person, where one must decide."""


@dataclass(frozen=True)
class Expected:
    """What must be so after the last step; None where nothing is expected."""

    outcome: str = "done"
    """`done`, or the code of the refusal, such as R404."""
    rows: tuple[str, ...] | None = None
    cells: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    masked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hidden: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    outcomes: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    """By field of the payload: the code of what is wrong with it."""
    audit: tuple[str, ...] | None = None
    entities: Mapping[str, str] = field(default_factory=dict)
    """By name of a record of which something is expected: its entity."""
    reasons: tuple[str, ...] = ()
    """Codes of guards that stand in the way of the last step."""
    fired: tuple[str, ...] | None = None
    """`entity.transition`, in order."""
    calls: tuple[str, ...] | None = None
    """`connector.operation`, in order."""
    alerts: tuple[str, ...] | None = None
    """What stands: names of records, or of alerts about a number."""

    @property
    def looks(self) -> bool:
        """Return whether it says what can be seen."""
        return self.rows is not None or bool(self.cells or self.masked or self.hidden)

    def about(self, entity: str, usual: str) -> Expected:
        """Return what is expected of the records of one entity; `rows` are those of the usual."""

        def own(given: Mapping[str, Any]) -> dict[str, Any]:
            return {
                name: value
                for name, value in given.items()
                if self.entities.get(name, usual) == entity
            }

        return replace(
            self,
            rows=self.rows if entity == usual else None,
            cells=own(self.cells),
            masked=own(self.masked),
            hidden=own(self.hidden),
        )


@dataclass(frozen=True)
class Case:
    """Steps on the given records, and what must come of them."""

    name: str
    steps: tuple[Step, ...]
    then: Expected
    span: Span


@dataclass(frozen=True)
class Scenario:
    """Records, people, and cases that each begin with those records."""

    name: str
    label: Label
    day: date | None
    """On which it plays; today if None."""
    records: tuple[GivenRecord, ...]
    """Each after those that it points at."""
    cases: tuple[Case, ...]
    span: Span
    people: Mapping[str, Somebody] = field(default_factory=dict)
