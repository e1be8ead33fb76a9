"""What is kept about people and who sees it, for whoever administers: the page, and its file."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request

from runtime.errors import NotFound
from runtime.store.trail import EXPORT, Note
from runtime.web import spreadsheets
from runtime.web.people import inventory_page
from runtime.web.screens.desk import Addresses, Answer, Desk
from runtime.web.screens.routes.accounts import administrator
from runtime.web.trail import trail

ADDRESS = "/personal-data/"
ABOUT = "@personal"
"""What the log calls it: no record, and no kind of record."""


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Personal(desk)
    screens.add_url_rule(ADDRESS, "personal", views.page)
    screens.add_url_rule(f"{ADDRESS}file", "personal_file", views.file)


class Personal:
    """Data about people."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def page(self) -> Answer:
        """Show the fields, and the roles that see them."""
        visit = administrator(self.desk)
        page = inventory_page.inventory_page(visit, request.args.get("class", ""))
        heading = inventory_page.heading(visit)
        return render_template("people/inventory.html", page=page, heading=heading)

    def file(self) -> Answer:
        """Send the same as a file."""
        visit = administrator(self.desk)
        form = request.args.get("format", "xlsx")
        if form not in spreadsheets.FORMATS:
            raise NotFound
        page = inventory_page.inventory_page(visit, request.args.get("class", ""))
        trail().alone(Note(EXPORT, ABOUT, after={"rows": len(page.rows), "class": page.query}))
        heading = inventory_page.heading(visit)
        pieces = spreadsheets.write(form, heading, inventory_page.lines(page))
        today = visit.runtime.clock()
        answer = Response(pieces, mimetype=spreadsheets.MEDIA[form])
        name = f"personal-data-{today:%Y-%m-%d}.{form}"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        answer.headers["Cache-Control"] = "no-store"
        return answer
