"""Jobs: what the back office does by itself, when, in whose name, and in which steps.

A schedule is a rule, never a list of times: `rules/schedules.py` says when it comes due. What a
step does is the affair of its word, of the family `steps`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any

from generator.model.entity import Field
from generator.model.text import Label, Span

SKIP, RUN_ONCE, RUN_ALL = "skip", "run_once", "run_all"
MISSED = (SKIP, RUN_ONCE, RUN_ALL)
"""What becomes of times that passed while nobody looked: none, the last, or every one is run."""

QUEUES = ("critical", "default", "bulk")
"""Separate, so that one slow batch never starves the rest."""

ENGINE_JOBS = (
    "changes",
    "check_alert",
    "copy_person",
    "export_rows",
    "import_rows",
    "mail_digest",
    "mail_message",
    "mail_notice",
    "outside_call",
    "outside_event",
    "renew",
    "seed_rows",
    "send_export",
    "send_hooks",
    "transitions",
    "trim_log",
)
"""Jobs that the engine brings itself; a test compares them with the files there are."""


@dataclass(frozen=True)
class Cron:
    """A rule of five fields, as the sets of what each may be."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    """0 is Monday."""
    last_day: bool = False
    """The last day of a month as well (`L`)."""
    any_hour: bool = False
    """Written with a `*`: it goes by elapsed time, also where the clocks go back."""
    any_day: bool = True
    any_weekday: bool = True


@dataclass(frozen=True)
class Calendar:
    """Which days are working days."""

    name: str
    label: Label
    days: frozenset[int]
    """0 is Monday."""
    closed: frozenset[date]
    """Closed although its weekday is open: a holiday."""
    open: frozenset[date]
    """Open although its weekday is closed: a day worked in exchange."""
    span: Span
    hours: tuple[tuple[time, time], ...] = ()
    """From when until when, in order; all day where it says nothing. Midnight ends a day."""

    def is_open(self, day: date) -> bool:
        """Say whether a day is a working day."""
        return day in self.open or (day.weekday() in self.days and day not in self.closed)


@dataclass(frozen=True)
class Schedule:
    """When a job comes due: by a rule of five fields, or every so many seconds."""

    cron: Cron | None
    every: int
    """Seconds; 0 where there is a rule."""
    zone: str
    calendar: Calendar | None
    text: str
    """The rule as its author wrote it: what it is compared by and what people read."""


@dataclass(frozen=True)
class Step:
    """One thing a job does; its word is of the family `steps`."""

    word: str
    given: Mapping[str, Any]
    span: Span


@dataclass(frozen=True)
class Job:
    """Background work that a definition describes."""

    name: str
    label: Label
    help: Label | None
    schedule: Schedule | None
    """None: somebody or something starts it."""
    missed: str
    queue: str
    alone: str
    """Two runs with this key never work at once; empty where they may."""
    timeout: int
    """Seconds after which a run is interrupted and tried again."""
    attempts: int
    pause: int
    """Seconds before the second attempt; each pause is twice the one before."""
    late: int
    """Seconds behind its time after which somebody is told; 0 for never."""
    role: str
    """In whose name it acts."""
    operators: tuple[str, ...]
    """Roles that see its runs, start, cancel and retry them."""
    parameters: Mapping[str, Field]
    steps: tuple[Step, ...]
    keep: int
    """Seconds that the files of a run are kept."""
    span: Span
    spans: Mapping[str, Span] = field(default_factory=dict)
