"""A record at a glance, as a fragment for the drawer beside its list."""

from __future__ import annotations

from flask import Blueprint, render_template

from runtime.web.screens import doors, preview_page
from runtime.web.screens.desk import Addresses, Answer, Desk, entity_of, listed_query


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the address."""
    views = Previews(desk)
    screens.add_url_rule(at.record + "/preview", "preview", views.preview)


class Previews:
    """What a drawer shows."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def preview(self, entity: str, record_id: str) -> Answer:
        """Show a record at a glance."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        query = {"fields": (preview_page.fields(visit, model),)}
        result = doors.ask(visit, "read", entity, record_id, query)
        visit = self.desk.with_names(visit, result.plan.paths, [result.row])
        page = preview_page.page(visit, model, result, listed_query(entity))
        return render_template("preview.html", page=page)
