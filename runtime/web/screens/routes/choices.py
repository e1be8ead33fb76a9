"""What a picker searches, as JSON."""

from __future__ import annotations

from flask import Blueprint, jsonify, request

from generator.field_types import EMPTY
from runtime.operations._columns import title_columns
from runtime.web.screens import doors
from runtime.web.screens.cells import draw, title
from runtime.web.screens.desk import (
    Addresses,
    Answer,
    Desk,
    entity_of,
)


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Choices(desk)
    screens.add_url_rule(at.entity + "choices", "choices", views.choices)


THIS = "this."
"""`this.NAME` says what the record that points holds in a field its choice depends on."""


class Choices:
    """The records a reference may point at."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def choices(self, entity: str) -> Answer:
        """Answer what a picker searches, as JSON."""
        visit = self.desk.visit()
        entity_of(visit, entity)
        query = {"q": (request.args.get("q", "").replace("\x00", "")[:200],)}
        known = (
            name for name in request.args if name in {"for", "ids", "of"} or name.startswith(THIS)
        )
        query |= {
            name: (request.args[name][:8000],)
            for name in known
            if request.args[name] or "." in name
        }
        result = doors.ask(visit, "choices", entity, query=query)
        paths = result.plan.shown
        named = title(visit, entity, paths)
        titles = {"id", "version", *title_columns(entity, visit.reads)}
        notes = [path for path in paths if path.text not in titles and not path.field.target]
        note = draw(visit, notes[0], result.plan.paths) if notes else lambda row: EMPTY
        at = [path.text for path in paths].index("id")
        items = [
            {"id": str(row[at]), "label": named(row) or str(row[at])[:8], "note": note(row).text}
            for row in result.rows
        ]
        return jsonify(items=items)
