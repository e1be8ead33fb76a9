"""Background work: the list of jobs, one job with the form that starts it, one run as it goes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request

from generator.field_types._ids import WRITTEN
from generator.model.text import Label
from runtime.errors import Conflict, Invalid, NotFound
from runtime.jobs import afterwards, results, telling
from runtime.jobs import desk as work
from runtime.store.trail import Trail
from runtime.web import spreadsheets
from runtime.web.screens import doors, form_state, job_page, jobs_page, run_page
from runtime.web.screens.desk import Addresses, Answer, Desk, texts_of
from runtime.web.screens.run_lines import ADDRESS, people_in, run_url, status_cell
from runtime.web.screens.visit import Visit

AFTERWARDS = {
    "rest": afterwards.start_rest,
    "undo": afterwards.start_undo,
    "carry_out": afterwards.carry_out,
}
"""What makes a run of its own; the page goes there."""


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Jobs(desk)
    rule = screens.add_url_rule
    rule(ADDRESS, "jobs", views.show)
    rule(f"{ADDRESS}<name>", "job", views.job)
    rule(f"{ADDRESS}<name>", "job_start", views.start, methods=["POST"])
    rule(f"{ADDRESS}<name>/pause", "job_pause", views.pause, methods=["POST"])
    rule(f"{ADDRESS}incidents/<incident_id>", "job_settle", views.settle, methods=["POST"])
    rule(f"{ADDRESS}runs/<run_id>", "job_run", views.run)
    rule(f"{ADDRESS}runs/<run_id>", "job_act", views.act, methods=["POST"])
    rule(f"{ADDRESS}runs/<run_id>/rows.csv", "job_rows", views.rows)
    rule(f"{ADDRESS}runs/<run_id>/files/<file_id>", "job_file", views.file)


class Jobs:
    """What people see of background work, and do about it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def show(self) -> Answer:
        """Show every job somebody operates, their runs, and how the queues stand."""
        visit = self.desk.visit()
        found = work.recent(visit.runtime, visit.actor)
        last = [one.last for one in work.states(visit.runtime, visit.actor)]
        page = jobs_page.jobs_page(visit, self._names([*found, *last]))
        return render_template("jobs.html", page=page)

    def job(self, name: str) -> Answer:
        """Show one job."""
        visit = self.desk.visit()
        job = work.job_of(visit.runtime, visit.actor, name)
        fields = job_page.parameter_fields(visit, job)
        preset = form_state.state_of_post(visit, fields, texts_of(request.args))
        return render_template("job.html", page=self._job_page(visit, name, preset=preset))

    def start(self, name: str) -> Answer:
        """Start a run with what was typed."""
        visit = self.desk.visit()
        job = work.job_of(visit.runtime, visit.actor, name)
        fields = job_page.parameter_fields(visit, job)
        typed = form_state.state_of_post(visit, fields, texts_of(request.form))
        values = form_state.values_of(visit, fields, typed, changes=True)
        try:
            run_id = work.run_now(visit.runtime, self._trail(visit), name, values)
        except Invalid as refusal:
            page = self._job_page(visit, name, typed, refusal)
            return render_template("job.html", page=page), 422
        return redirect(run_url(run_id), 303)

    def pause(self, name: str) -> Answer:
        """Stop a schedule, or let it go on."""
        visit = self.desk.visit()
        paused = request.form.get("paused") == "1"
        work.pause(visit.runtime, self._trail(visit), name, paused=paused)
        said = visit.t("Paused.", "job") if paused else visit.t("It goes on.", "job")
        flash(said, "success")
        return redirect(f"{ADDRESS}{name}", 303)

    def settle(self, incident_id: str) -> Answer:
        """Close an incident that somebody has looked at."""
        visit = self.desk.visit()
        work.settle(visit.runtime, self._trail(visit), incident_id)
        return redirect(ADDRESS, 303)

    def run(self, run_id: str) -> Answer:
        """Show one run; htmx asks for its moving part alone while it is not over."""
        visit, run = self._run(run_id)
        page = self._run_page(visit, run)
        if request.headers.get("HX-Request") == "true":
            return render_template("job_run_live.html", page=page)
        return render_template("job_run.html", page=page)

    def act(self, run_id: str) -> Answer:
        """Cancel a run, try it again, or go on from what it did."""
        visit, run = self._run(run_id)
        trail, action = self._trail(visit), request.form.get("action", "")
        try:
            if action == "cancel":
                state = work.cancel(visit.runtime, trail, run.id)
                said = visit.t("Cancelled.", "run")
                if state == "running":
                    said = visit.t("It stops after what it is doing now.", "run")
                flash(said, "success")
            elif action == "retry":
                work.retry(visit.runtime, trail, run.id)
                flash(visit.t("It is tried again.", "run"), "success")
            elif action in AFTERWARDS:
                run_id = AFTERWARDS[action](visit.runtime, trail, run.id)
        except Conflict as refusal:
            flash(visit.text(refusal.message), "warning")
        return redirect(run_url(run_id), 303)

    def rows(self, run_id: str) -> Answer:
        """Send what became of every record, as a file."""
        visit, run = self._run(run_id)
        t = visit.t
        heading = [t("Record"), t("Result", "row"), t("Code", "row"), t("Why", "row")]
        pieces = spreadsheets.write_csv(heading, _rows(visit, run))
        answer = Response(pieces, mimetype=spreadsheets.MEDIA["csv"])
        answer.headers["Content-Disposition"] = f'attachment; filename="{run.job}-rows.csv"'
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def file(self, run_id: str, file_id: str) -> Answer:
        """Send a file of a run to whoever may have it today."""
        visit, run = self._run(run_id)
        found = telling.file_of(visit.runtime, visit.actor, run.id, file_id)
        folder = self.desk.around.files().folder.parent / results.FOLDER
        path = results.path_of(folder, run.id, found.id)
        if not path.is_file():
            raise NotFound(work.EXPIRED)

        answer = Response(results.pieces(path), mimetype=found.media_type)
        answer.headers["Content-Length"] = str(found.size)
        answer.headers["Content-Disposition"] = results.disposition(found.name)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _run(self, run_id: str) -> tuple[Visit, Any]:
        visit = self.desk.visit()
        if not WRITTEN.fullmatch(run_id):
            raise NotFound(work.GONE)
        return visit, work.find_run(visit.runtime, visit.actor, run_id)

    def _run_page(self, visit: Visit, run: Any) -> run_page.RunPage:
        rows = telling.rows(visit.runtime, visit.actor, run, refused=True)
        wanted: dict[str, list[str]] = {}
        for row in rows:
            if row.entity in visit.app.entities:
                wanted.setdefault(row.entity, []).append(row.record_id)
        titles = doors.titles_of(visit, wanted)
        return run_page.run_page(visit, run, self._names([run]), rows, titles)

    def _job_page(self, visit: Visit, name: str, *more: Any, **known: Any) -> job_page.JobPage:
        work.job_of(visit.runtime, visit.actor, name)
        state = next(one for one in work.states(visit.runtime, visit.actor) if one.job.name == name)
        found = work.recent(visit.runtime, visit.actor, name)
        return job_page.job_page(visit, state, self._names(found), *more, **known)

    def _names(self, found: Sequence[Any]) -> Mapping[int, str]:
        ids = people_in(found)
        return self.desk.around.names(ids) if ids else {}

    def _trail(self, visit: Visit) -> Trail:
        return Trail(visit.runtime, visit.actor, "screen", visit.request_id, visit.address)


def _rows(visit: Visit, run: Any) -> Iterator[list[str]]:
    """Yield the rows of the file, read a page at a time."""
    after = -1
    while found := telling.rows(
        visit.runtime, visit.actor, run, refused=False, after=after, limit=1000
    ):
        for one in found:
            why = visit.text(Label(one.message)) if one.message else ""
            yield [
                one.record_id,
                status_cell(visit, one.status).text,
                one.code or "",
                why,
            ]
        after = found[-1].position
