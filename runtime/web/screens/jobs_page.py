"""The list of background work: what is wrong, every job with its next and latest run, the queues.

In: rows of runs and incidents, and the definitions. Out: a frozen page. How the queues stand is
for those who operate something.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generator.model.job import QUEUES
from runtime.jobs import desk, watching
from runtime.jobs.desk import JobState
from runtime.web.screens.numbers import number
from runtime.web.screens.progress_page import Moment, moment
from runtime.web.screens.run_lines import (
    ADDRESS,
    RunLine,
    job_label,
    queue_label,
    rule_words,
    run_line,
    run_url,
)
from runtime.web.screens.visit import Visit


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job in the list of jobs."""

    url: str
    label: str
    rule: str
    next: Moment | None
    paused: bool
    last: RunLine | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """An incident about background work."""

    id: str
    words: str
    label: str
    url: str
    since: Moment
    why: str


@dataclass(frozen=True, slots=True)
class QueueLine:
    """How a queue stands."""

    name: str
    waiting: str
    working: str
    oldest: Moment | None


@dataclass(frozen=True, slots=True)
class JobsPage:
    """Everything `jobs.html` draws."""

    troubles: tuple[Trouble, ...]
    jobs: tuple[JobLine, ...]
    runs: tuple[RunLine, ...]
    queues: tuple[QueueLine, ...]
    alive: tuple[tuple[str, Moment], ...]
    scheduler_is_away: bool
    workers_are_away: bool


def jobs_page(visit: Visit, names: Mapping[int, str]) -> JobsPage:
    """Return the page of all jobs somebody operates and of their own runs."""
    runtime, actor = visit.runtime, visit.actor
    is_operator = desk.is_operator(runtime, actor)
    health = desk.health(runtime) if is_operator else None
    kinds = {one.kind for one in health.alive} if health is not None else set()
    return JobsPage(
        tuple(_trouble(visit, one) for one in desk.troubles(runtime, actor)),
        tuple(_job(visit, one, names) for one in desk.states(runtime, actor)),
        tuple(run_line(visit, one, names) for one in desk.recent(runtime, actor)),
        tuple(_queue(visit, name, health) for name in QUEUES) if health is not None else (),
        tuple((one.name, moment(visit, one.at)) for one in health.alive) if health else (),
        is_operator and "scheduler" not in kinds,
        is_operator and "worker" not in kinds,
    )


def _job(visit: Visit, state: JobState, names: Mapping[int, str]) -> JobLine:
    return JobLine(
        f"{ADDRESS}{state.job.name}",
        visit.text(state.job.label),
        rule_words(visit, state.job),
        moment(visit, state.next_at) if state.next_at and not state.paused_at else None,
        state.paused_at is not None,
        run_line(visit, state.last, names) if state.last is not None else None,
    )


def _trouble(visit: Visit, one: Any) -> Trouble:
    t, facts = visit.t, one.facts
    words = {
        watching.FAILED: t("A run failed after its last attempt", "job"),
        watching.STUCK: t("A run does not end", "job"),
        watching.LATE: t("A run waits for too long", "job"),
        watching.NEVER_RUN: t("A job did not run at its time", "job"),
    }
    is_run = one.kind != watching.NEVER_RUN
    return Trouble(
        one.id,
        words[one.kind],
        job_label(visit, facts["job"]),
        run_url(one.about_id) if is_run else f"{ADDRESS}{facts['job']}",
        moment(visit, one.opened_at),
        str(facts.get("why", "")),
    )


def _queue(visit: Visit, name: str, health: desk.Health) -> QueueLine:
    waiting, working, since = health.queues.get(name, (0, 0, None))
    return QueueLine(
        queue_label(visit, name),
        number(visit, waiting),
        number(visit, working),
        moment(visit, since) if since is not None else None,
    )
