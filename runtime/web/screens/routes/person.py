"""A copy of everything that is kept about one person: the page that asks why, and its run."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request

from rules import privacy
from runtime.errors import Forbidden, Invalid
from runtime.operations._columns import title_columns
from runtime.operations.read import not_found
from runtime.web.screens import doors
from runtime.web.screens.cells import title
from runtime.web.screens.desk import Addresses, Answer, Desk, entity_of
from runtime.web.screens.person_page import person_page
from runtime.web.screens.run_lines import run_url


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Person(desk)
    screens.add_url_rule(at.record + "/copy", "copy_person", views.copy, methods=["GET", "POST"])


class Person:
    """What is kept about somebody."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def copy(self, entity: str, record_id: str) -> Answer:
        """Ask why a copy is made, and have it made."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        if not privacy.is_person(visit.app, entity):
            raise not_found()
        if not visit.may("export", entity):
            raise Forbidden
        query = {"fields": (",".join(("id", *title_columns(entity, visit.reads))),)}
        found = doors.ask(visit, "read", entity, record_id, query=query)
        name = title(visit, model.name, found.plan.paths)(found.row) or record_id[:8]
        if request.method == "GET":
            return render_template(
                "person_copy.html", page=person_page(visit, entity, record_id, name)
            )
        reason = request.form.get("reason", "")[:500]
        values = {"format": request.form.get("format", "xlsx"), "reason": reason}
        try:
            made = doors.ask(visit, "copy_person", entity, record_id, values=values)
        except Invalid as refusal:
            page = person_page(visit, entity, record_id, name, reason, visit.text(refusal.message))
            return render_template("person_copy.html", page=page), 422
        return redirect(run_url(str(made.row)), 303)
