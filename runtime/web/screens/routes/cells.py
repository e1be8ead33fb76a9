"""A cell of a list, edited in its place: fragments for the script that put them there."""

from __future__ import annotations

from urllib.parse import parse_qsl

from flask import Blueprint, make_response, render_template, request

from runtime.web.screens import bulk_edit_page, cell_edit, doors, list_memory
from runtime.web.screens.bulk_page import actions
from runtime.web.screens.desk import Addresses, Answer, Desk, entity_of, texts_of
from runtime.web.screens.list_columns import chosen_columns
from runtime.web.screens.list_page import Listing
from runtime.web.screens.list_url import read_url
from runtime.web.screens.visit import Visit, record_url


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Cells(desk)
    screens.add_url_rule(at.record + "/cell/<field>", "cell", views.cell, methods=["GET", "POST"])
    screens.add_url_rule(at.record + "/row", "list_row", views.row)


class Cells:
    """Editing in place."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def cell(self, entity: str, record_id: str, field: str) -> Answer:
        """Show the control of a cell, or save it and answer with the row."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        query = (request.form.get("query") or request.args.get("query", ""))[:4000]
        if request.method == "GET":
            form = cell_edit.opened(visit, model, record_id, field, query)
            return render_template("cell.html", page=form)
        text = request.form.get("_version", "")
        version = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
        posted = texts_of(request.form)
        again = cell_edit.save(visit, model, record_id, field, posted, version, query)
        if again is None:
            return self._row(visit, entity, record_id, query)
        return render_template("cell.html", page=again), 409 if again.conflict else 422

    def row(self, entity: str, record_id: str) -> Answer:
        """Answer one row of a list as it is now."""
        return self._row(self.desk.visit(), entity, record_id, request.args.get("query", "")[:4000])

    def _row(self, visit: Visit, entity: str, record_id: str, query: str) -> Answer:
        model = entity_of(visit, entity)
        url = read_url(record_url(entity), parse_qsl(query))
        kept = list_memory.load(visit, entity)
        columns = chosen_columns(visit, model, url, kept)
        listing = Listing(model, url, columns, kept, {})
        asked = cell_edit.row_query(visit, listing, record_id)
        result = doors.ask(visit, "list", entity, query=asked)
        visit = self.desk.with_names(visit, result.plan.paths, result.rows)
        edits = bool(bulk_edit_page.editable(visit, model))
        only_archived = url.get("archived") == "only"
        bulk = bool(actions(visit, model, archived=only_archived, edits=edits))
        row = cell_edit.row(visit, listing, result)
        answer = make_response(render_template("row.html", row=row, bulk=bulk))
        answer.headers["X-Row"] = "1"
        return answer
