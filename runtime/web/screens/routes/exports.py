"""What is seen, as a file: asked for on a page of its own, sent while it is read."""

from __future__ import annotations

from urllib.parse import parse_qsl

from flask import Blueprint, Response, redirect, render_template, request

from generator.field_types._ids import WRITTEN
from generator.model.entity import Entity
from runtime.web import spreadsheets
from runtime.web.screens import doors, export_page, list_memory
from runtime.web.screens.cells import readable
from runtime.web.screens.desk import Addresses, Answer, Desk, entity_of
from runtime.web.screens.list_columns import chosen_columns
from runtime.web.screens.list_url import ListUrl, pipeline_query, read_url
from runtime.web.screens.visit import Visit, record_url

MOST_CHOSEN = 200


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Exports(desk)
    screens.add_url_rule(at.entity + "export", "export", views.export, methods=["GET", "POST"])


class Exports:
    """Files of lists."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def export(self, entity: str) -> Answer:
        """Ask what goes into the file; with a format, send it."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        if request.method == "GET":
            url = read_url(record_url(entity), request.args.items(multi=True))
            ids: list[str] = []
        else:
            url = read_url(record_url(entity), parse_qsl(request.form.get("query", "")[:4000]))
            ids = [one for one in request.form.getlist("id") if WRITTEN.fullmatch(one)]
        form = request.form.get("format", "")
        if form in spreadsheets.FORMATS:
            return self._file(visit, model, url, ids[:MOST_CHOSEN], form)
        if not visit.may("export", entity):
            doors.ask(visit, "export", entity)
        kept = list_memory.load(visit, entity)
        columns = chosen_columns(visit, model, url, kept)
        page = export_page.page(visit, model, url, columns, ids[:MOST_CHOSEN])
        return render_template("export.html", page=page)

    def _file(self, visit: Visit, model: Entity, url: ListUrl, ids: list[str], form: str) -> Answer:
        names = request.form.getlist("columns")
        columns = readable(visit, model.name, names)
        if not columns:
            return redirect(url.text, 303)
        what = request.form.get("what", "all")
        if what == "page":
            ids = self._page(visit, model, url)
        query = export_page.asked(
            visit, model, url, columns, "all" if what == "all" else "chosen", ",".join(ids)
        )
        result = doors.ask(visit, "export", model.name, query=query)
        rows = export_page.rows(visit, columns, result)
        mark = spreadsheets.marked(visit.actor.name, visit.runtime.clock(), visit.request_id)
        pieces = spreadsheets.write(form, export_page.heading(visit, columns), rows, mark)
        answer = Response(pieces, mimetype=spreadsheets.MEDIA[form])
        name = export_page.file_name(visit, model, form)
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _page(self, visit: Visit, model: Entity, url: ListUrl) -> list[str]:
        """Return the ids of the page that is shown."""
        query = {**pipeline_query(url, model.name, visit), "fields": ("id",)}
        result = doors.ask(visit, "list", model.name, query=query)
        place = [path.text for path in result.plan.paths].index("id")
        return [str(row[place]) for row in result.rows]
