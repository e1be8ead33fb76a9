"""Alerts decided: what is seen now and what was known before go in, what is to be done comes out.

Nothing here reads a clock or a database. An alert that stands is told once, and once more to those
above when nobody took it on; what ends by itself is closed; what comes again soon after its end is
opened without telling anybody. In quiet hours it is noted and told when they end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from generator.model.alert import EACH, Alert, Quiet

FIRES, FINE, NO_NUMBER = "fires", "fine", "no_number"
"""What a look found: the limit is passed, it is not, or no number can be worked out."""


@dataclass(frozen=True)
class Seen:
    """What a look found."""

    value: Decimal | None
    """The number; of `each`, how many records there are. None where there is none."""
    subjects: tuple[str, ...] = ()
    """Of `each`: the records."""


@dataclass(frozen=True)
class Standing:
    """An alert that is open, or ended not long ago."""

    id: str
    subject: str
    """The record; empty where it is about a number."""
    opened_at: datetime
    told_at: datetime | None
    taken_at: datetime | None
    escalated_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True)
class Decided:
    """What is to be done."""

    verdict: str
    open: tuple[str, ...] = ()
    """Subjects that are new."""
    reopen: tuple[str, ...] = ()
    """Ids of those that came again soon after their end; nobody is told."""
    end: tuple[str, ...] = ()
    tell: tuple[str, ...] = ()
    """Ids of standing ones that nobody was told of yet."""
    tell_new: bool = False
    """Whether the new ones are told now."""
    escalate: tuple[str, ...] = ()
    why: Mapping[str, int] = field(default_factory=dict)
    """How many were opened, ended, told, held back and so on, for the trace."""


def decide(alert: Alert, seen: Seen, known: Sequence[Standing], now: datetime) -> Decided:
    """Return what a look means.

    Args:
        alert: what was declared.
        seen: what is so now.
        known: the open ones, and those that ended within the window of `again`.
        now: aware UTC.

    """
    verdict = verdict_of(alert, seen)
    subjects = seen.subjects if alert.measure == EACH else ("",) if verdict == FIRES else ()
    standing = {one.subject: one for one in known if one.ended_at is None}
    window = timedelta(seconds=alert.again)
    lately = {
        one.subject: one
        for one in known
        if one.ended_at is not None and now - one.ended_at < window
    }
    new = [one for one in subjects if one not in standing]
    back = [lately[one].id for one in new if one in lately]
    opened = tuple(one for one in new if one not in lately)
    # a number that cannot be worked out says nothing: what stands stays
    wanted = frozenset(subjects)
    over = (
        ()
        if verdict == NO_NUMBER
        else tuple(one.id for subject, one in standing.items() if subject not in wanted)
    )
    still = [one for one in standing.values() if one.id not in over]
    quiet = is_quiet(alert.quiet, now)
    untold = tuple(one.id for one in still if one.told_at is None)
    late = tuple(one.id for one in still if _is_late(alert, one, now))
    return Decided(
        verdict,
        opened,
        tuple(back),
        over,
        () if quiet else untold,
        not quiet,
        () if quiet else late,
        {
            "seen": len(subjects),
            "opened": len(opened),
            "again": len(back),
            "ended": len(over),
            "told": 0 if quiet else len(untold) + len(opened),
            "held_back": len(untold) + len(opened) if quiet else 0,
            "escalated": 0 if quiet else len(late),
        },
    )


def verdict_of(alert: Alert, seen: Seen) -> str:
    """Return whether the limit is passed."""
    if seen.value is None:
        return NO_NUMBER
    if alert.measure == EACH:
        return FIRES if seen.subjects else FINE
    is_above = alert.above is not None and seen.value > alert.above
    is_below = alert.below is not None and seen.value < alert.below
    return FIRES if is_above or is_below else FINE


def is_quiet(quiet: Quiet | None, now: datetime) -> bool:
    """Return whether nobody is told at this time; the hours may go over midnight."""
    if quiet is None:
        return False
    at = now.astimezone(ZoneInfo(quiet.zone)).time()
    if quiet.begins <= quiet.ends:
        return quiet.begins <= at < quiet.ends
    return at >= quiet.begins or at < quiet.ends


def _is_late(alert: Alert, one: Standing, now: datetime) -> bool:
    if alert.escalation is None or one.taken_at is not None or one.escalated_at is not None:
        return False
    begun = one.told_at
    return begun is not None and now - begun >= timedelta(seconds=alert.escalation.after)
