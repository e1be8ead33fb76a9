"""The permission matrix on screen, for whoever administers: the table, and one cell of it."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from generator.shapes.access import ACTIONS
from runtime.errors import NotFound
from runtime.web.names import full_name
from runtime.web.people import accounts
from runtime.web.people.findings import findings
from runtime.web.people.groups import list_groups
from runtime.web.people.review_page import finding_texts
from runtime.web.people.rights_page import Asked, cell_page, rights_page
from runtime.web.screens.desk import Addresses, Answer, Desk
from runtime.web.screens.routes.accounts import administrator
from runtime.web.screens.visit import Visit


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Rights(desk)
    screens.add_url_rule("/permissions/", "rights", views.table)
    screens.add_url_rule("/permissions" + at.entity.rstrip("/"), "rights_of", views.cell)


class Rights:
    """Who may do what."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def table(self) -> Answer:
        """Show roles × kinds of records."""
        visit = administrator(self.desk)
        action = request.args.get("action", "")
        asked = Asked(
            role=_role(visit, request.args.get("role", "")),
            other=_role(visit, request.args.get("with", "")),
            action=action if action in ACTIONS else "",
            person=_person(visit, request.args.get("person", "")),
        )
        page = rights_page(visit, asked)
        found = () if page.filtered else finding_texts(visit, findings(visit.runtime))
        return render_template("people/permissions.html", page=page, found=found)

    def cell(self, entity: str) -> Answer:
        """Show what some roles may do with one kind of record, and by which line."""
        visit = administrator(self.desk)
        roles = tuple(name for name in request.args.getlist("role") if name in visit.app.roles)
        if not roles:
            roles = tuple(visit.app.roles)[:1]
        page = cell_page(visit, visit.app.entities[entity], roles)
        return render_template("people/permission.html", page=page)


def _role(visit: Visit, name: str) -> str:
    return name if name in visit.app.roles else ""


def _person(visit: Visit, text: str) -> tuple[str, str, tuple[str, ...]] | None:
    """Return a person and the roles they hold, themselves and through groups.

    Raises:
        NotFound: there is no such account.

    """
    if not text:
        return None
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    found = accounts.load_account(visit.runtime.engine, number)
    if found is None:
        raise NotFound
    groups = list_groups(visit.runtime.engine)
    through = [role for one in groups if one.id in found.groups for role in one.roles]
    roles = tuple(name for name in visit.app.roles if name in found.roles or name in through)
    return str(number), full_name(found.first_name, found.last_name, found.username), roles
