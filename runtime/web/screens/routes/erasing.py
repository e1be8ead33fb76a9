"""Erasing a person's data: the page that says what that means and asks why, and doing it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request

from rules import privacy
from runtime.errors import Blocked, Conflict, Invalid, VersionRequired
from runtime.operations._columns import title_columns
from runtime.operations.read import not_found
from runtime.web.screens import doors
from runtime.web.screens.cells import title
from runtime.web.screens.desk import Addresses, Answer, Desk, entity_of
from runtime.web.screens.erase_page import erase_page
from runtime.web.screens.visit import Visit, record_url


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Erasing(desk)
    screens.add_url_rule(at.record + "/erase", "erase", views.erase, methods=["GET", "POST"])


class Erasing:
    """A person's data goes."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def erase(self, entity: str, record_id: str) -> Answer:
        """Ask whether a person's data shall go, or let it go."""
        visit = self.desk.visit()
        entity_of(visit, entity)
        if not privacy.is_person(visit.app, entity):
            raise not_found()
        found = doors.ask(visit, "erasure", entity, record_id).rows
        name, version = _name(visit, entity, record_id)
        if request.method == "GET":
            page = erase_page(visit, entity, record_id, name, version, found)
            return render_template("erase.html", page=page)
        text = request.form.get("version", "")
        if not (text.isascii() and text.isdigit()):
            raise VersionRequired
        reason = request.form.get("reason", "")[:500]
        values = {"reason": reason}
        try:
            doors.ask(visit, "erase", entity, record_id, values=values, version=int(text))
        except (Invalid, Blocked, Conflict) as refusal:
            told = visit.text(refusal.message)
            is_reason = isinstance(refusal, Invalid)
            page = erase_page(
                visit,
                entity,
                record_id,
                name,
                version,
                found,
                reason,
                told if is_reason else "",
                "" if is_reason else told,
            )
            return render_template("erase.html", page=page), refusal.status
        flash(visit.t("The personal data was erased."), "success")
        return redirect(record_url(entity, record_id), 303)


def _name(visit: Visit, entity: str, record_id: str) -> tuple[str, int]:
    """Return a person's title and version, as far as the reader may see it."""
    if not visit.may("read", entity):
        return record_id[:8], 0
    fields = (",".join(("id", *title_columns(entity, visit.reads))),)
    result = doors.ask(visit, "read", entity, record_id, {"fields": fields})
    paths = result.plan.paths
    version = result.row[[path.text for path in paths].index("version")]
    return title(visit, entity, paths)(result.row) or record_id[:8], int(version)
