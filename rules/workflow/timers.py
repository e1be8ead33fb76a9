"""Timers: when a state that was entered fires a transition by itself, and what a sweep does.

`due` is a fact computed once, at entry. A sweep takes each timer alone: one that fails is tried
again later, always later, and never stops the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from generator.model.workflow import TIMER, Lapse, Reminder, Timer, Transition, Workflow
from rules.commands import ArmTimer
from rules.workflow.asking import (
    Ask,
    Asker,
    Done,
    Machines,
    Refused,
    Situation,
    context,
    holds,
)
from rules.workflow.working_time import later

ENTERED = "entered_at"
FIRST, LONGEST = timedelta(minutes=1), timedelta(hours=6)
"""How long after a refusal a timer is tried again, doubled each time, and at most."""
MOST = 10
"""After so many attempts a person has to look."""


def armed(
    workflow: Workflow, state: str, facts: Mapping[str, Any], now: datetime
) -> tuple[ArmTimer, ...]:
    """Return the timers of a state that is entered now; one whose date is missing is not armed."""
    found = []
    for edge in workflow.leaving(state):
        start = start_of(edge, facts, now)
        if edge.timer is not None and TIMER in edge.triggers and start is not None:
            due = due_of(edge.timer, start)
            found.append(ArmTimer(workflow.name, edge.name, due))
    return tuple(found)


def due_of(lapse: Timer | Lapse, start: datetime) -> datetime:
    """Return when something that counts from `start` is due."""
    if lapse.calendar is not None:
        return later(start, lapse.seconds, lapse.calendar, lapse.zone)
    return start + timedelta(seconds=lapse.seconds)


def next_beat(due: datetime, every: int, now: datetime) -> datetime:
    """Return the next time of a timer that comes again; those that were missed are left out."""
    beats = max(int((now - due).total_seconds() // every), 0) + 1
    return due + timedelta(seconds=every * beats)


def next_notice(reminder: Reminder, first: datetime, now: datetime) -> datetime:
    """Return the next time of a reminder whose first was `first`; what was missed is left out.

    On working time there is no beat to keep through nights and holidays: the next one comes so long
    after now.
    """
    if reminder.after.calendar is not None:
        return due_of(reminder.again, now)
    return next_beat(first, reminder.every, now)


def is_dated(edge: Transition) -> bool:
    """Return whether a timer of a transition counts from a date of the record."""
    return edge.timer is not None and TIMER in edge.triggers and edge.timer.start != ENTERED


def start_of(edge: Transition, facts: Mapping[str, Any], now: datetime) -> datetime | None:
    """Return from when a timer counts; None while the record has no such date."""
    if edge.timer is None or edge.timer.start == ENTERED:
        return now
    value = facts.get(edge.timer.start)
    if isinstance(value, datetime):
        return value
    return datetime.combine(value, time(), UTC) if isinstance(value, date) else None


@dataclass(frozen=True)
class Waiting:
    """A timer that is armed. `entered` names the entry of the state that armed it."""

    workflow: str
    transition: str
    due: datetime
    entered: str
    attempts: int = 0


@dataclass(frozen=True)
class Rung:
    """What became of a timer whose time has come.

    `status` is fired, cancelled (the state was left, or the condition no longer holds), again (at
    `due`) or dead (a person has to look).
    """

    status: str
    done: Done | None = None
    refused: Refused | None = None
    due: datetime | None = None
    attempts: int = 0


def ring(
    machines: Machines,
    timer: Waiting,
    situation: Situation,
    fire: Callable[[Machines, Ask, Situation], Done | Refused],
) -> Rung:
    """Return what a timer does now; `situation.entered` names the latest entry of its workflow.

    The condition is asked again here, under the lock, because the time between has changed things.
    """
    workflow = machines.workflows[timer.workflow]
    state = str(situation.facts.get(workflow.field))
    edges = [one for one in workflow.named(timer.transition) if one.leads_from(state)]
    if timer.entered != situation.entered or not edges:
        return Rung("cancelled")
    ask = Ask(timer.workflow, timer.transition, Asker(TIMER))
    clock = edges[0].timer
    if clock is not None and not holds(clock.when, situation.facts, context(ask, situation, state)):
        if not clock.again and not clock.every:
            return Rung("cancelled")
        due = situation.now + timedelta(seconds=clock.again)
        if not clock.again:
            due = next_beat(timer.due, clock.every, situation.now)
        return Rung("again", due=due, attempts=timer.attempts)
    outcome = fire(machines, ask, situation)
    if isinstance(outcome, Done):
        return Rung("fired", outcome)
    attempts = timer.attempts + 1
    if attempts >= MOST:
        return Rung("dead", refused=outcome, attempts=attempts)
    due = situation.now + min(FIRST * 2 ** (attempts - 1), LONGEST)
    return Rung("again", refused=outcome, due=due, attempts=attempts)
