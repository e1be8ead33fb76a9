"""Exports: the page that asks what goes into a file, the file itself, and what is kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, Response, flash, redirect, render_template, request

from generator.field_types._ids import WRITTEN
from generator.model.entity import Entity
from rules.unmasking import EXPORT_PLAIN
from runtime.errors import Invalid
from runtime.exporting import saved
from runtime.exporting.beginning import begin
from runtime.exporting.checking import Draft
from runtime.exporting.wish import Wish
from runtime.operations.export import LONGEST, WHY, is_unexplained
from runtime.store.trail import Trail
from runtime.web import spreadsheets
from runtime.web.screens import doors, export_columns, export_page, list_memory
from runtime.web.screens import saved_exports_page as pages
from runtime.web.screens.desk import Addresses, Answer, Desk, entity_of, texts_of
from runtime.web.screens.list_columns import chosen_columns
from runtime.web.screens.list_url import ListUrl, pipeline_query, read_url
from runtime.web.screens.run_lines import run_url
from runtime.web.screens.visit import Visit, record_url

MOST_CHOSEN = 200


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Exports(desk)
    rule, both = screens.add_url_rule, ["GET", "POST"]
    rule(at.entity + "export", "export", views.export, methods=both)
    rule(pages.ADDRESS, "exports", views.show)
    rule(f"{pages.ADDRESS}<export_id>", "saved_export", views.one, methods=both)
    rule(f"{pages.ADDRESS}<export_id>/run", "run_export", views.run, methods=["POST"])
    rule(f"{pages.ADDRESS}<export_id>/delete", "drop_export", views.drop, methods=["POST"])


class Exports:
    """Files of lists."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def export(self, entity: str) -> Answer:
        """Ask what goes into the file; with a format, send it, have it made, or keep the wish."""
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
            if request.form.get("keep"):
                return self._keep(visit, model, url, form)
            if not (
                request.form.get("unmasked") and is_unexplained(request.form.get("reason", ""))
            ):
                return self._file(visit, model, url, ids[:MOST_CHOSEN], form)
        if not visit.may("export", entity):
            doors.ask(visit, "export", entity)
        kept = list_memory.load(visit, entity)
        columns = chosen_columns(visit, model, url, kept)
        given = export_page.Given()
        if form in spreadsheets.FORMATS:
            names = request.form.getlist("columns")
            columns = export_columns.readable(visit.asking("export", entity), entity, names)
            given = _given(visit, request.form)
        at_once = self.desk.around.export_now
        page = export_page.page(visit, model, url, columns, ids[:MOST_CHOSEN], at_once, given)
        return render_template("export.html", page=page), 422 if given.error else 200

    def _file(self, visit: Visit, model: Entity, url: ListUrl, ids: list[str], form: str) -> Answer:
        names = request.form.getlist("columns")
        columns = export_columns.readable(visit.asking("export", model.name), model.name, names)
        if not columns:
            return redirect(url.text, 303)
        what = request.form.get("what", "all")
        if what == "page":
            ids = self._page(visit, model, url)
        query = export_page.asked(
            visit, model, url, columns, "all" if what == "all" else "chosen", ",".join(ids)
        )
        wish = Wish(model.name, tuple(path.text for path in columns), form)
        more = _unmasked(request.form)
        if wish.by_fields or self._is_large(visit, model, query):
            told = {"columns": list(wish.columns), "form": form}
            made = doors.ask(visit, "export", model.name, query=query, values=told, **more)
            return redirect(run_url(str(made.row)), 303)
        result = doors.ask(visit, "export", model.name, query=query, **more)
        rows = export_page.rows(visit, columns, result)
        mark = spreadsheets.marked(visit.actor.name, visit.runtime.clock(), visit.request_id)
        pieces = spreadsheets.write(form, export_page.heading(visit, columns), rows, mark)
        answer = Response(pieces, mimetype=spreadsheets.MEDIA[form])
        name = export_page.file_name(visit, model, form)
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _is_large(self, visit: Visit, model: Entity, query: Mapping[str, tuple[str, ...]]) -> bool:
        """Return whether somebody would wait for it too long."""
        if "ids" in query:
            return False
        asked = {key: texts for key, texts in query.items() if key not in ("fields", "sort")}
        counted = doors.ask(visit, "count", model.name, query=asked)
        if not counted.total_is_exact:
            counted = doors.ask(visit, "count", model.name, query={**asked, "count": ("exact",)})
        return (counted.total or 0) > self.desk.around.export_now

    def _page(self, visit: Visit, model: Entity, url: ListUrl) -> list[str]:
        """Return the ids of the page that is shown."""
        query = {**pipeline_query(url, model.name, visit), "fields": ("id",)}
        result = doors.ask(visit, "list", model.name, query=query)
        place = [path.text for path in result.plan.paths].index("id")
        return [str(row[place]) for row in result.rows]

    def _keep(self, visit: Visit, model: Entity, url: ListUrl, form: str) -> Answer:
        names = tuple(request.form.getlist("columns"))
        listed = replace(url, pairs=tuple(sorted(url.arranged()))).query
        name = request.form.get("name", "").strip() or pages.new_name(visit, model)
        wish = Wish(model.name, names, form, listed, name=name)
        try:
            export_id = saved.keep(visit.runtime, self._trail(visit), Draft(wish))
        except Invalid as refusal:
            flash(visit.text(refusal.message), "warning")
            return redirect(f"/{model.name}/export?{url.query}", 303)
        flash(visit.t("Kept. Say here when it is sent and to whom."), "success")
        return redirect(f"{pages.ADDRESS}{export_id}", 303)

    # --- saved exports

    def show(self) -> Answer:
        """Show every export somebody may have made."""
        visit = self.desk.visit()
        return render_template("exports.html", page=pages.exports_page(visit, self._names))

    def one(self, export_id: str) -> Answer:
        """Show one; keep what its owner changed."""
        visit = self.desk.visit()
        found = saved.one_seen(visit.runtime, visit.actor, export_id)
        if request.method == "GET":
            page = pages.export_page(visit, found, pages.typed_of(visit, found, self._people))
            return render_template("saved_export.html", page=page)
        typed = pages.typed(texts_of(request.form))
        try:
            draft = pages.draft_of(visit, found, typed)
            saved.keep(visit.runtime, self._trail(visit), draft, found.id)
        except Invalid as refusal:
            page = pages.export_page(visit, found, typed, refusal)
            return render_template("saved_export.html", page=page), 422
        flash(visit.t("Saved."), "success")
        return redirect(f"{pages.ADDRESS}{found.id}", 303)

    def run(self, export_id: str) -> Answer:
        """Have one made now, for whoever asks."""
        visit = self.desk.visit()
        found = saved.one_seen(visit.runtime, visit.actor, export_id)
        return redirect(run_url(begin(visit.runtime, self._trail(visit), found)), 303)

    def drop(self, export_id: str) -> Answer:
        """Let one go."""
        visit = self.desk.visit()
        saved.drop(visit.runtime, self._trail(visit), export_id)
        flash(visit.t("Deleted."), "success")
        return redirect(pages.ADDRESS, 303)

    def _names(self, ids: set[int]) -> Mapping[int, str]:
        return self.desk.around.names(ids) if ids else {}

    def _people(self, ids: tuple[int, ...]) -> Mapping[int, str]:
        return pages.usernames(self.desk.visit().runtime, ids)

    def _trail(self, visit: Visit) -> Trail:
        return Trail(visit.runtime, visit.actor, "screen", visit.request_id, visit.address)


def _given(visit: Visit, form: Mapping[str, str]) -> export_page.Given:
    """Return what a form held that was sent without the reason it needs."""
    return export_page.Given(
        what=form.get("what", ""),
        form=form.get("format", ""),
        unmasked=bool(form.get("unmasked")),
        reason=form.get("reason", "")[:LONGEST],
        error=visit.text(WHY) if form.get("unmasked") else "",
    )


def _unmasked(form: Mapping[str, str]) -> dict[str, Any]:
    """Return what an export is asked with where masked values shall leave in clear, and why."""
    if not form.get("unmasked"):
        return {}
    return {"also": (EXPORT_PLAIN,), "reason": form.get("reason", "").strip()[:LONGEST]}
