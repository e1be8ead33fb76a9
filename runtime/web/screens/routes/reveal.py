"""The masked cells of a record, one shown at a time to somebody who says why."""

from __future__ import annotations

from flask import Blueprint, jsonify, make_response, render_template, request

from runtime.errors import Forbidden, RequestError
from runtime.operations._columns import title_columns
from runtime.web.screens import doors
from runtime.web.screens.cells import title
from runtime.web.screens.desk import Addresses, Answer, Desk, entity_of
from runtime.web.screens.reveal_page import RevealPage, masked_fields
from runtime.web.screens.visit import record_url


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Reveal(desk)
    screens.add_url_rule(at.record + "/reveal", "reveal", views.reveal, methods=["GET", "POST"])


class Reveal:
    """Showing what is masked."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def reveal(self, entity: str, record_id: str) -> Answer:
        """Ask which cell and why; show it."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        names = masked_fields(visit, entity)
        query = {"fields": title_columns(entity, visit.reads)}
        found = doors.ask(visit, "read", entity, record_id, query=query)
        if not names:
            raise Forbidden
        labels = tuple((name, visit.text(model.fields[name].label)) for name in names)
        chosen = request.values.get("field", names[0])
        reason = request.form.get("reason", "")
        shown, error, status = None, "", 200
        if request.method == "POST":
            values = {"field": chosen, "reason": reason}
            try:
                result = doors.ask(visit, "reveal", entity, record_id, values=values)
                shown = (dict(labels).get(chosen, chosen), str(result.row[1] or "—"))
            except RequestError as refusal:
                if refusal.status not in (422, 429):
                    raise
                error, status = visit.text(refusal.message), refusal.status
        in_drawer = request.values.get("_drawer") == "1"
        if shown and in_drawer:
            answer = jsonify(label=shown[0], value=shown[1])
        else:
            name = title(visit, entity, found.plan.paths)(found.row)
            url, kept = record_url(entity, record_id), reason if error else ""
            page = RevealPage(
                name, url, f"{url}/reveal", labels, chosen, kept, shown, error, in_drawer
            )
            answer = make_response(render_template("reveal.html", page=page), status)
        answer.headers["Cache-Control"] = "no-store"
        return answer
