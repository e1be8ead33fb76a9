"""Background work as pages show it: the list of jobs, one job, one run, and how the queues stand.

In: rows of runs, logs and files, and the definitions. Out: frozen values for the templates, with
every sentence in the reader's language. What a run was told is shown; what it must not tell, such
as the trace of a fault, is for those who operate its job.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from generator.field_types import Cell
from generator.model.job import QUEUES, Job
from generator.model.text import Label
from generator.resolve.fields import humanize
from rules.schedules import next_runs
from runtime.errors import RequestError
from runtime.jobs import desk, watching
from runtime.jobs.desk import JobState
from runtime.jobs.tables import FINAL
from runtime.web.screens import form_state
from runtime.web.screens.cron_words import cron_words
from runtime.web.screens.form_controls import control
from runtime.web.screens.form_drawing import Drawing
from runtime.web.screens.form_errors import messages_of
from runtime.web.screens.form_model import Control
from runtime.web.screens.form_state import FormField, State
from runtime.web.screens.numbers import number
from runtime.web.screens.progress_page import Moment, moment
from runtime.web.screens.visit import Visit, record_url

ADDRESS = "/jobs/"
TONES = {
    "queued": "neutral",
    "running": "info",
    "succeeded": "success",
    "failed": "critical",
    "cancelled": "warning",
}
COMING = 3
"""Times that the page of a job foretells."""
SECRET = ("targets", "person", "body", "parameters", "slot", "log")
"""Of what a run was told, what the page does not list as it is."""


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run in a list."""

    url: str
    label: str
    state: Cell
    when: Moment
    took: str
    who: str
    counts: str


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


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a run's log."""

    at: Moment
    level: str
    text: str


@dataclass(frozen=True, slots=True)
class RowLine:
    """What became of a record."""

    title: str
    url: str
    state: Cell
    why: str


@dataclass(frozen=True, slots=True)
class FileLine:
    """A file of a run."""

    url: str
    name: str
    size: str
    until: Moment


@dataclass(frozen=True, slots=True)
class RunPage:
    """Everything `job_run.html` draws."""

    id: str
    label: str
    job_url: str
    state: Cell
    is_over: bool
    facts: tuple[tuple[str, str], ...]
    done: int
    total: int
    progress: str
    message: str
    counts: tuple[Cell, ...]
    files: tuple[FileLine, ...]
    rows: tuple[RowLine, ...]
    more_rows: bool
    rows_url: str
    log: tuple[LogLine, ...]
    error: str
    may_cancel: bool
    stopping: bool
    may_retry: bool
    url: str


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


def people_in(found: Sequence[Any]) -> set[int]:
    """Return the accounts that runs name."""
    return {int(one.created_by) for one in found if one is not None and one.created_by}


def job_page(
    visit: Visit,
    state: JobState,
    names: Mapping[int, str],
    typed: State | None = None,
    refusal: RequestError | None = None,
) -> JobPage:
    """Return the page of one job, with the form that starts it."""
    job, t = state.job, visit.t
    fields = parameter_fields(visit, job)
    known = form_state.state_of_new(visit, fields) if typed is None else typed
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
        role=visit.text(role.label) if role is not None else job.role,
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


def rule_words(visit: Visit, job: Job) -> str:
    """Return when a job runs in words, or as its author wrote it, with zone and calendar."""
    rule, t = job.schedule, visit.t
    if rule is None:
        return t("When somebody or a workflow starts it", "job")
    words = t("Every {time}", time=rule.text) if rule.every else rule.text
    if rule.cron is not None:
        words = cron_words(visit, rule.cron) or words
    words = f"{words} · {rule.zone}"
    if rule.calendar is not None:
        words = f"{words} · {visit.text(rule.calendar.label)}"
    return words


def run_line(visit: Visit, run: Any, names: Mapping[int, str]) -> RunLine:
    """Return a run as a list shows it."""
    at = run.started_at or run.due_at
    return RunLine(
        url=run_url(run.id),
        label=job_label(visit, run.job),
        state=state_of(visit, run),
        when=moment(visit, at),
        took=_took(visit, run),
        who=_who(visit, run, names),
        counts=_counts_text(visit, run),
    )


def run_url(run_id: str) -> str:
    """Return the address of a run."""
    return f"{ADDRESS}runs/{run_id}"


def job_label(visit: Visit, name: str) -> str:
    """Return what a job is called; those of the engine have words of their own."""
    job, t = visit.app.jobs.get(name), visit.t
    if job is not None:
        return visit.text(job.label)
    return {
        "outside_call": t("Call of another system", "job"),
        "outside_event": t("Event of another system", "job"),
        "renew": t("Formulas that follow", "job"),
        "seed_rows": t("Rows of the demo", "job"),
        "transitions": t("Step of many records", "job"),
    }.get(name, humanize(name))


def state_of(visit: Visit, run: Any) -> Cell:
    """Return the badge of a run."""
    t = visit.t
    words = {
        "queued": t("Waiting", "run"),
        "running": t("Running", "run"),
        "succeeded": t("Done", "run"),
        "failed": t("Failed", "run"),
        "cancelled": t("Cancelled", "run"),
    }
    if run.state == "queued" and run.attempt:
        return Cell(t("Waiting for another attempt", "run"), "badge", "attention")
    refused = sum(count for name, count in (run.counts or {}).items() if name != "ok")
    if run.state == "succeeded" and refused:
        return Cell(t("Done, with refusals", "run"), "badge", "attention")
    return Cell(words[run.state], "badge", TONES[run.state])


def run_page(
    visit: Visit, run: Any, names: Mapping[int, str], titles: Mapping[Any, str]
) -> RunPage:
    """Return the page of one run."""
    runtime, actor = visit.runtime, visit.actor
    operates = desk.operates_run(runtime, actor, run)
    job = visit.app.jobs.get(run.job)
    rows = desk.rows_of(runtime, run.id, refused=True)
    over = run.state in FINAL
    total = int(run.total or 0)
    return RunPage(
        id=run.id,
        label=job_label(visit, run.job),
        job_url=f"{ADDRESS}{run.job}" if job is not None and operates else "",
        state=state_of(visit, run),
        is_over=over,
        facts=tuple(_facts(visit, run, names, job)),
        done=int(run.done),
        total=total,
        progress=_progress(visit, run, total),
        message=run.message or "" if not over else "",
        counts=tuple(_counts(visit, run)),
        files=tuple(_file(visit, run, one) for one in desk.files_of(runtime, run.id)),
        rows=tuple(_row(visit, one, titles) for one in rows),
        more_rows=len(rows) == desk.MOST_ROWS,
        rows_url=f"{run_url(run.id)}/rows.csv" if run.counts else "",
        log=tuple(_line(visit, one) for one in desk.log_of(runtime, run.id)),
        error=_error(visit, run, operates),
        may_cancel=not over and not run.cancel_requested,
        stopping=not over and bool(run.cancel_requested),
        may_retry=run.state in ("failed", "cancelled"),
        url=run_url(run.id),
    )


def _facts(
    visit: Visit, run: Any, names: Mapping[int, str], job: Job | None
) -> list[tuple[str, str]]:
    t = visit.t
    told = [(t("Asked by", "run"), _who(visit, run, names))]
    if run.slot_at is not None:
        told.append((t("For", "run"), moment(visit, run.slot_at).text))
    told.append((t("Asked at", "run"), moment(visit, run.created_at).text))
    if run.started_at is not None:
        told.append((t("Began", "run"), moment(visit, run.started_at).text))
    if run.finished_at is not None:
        told.append((t("Ended", "run"), moment(visit, run.finished_at).text))
    elif run.state == "queued" and run.due_at > visit.runtime.clock():
        told.append((t("Not before", "run"), moment(visit, run.due_at).text))
    if _took(visit, run):
        told.append((t("Took", "run"), _took(visit, run)))
    told.append((t("Attempts"), f"{run.attempt} / {run.max_attempts}"))
    told.append((t("Queue", "run"), queue_label(visit, run.queue)))
    given = (run.input or {}).get("parameters")
    for name, value in (given or {}).items():
        label = job.parameters[name].label if job is not None and name in job.parameters else None
        told.append((visit.text(label) if label else name, "–" if value is None else str(value)))
    for name, value in _result(run).items():
        told.append((_found_label(visit, name), str(value)))
    return told


def _result(run: Any) -> Mapping[str, Any]:
    found = run.result if isinstance(run.result, Mapping) else {}
    return {name: one for name, one in found.items() if isinstance(one, (str, int, float))}


def _found_label(visit: Visit, name: str) -> str:
    t = visit.t
    return {
        "exported": t("Rows written", "run"),
        "expired": t("Ran out of time", "run"),
        "balances": t("Balances checked", "run"),
        "entries": t("Entries replayed", "run"),
        "drifts": t("Numbers that drifted", "run"),
        "rows": t("Rows checked", "run"),
        "seals": t("Seals checked", "run"),
        "findings": t("What does not agree", "run"),
        "created": t("Created", "run"),
    }.get(name, humanize(name))


def _who(visit: Visit, run: Any, names: Mapping[int, str]) -> str:
    t = visit.t
    if run.created_by:
        return names.get(int(run.created_by), t("Somebody who left"))
    return {
        "schedule": t("Schedule", "run"),
        "workflow": t("Workflow", "run"),
    }.get(run.source, t("The back office itself", "run"))


def _took(visit: Visit, run: Any) -> str:
    if run.started_at is None:
        return ""
    end = run.finished_at or visit.runtime.clock()
    seconds = max(int((end - run.started_at).total_seconds()), 0)
    return str(timedelta(seconds=seconds))


def _progress(visit: Visit, run: Any, total: int) -> str:
    t, done = visit.t, int(run.done)
    if total:
        return t("{n} of {all}", n=number(visit, done), all=number(visit, total))
    return t("{n} done", n=number(visit, done)) if done else ""


STATUS_TONES = {"ok": "success", "blocked": "attention", "conflict": "warning"}


def status_cell(visit: Visit, status: str, count: int | None = None) -> Cell:
    """Return what became of a record as a badge, with how many where it is known."""
    t = visit.t
    words = {
        "ok": t("Done", "row"),
        "blocked": t("Blocked", "row"),
        "conflict": t("Changed meanwhile", "row"),
        "forbidden": t("Not allowed", "row"),
        "gone": t("Not there", "row"),
        "invalid": t("Not valid", "row"),
    }.get(status, status)
    text = words if count is None else f"{words}: {number(visit, count)}"
    return Cell(text, "badge", STATUS_TONES.get(status, "critical"))


def _counts(visit: Visit, run: Any) -> list[Cell]:
    return [status_cell(visit, name, count) for name, count in sorted((run.counts or {}).items())]


def _counts_text(visit: Visit, run: Any) -> str:
    return " · ".join(one.text for one in _counts(visit, run))


def _row(visit: Visit, row: Any, titles: Mapping[Any, str]) -> RowLine:
    title = titles.get((row.entity, row.record_id), "")
    return RowLine(
        title or row.record_id[:8],
        record_url(row.entity, row.record_id) if title else "",
        status_cell(visit, row.status),
        visit.text(Label(row.message)) if row.message else row.code or "",
    )


def _file(visit: Visit, run: Any, one: Any) -> FileLine:
    return FileLine(
        f"{run_url(run.id)}/files/{one.id}",
        one.name,
        _size(one.size),
        moment(visit, one.expires_at),
    )


def _size(size: int) -> str:
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.0f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"


def _line(visit: Visit, one: Any) -> LogLine:
    t, params = visit.t, one.params or {}
    text = one.text
    if one.code == "step":
        word = params.get("word", "")
        text = t("Step {n} of {all}: {word}", n=params["step"], all=params["of"], word=word)
    elif one.code == "worker_lost":
        text = t("The worker stopped answering; the run goes on with another.")
    elif one.code == "drift":
        text = t(
            "{ledger}: {name} is {kept}, and {should} by its {source}",
            ledger=params["ledger"],
            name=params["number"],
            kept=params["kept"],
            should=params["should"],
            source=params["by"],
        )
    elif one.code == "finding":
        text = visit.text(Label(params["texts"]))
    return LogLine(moment(visit, one.at), one.level, text)


def _error(visit: Visit, run: Any, operates: bool) -> str:
    if not run.error or run.state == "succeeded":
        return ""
    lines = run.error.strip().splitlines()
    if operates:
        return "\n".join(lines[-30:])
    return visit.t("Something went wrong; whoever operates the job sees what.")


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


def queue_label(visit: Visit, name: str) -> str:
    """Return what a queue is called."""
    t = visit.t
    return {
        "critical": t("Urgent", "queue"),
        "default": t("Ordinary", "queue"),
        "bulk": t("Large", "queue"),
    }.get(name, name)


def _queue(visit: Visit, name: str, health: desk.Health) -> QueueLine:
    waiting, working, since = health.queues.get(name, (0, 0, None))
    return QueueLine(
        queue_label(visit, name),
        number(visit, waiting),
        number(visit, working),
        moment(visit, since) if since is not None else None,
    )
