"""One run: how far it is, what became of its records, its files and its log.

In: the rows of the run. Out: a frozen page. What a run was told is shown; what it must not tell,
such as the trace of a fault, is for those who operate its job.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generator.field_types import Cell
from generator.model.job import Job
from generator.model.text import Label
from generator.resolve.fields import humanize
from runtime.jobs import afterwards, desk, telling
from runtime.jobs.own import own_job
from runtime.jobs.tables import FINAL
from runtime.jobs.telling import ToldRow
from runtime.operations.bulk import CHANGES
from runtime.steps.backtest import REPORT
from runtime.web.screens.backtest_page import Report, report_of
from runtime.web.screens.import_run import ImportBox, import_box
from runtime.web.screens.numbers import number
from runtime.web.screens.progress_page import Moment, moment
from runtime.web.screens.run_lines import (
    ADDRESS,
    counts_of,
    job_label,
    queue_label,
    run_url,
    state_of,
    status_cell,
    took,
    who,
)
from runtime.web.screens.visit import Visit, plural, record_url


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
    report: Report | None = None
    """What a backtest found."""
    note: str = ""
    """What is special about it: a preview, or what it undoes."""
    may_rest: bool = False
    may_undo: bool = False
    may_carry_out: bool = False
    box: ImportBox | None = None
    """What a run of an import adds."""


def run_page(
    visit: Visit,
    run: Any,
    names: Mapping[int, str],
    rows: Sequence[ToldRow],
    titles: Mapping[Any, str],
) -> RunPage:
    """Return the page of one run."""
    runtime, actor = visit.runtime, visit.actor
    operates = desk.operates_run(runtime, actor, run)
    job = visit.app.jobs.get(run.job) or own_job(runtime, run.job)
    over = run.state in FINAL
    total = int(run.total or 0)
    offered = afterwards.offers(runtime, run, actor.id)
    files = tuple(_file(visit, run, one) for one in telling.files(runtime, actor, run))
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
        counts=tuple(counts_of(visit, run)),
        files=files,
        rows=tuple(_row(visit, one, titles) for one in rows),
        more_rows=len(rows) == desk.MOST_ROWS,
        rows_url=f"{run_url(run.id)}/rows.csv" if run.counts else "",
        log=tuple(_line(visit, one) for one in desk.log_of(runtime, run.id)),
        error=_error(visit, run, operates),
        may_cancel=not over and not run.cancel_requested,
        stopping=not over and bool(run.cancel_requested),
        may_retry=run.state in ("failed", "cancelled"),
        url=run_url(run.id),
        report=_report(visit, run),
        note=_note(visit, run),
        may_rest=offered.rest,
        may_undo=offered.undo,
        may_carry_out=offered.carry_out,
        box=import_box(visit, run, rows, [one.url for one in files]),
    )


def _report(visit: Visit, run: Any) -> Report | None:
    found = run.result.get(REPORT) if isinstance(run.result, Mapping) else None
    return report_of(visit, found) if isinstance(found, Mapping) else None


def _note(visit: Visit, run: Any) -> str:
    if run.job == CHANGES and afterwards.is_preview(run):
        return visit.t("This is a preview: nothing has been changed.", "run")
    made = run.result.get("export", {}) if isinstance(run.result, Mapping) else {}
    if "fault" in made:
        return visit.text(Label(made["fault"]))
    if run.job in telling.FOR_ONE and run.state == "succeeded":
        return visit.t("Fetch the file below. It is kept for some days, for you alone.")
    if (run.input or {}).get("undo_of"):
        return visit.t("This undoes an earlier change, where nobody has changed a record since.")
    return ""


def _facts(
    visit: Visit, run: Any, names: Mapping[int, str], job: Job | None
) -> list[tuple[str, str]]:
    t = visit.t
    told = [(t("Asked by", "run"), who(visit, run, names))]
    if run.slot_at is not None:
        told.append((t("For", "run"), moment(visit, run.slot_at).text))
    told.append((t("Asked at", "run"), moment(visit, run.created_at).text))
    if run.started_at is not None:
        told.append((t("Began", "run"), moment(visit, run.started_at).text))
    if run.finished_at is not None:
        told.append((t("Ended", "run"), moment(visit, run.finished_at).text))
    elif run.state == "queued" and run.due_at > visit.runtime.clock():
        told.append((t("Not before", "run"), moment(visit, run.due_at).text))
    if took(visit, run):
        told.append((t("Took", "run"), took(visit, run)))
    told.append((t("Attempts"), f"{run.attempt} / {run.max_attempts}"))
    told.append((t("Queue", "run"), queue_label(visit, run.queue)))
    told += _export_facts(visit, run)
    given = (run.input or {}).get("parameters")
    for name, value in (given or {}).items():
        field = job.parameters.get(name) if job is not None else None
        option = field.args.get("options", {}).get(value) if field is not None else None
        text = visit.text(option["label"]) if option else "–" if value is None else str(value)
        told.append((visit.text(field.label) if field is not None else name, text))
    for name, value in _result(run).items():
        told.append((_found_label(visit, name), str(value)))
    return told


def _export_facts(visit: Visit, run: Any) -> list[tuple[str, str]]:
    """Return what an export is of, and what it was saved as."""
    given = run.input or {}
    entity = visit.app.entities.get(str(given.get("entity")))
    if run.job not in telling.FOR_ONE or entity is None:
        return []
    told = [(visit.t("Records", "export"), plural(visit, entity))]
    if given.get("name"):
        told.append((visit.t("Saved export"), str(given["name"])))
    return told


def _result(run: Any) -> Mapping[str, Any]:
    found = run.result if isinstance(run.result, Mapping) else {}
    return {name: one for name, one in found.items() if isinstance(one, (str, int, float))}


def _found_label(visit: Visit, name: str) -> str:
    t = visit.t
    return {
        "exported": t("Rows written", "run"),
        "sent": t("Recipients", "run"),
        "expired": t("Ran out of time", "run"),
        "balances": t("Balances checked", "run"),
        "entries": t("Entries replayed", "run"),
        "drifts": t("Numbers that drifted", "run"),
        "rows": t("Rows checked", "run"),
        "seals": t("Seals checked", "run"),
        "findings": t("What does not agree", "run"),
        "created": t("Created", "run"),
        "carts": t("Orders played through", "run"),
        "changed": t("Orders that differ", "run"),
        "kept_rows": t("Rows kept", "run"),
        "kept_files": t("Files kept", "run"),
        "bytes": t("Bytes", "run"),
        "at": t("Archive", "run"),
        "tried": t("Rows loaded on trial", "run"),
        "removed": t("Old archives removed", "run"),
    }.get(name, humanize(name))


def _progress(visit: Visit, run: Any, total: int) -> str:
    t, done = visit.t, int(run.done)
    if total:
        return t("{n} of {all}", n=number(visit, done), all=number(visit, total))
    return t("{n} done", n=number(visit, done)) if done else ""


def _row(visit: Visit, row: ToldRow, titles: Mapping[Any, str]) -> RowLine:
    title = titles.get((row.entity, row.record_id), "")
    return RowLine(
        title or row.record_id[:8] or visit.t("A record out of your reach"),
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
    elif one.code == "passed_over":
        text = t("{n} of {all} recipients may not have it.", n=params["passed"], all=params["all"])
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
