"""One job: when it runs, the form that starts it, and its latest runs.

In: the job and how it stands. Out: a frozen page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from types import MappingProxyType
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from generator.model.job import Job
from rules.schedules import next_runs
from runtime.errors import RequestError
from runtime.jobs import desk
from runtime.jobs.desk import JobState
from runtime.steps.backtest import REPORT
from runtime.web.screens import form_state
from runtime.web.screens.form_controls import control
from runtime.web.screens.form_drawing import Drawing
from runtime.web.screens.form_errors import messages_of
from runtime.web.screens.form_model import Control
from runtime.web.screens.form_state import FormField, State
from runtime.web.screens.progress_page import Moment, moment
from runtime.web.screens.run_lines import ADDRESS, RunLine, rule_words, run_line
from runtime.web.screens.visit import Visit

COMING = 3
"""Times that the page of a job foretells."""


@dataclass(frozen=True, slots=True)
class JobPage:
    """Everything `job.html` draws."""

    name: str
    label: str
    help: str
    rule: str
    role: str
    paused: str
    has_schedule: bool
    coming: tuple[Moment, ...]
    controls: tuple[Control, ...]
    runs: tuple[RunLine, ...]
    action: str
    errors: tuple[str, ...] = ()


def job_page(
    visit: Visit,
    state: JobState,
    names: Mapping[int, str],
    typed: State | None = None,
    refusal: RequestError | None = None,
    preset: State = MappingProxyType({}),
) -> JobPage:
    """Return the page of one job, with the form that starts it."""
    job, t = state.job, visit.t
    fields = parameter_fields(visit, job)
    known = {**form_state.state_of_new(visit, fields), **preset} if typed is None else typed
    drawing = Drawing(visit, known, {}, messages_of(visit, refusal), ids="p-")
    role = visit.app.roles.get(job.role)
    coming: list[datetime] = []
    if job.schedule is not None and state.paused_at is None:
        zone = ZoneInfo(job.schedule.zone)
        coming = list(islice(next_runs(job.schedule, visit.runtime.clock(), zone), COMING))
    paused = ""
    if state.paused_at is not None:
        when = moment(visit, state.paused_at).text
        paused = t("Paused by {name} since {when}.", name=state.paused_by, when=when)
    found = desk.recent(visit.runtime, visit.actor, job.name)
    return JobPage(
        name=job.name,
        label=visit.text(job.label),
        help=visit.text(job.help) if job.help is not None else "",
        rule=rule_words(visit, job),
        role=visit.text(role.label) if role is not None else t("The back office itself", "run"),
        paused=paused,
        has_schedule=job.schedule is not None,
        coming=tuple(moment(visit, one) for one in coming),
        controls=tuple(control(drawing, one) for one in fields),
        runs=tuple(run_line(visit, one, names) for one in found),
        action=f"{ADDRESS}{job.name}",
        errors=tuple(
            visit.text(one.message)
            for one in (refusal.errors if refusal is not None else ())
            if one.field not in job.parameters
        ),
    )


def parameter_fields(visit: Visit, job: Job) -> tuple[FormField, ...]:
    """Return the fields of the form that starts a job."""
    return tuple(
        FormField(field, form_state.control_kind(visit, field)) for field in job.parameters.values()
    )


def trial_url(visit: Visit, entity: str, name: str) -> str:
    """Return the address where a promotion is tried on what was bought; '' for who may not."""
    for job in desk.operated(visit.runtime, visit.actor):
        for step in job.steps:
            if step.word == REPORT and visit.app.entities[entity].promotion is not None:
                return f"{ADDRESS}{job.name}?{urlencode({step.given['promotion']: name})}"
    return ""
