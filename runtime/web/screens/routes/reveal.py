"""The masked cells of a record, one shown at a time to somebody who says why."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, make_response, render_template, request

from runtime.errors import Forbidden, RequestError
from runtime.operations._columns import title_columns
from runtime.web.screens import doors
from runtime.web.screens.cells import title
from runtime.web.screens.desk import Addresses, Answer, Desk, entity_of
from runtime.web.screens.visit import Visit, record_url


@dataclass(frozen=True, slots=True)
class RevealPage:
    """Everything `reveal.html` draws."""

    title: str
    back: str
    action: str
    fields: tuple[tuple[str, str], ...]
    """Name and label of each cell that is masked."""
    chosen: str = ""
    reason: str = ""
    shown: tuple[str, str] | None = None
    """Label and value, this once."""
    error: str = ""


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Reveal(desk)
    screens.add_url_rule(at.record + "/reveal", "reveal", views.reveal, methods=["GET", "POST"])


def masked_fields(visit: Visit, entity: str) -> tuple[str, ...]:
    """Return the fields somebody sees masked and may reveal; asks no database."""
    matrix, roles = visit.runtime.matrix, visit.actor.roles
    reading, revealing = matrix.grant(roles, entity, "read"), matrix.grant(roles, entity, "reveal")
    if reading is None or revealing is None:
        return ()
    fields = visit.app.entities[entity].fields
    return tuple(
        name
        for name, field in fields.items()
        if name in reading.veiled and name in revealing.read and not field.target
    )


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
        name = title(visit, entity, found.plan.paths)(found.row)
        url = record_url(entity, record_id)
        page = RevealPage(
            name, url, f"{url}/reveal", labels, chosen, reason if error else "", shown, error
        )
        answer = make_response(render_template("reveal.html", page=page), status)
        answer.headers["Cache-Control"] = "no-store"
        return answer
