"""Words about runs that every page of background work shares: a run as a line, its state, its job.

In: rows of runs and the definitions. Out: frozen values for the templates, with every sentence in
the reader's language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from generator.field_types import Cell
from generator.model.job import Job, Schedule
from generator.resolve.fields import humanize
from runtime.web.screens.cron_words import cron_words
from runtime.web.screens.numbers import number
from runtime.web.screens.progress_page import Moment, moment
from runtime.web.screens.visit import Visit

ADDRESS = "/jobs/"
TONES = {
    "queued": "neutral",
    "running": "info",
    "succeeded": "success",
    "failed": "critical",
    "cancelled": "warning",
}
STATUS_TONES = {
    "ok": "success",
    "created": "success",
    "updated": "success",
    "unchanged": "neutral",
    "skipped": "neutral",
    "blocked": "attention",
    "conflict": "warning",
}

FINE = frozenset({"ok", "created", "updated", "unchanged", "skipped"})
"""What became of records that were not refused."""


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


def run_line(visit: Visit, run: Any, names: Mapping[int, str]) -> RunLine:
    """Return a run as a list shows it."""
    at = run.started_at or run.due_at
    return RunLine(
        url=run_url(run.id),
        label=job_label(visit, run.job),
        state=state_of(visit, run),
        when=moment(visit, at),
        took=took(visit, run),
        who=who(visit, run, names),
        counts=counts_text(visit, run),
    )


def run_url(run_id: str) -> str:
    """Return the address of a run."""
    return f"{ADDRESS}runs/{run_id}"


def people_in(found: Sequence[Any]) -> set[int]:
    """Return the accounts that runs name."""
    return {int(one.created_by) for one in found if one is not None and one.created_by}


def job_label(visit: Visit, name: str) -> str:
    """Return what a job is called; those of the engine have words of their own."""
    job, t = visit.app.jobs.get(name), visit.t
    if job is not None:
        return visit.text(job.label)
    return {
        "changes": t("Change of many records", "job"),
        "copy_person": t("Copy of a person's data", "job"),
        "export_rows": t("Export of records", "job"),
        "import_rows": t("Import of a file", "job"),
        "check_alert": t("Look at an alert", "job"),
        "outside_call": t("Call of another system", "job"),
        "outside_event": t("Event of another system", "job"),
        "renew": t("Formulas that follow", "job"),
        "seed_rows": t("Rows of the demo", "job"),
        "send_export": t("Sending a saved export", "job"),
        "transitions": t("Step of many records", "job"),
        "trim_log": t("Remove old entries of the log", "job"),
    }.get(name, humanize(name))


def rule_words(visit: Visit, job: Job) -> str:
    """Return when a job runs in words, or as its author wrote it, with zone and calendar."""
    if job.schedule is None:
        return visit.t("When somebody or a workflow starts it", "job")
    return schedule_words(visit, job.schedule)


def schedule_words(visit: Visit, rule: Schedule) -> str:
    """Return a schedule in words, or as its author wrote it, with zone and calendar."""
    words = visit.t("Every {time}", time=rule.text) if rule.every else rule.text
    if rule.cron is not None:
        words = cron_words(visit, rule.cron) or words
    words = f"{words} · {rule.zone}"
    if rule.calendar is not None:
        words = f"{words} · {visit.text(rule.calendar.label)}"
    return words


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
    if isinstance(run.result, Mapping) and "fault" in run.result.get("import", ()):
        return Cell(t("Not imported", "run"), "badge", "critical")
    if isinstance(run.result, Mapping) and "fault" in run.result.get("export", ()):
        return Cell(t("Not exported", "run"), "badge", "critical")
    refused = sum(count for name, count in (run.counts or {}).items() if name not in FINE)
    if run.state == "succeeded" and refused:
        return Cell(t("Done, with refusals", "run"), "badge", "attention")
    return Cell(words[run.state], "badge", TONES[run.state])


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
        "created": t("Created", "row"),
        "updated": t("Changed", "row"),
        "unchanged": t("As it was", "row"),
        "skipped": t("Passed over", "row"),
        "refused": t("Refused", "row"),
    }.get(status, status)
    text = words if count is None else f"{words}: {number(visit, count)}"
    return Cell(text, "badge", STATUS_TONES.get(status, "critical"))


def queue_label(visit: Visit, name: str) -> str:
    """Return what a queue is called."""
    t = visit.t
    return {
        "critical": t("Urgent", "queue"),
        "default": t("Ordinary", "queue"),
        "bulk": t("Large", "queue"),
    }.get(name, name)


def who(visit: Visit, run: Any, names: Mapping[int, str]) -> str:
    t = visit.t
    if run.created_by:
        return names.get(int(run.created_by), t("Somebody who left"))
    return {
        "schedule": t("Schedule", "run"),
        "workflow": t("Workflow", "run"),
    }.get(run.source, t("The back office itself", "run"))


def took(visit: Visit, run: Any) -> str:
    if run.started_at is None:
        return ""
    end = run.finished_at or visit.runtime.clock()
    seconds = max(int((end - run.started_at).total_seconds()), 0)
    if not seconds and run.finished_at is not None:
        return visit.t("less than a second", "run")
    return str(timedelta(seconds=seconds))


def counts_of(visit: Visit, run: Any) -> list[Cell]:
    return [status_cell(visit, name, count) for name, count in sorted((run.counts or {}).items())]


def counts_text(visit: Visit, run: Any) -> str:
    return " · ".join(one.text for one in counts_of(visit, run))
