"""The accounts a `user` field may hold, for its picker and its filter: by name, as JSON.

Who may neither set nor read such a field learns nobody's name here.
"""

from __future__ import annotations

from flask import Blueprint, jsonify, request

from generator.model.entity import Field
from runtime.errors import NotFound
from runtime.web.screens.desk import Addresses, Answer, Desk, entity_of
from runtime.web.screens.visit import Visit


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = People(desk)
    screens.add_url_rule(at.entity + "people", "people", views.people)


class People:
    """Accounts by name."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def people(self, entity: str) -> Answer:
        """Answer what a picker of people searches."""
        visit = self.desk.visit()
        field = entity_of(visit, entity).fields.get(request.args.get("for", ""))
        if field is None or field.type != "user" or not _concerns(visit, field):
            raise NotFound
        text = request.args.get("q", "").replace("\x00", "")[:200]
        found = self.desk.around.find_people(text)
        return jsonify(
            items=[
                {"id": str(number), "label": name, "note": login if login != name else ""}
                for number, name, login in found
            ]
        )


def _concerns(visit: Visit, field: Field) -> bool:
    """Return whether somebody may set the field, or read it (and so filter by it)."""
    matrix, roles = visit.runtime.matrix, visit.actor.roles
    for action in ("create", "update"):
        grant = matrix.grant(roles, field.entity, action)
        if grant is not None and field.name in grant.write:
            return True
    grant = matrix.grant(roles, field.entity, "list")
    return grant is not None and field.name in grant.open
