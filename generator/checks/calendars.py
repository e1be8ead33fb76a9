"""Calendars that something is counted by: schedules of jobs, timers, watchdogs and reminders.

Comes in: the resolved model. Goes out: D925, once for each calendar that is never open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.kinds import Catalog
from generator.model.app import App
from generator.model.job import Calendar
from generator.places import Places
from generator.problems import Problem
from generator.saying import say


def check(app: App, catalogs: Mapping[str, Catalog[Any]], places: Places) -> Iterator[Problem]:
    """Yield the calendars that are counted by and have no working day."""
    used = {one.name: one for one in _used(app)}
    for name, calendar in used.items():
        if not calendar.days and not calendar.open:
            message = say("The calendar '{name}' has no working day.", name=name)
            yield Problem("D925", calendar.span, message, "Write its days, as `days: [mon, tue]`.")


def _used(app: App) -> Iterator[Calendar]:
    for job in app.jobs.values():
        if job.schedule is not None and job.schedule.calendar is not None:
            yield job.schedule.calendar
    for workflows in app.workflows.values():
        for workflow in workflows.values():
            for clock in workflow.clocks:
                if clock.calendar is not None:
                    yield clock.calendar
