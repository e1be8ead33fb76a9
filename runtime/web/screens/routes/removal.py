"""Letting a record go, and bringing it back."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request

from generator.model.entity import Entity
from runtime.errors import Conflict, VersionRequired
from runtime.operations._columns import title_columns
from runtime.web.screens import doors, form_undo
from runtime.web.screens.cells import title
from runtime.web.screens.delete_page import delete_page
from runtime.web.screens.desk import (
    Addresses,
    Answer,
    Desk,
    entity_of,
    listed_query,
)
from runtime.web.screens.visit import Visit, record_url


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Removal(desk)
    screens.add_url_rule(at.record + "/delete", "delete", views.delete, methods=["GET", "POST"])
    screens.add_url_rule(at.record + "/restore", "restore", views.restore, methods=["POST"])


class Removal:
    """Delete and restore."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def delete(self, entity: str, record_id: str) -> Answer:
        """Ask whether a record shall go, or let it go."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        found = doors.ask(visit, "consequences", entity, record_id)
        name, version = self._name(visit, model, record_id)
        listed = listed_query(entity)
        if request.method == "GET":
            page = delete_page(visit, model, record_id, name, version, found.rows, listed)
            return render_template("delete.html", page=page)
        text = request.form.get("version", "")
        if not (text.isascii() and text.isdigit()):
            raise VersionRequired
        try:
            reason = request.form.get("reason", "").strip()[:500]
            doors.ask(visit, "delete", entity, record_id, version=int(text), reason=reason)
        except Conflict as refusal:
            told = visit.text(refusal.message)
            page = delete_page(visit, model, record_id, name, version, found.rows, listed, told)
            return render_template("delete.html", page=page), refusal.status
        done = visit.t("Archived: {name}", name=name)
        if model.archive and visit.may("restore", entity):
            undo = form_undo.button(visit, record_url(entity, record_id, "restore"), {})
            flash(form_undo.told(done, undo), "success")
        else:
            flash(done if model.archive else visit.t("Deleted: {name}", name=name), "success")
        return redirect(record_url(entity) + (f"?{listed}" if listed else ""), 303)

    def _name(self, visit: Visit, model: Entity, record_id: str) -> tuple[str, int]:
        """Return a record's title and version, as far as the person may read it."""
        if not visit.may("read", model.name):
            return record_id[:8], 0
        fields = (",".join(("id", *title_columns(model.name, visit.reads))),)
        result = doors.ask(visit, "read", model.name, record_id, {"fields": fields})
        paths = result.plan.paths
        version = result.row[[path.text for path in paths].index("version")]
        return title(visit, model.name, paths)(result.row) or record_id[:8], int(version)

    def restore(self, entity: str, record_id: str) -> Answer:
        """Bring an archived record back."""
        visit = self.desk.visit()
        entity_of(visit, entity)
        text = request.form.get("version", "")
        version = int(text) if text.isascii() and text.isdigit() else None
        doors.ask(visit, "restore", entity, record_id, version=version)
        flash(visit.t("Restored."), "success")
        return redirect(record_url(entity, record_id, list=listed_query(entity)), 303)
