"""The workflows of the definitions: an index, and each as picture, table and text."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from generator.model.entity import Entity
from generator.model.workflow import Derivation, Workflow
from runtime.errors import NotFound, UnknownStoredState
from runtime.operations._columns import title_columns
from runtime.web.screens import cells, doors
from runtime.web.screens.desk import Addresses, Answer, Desk
from runtime.web.screens.progress_page import blocked, past_of
from runtime.web.screens.visit import Visit, record_url
from runtime.web.screens.workflow_page import WorkflowPage, index, machines_of, workflow_page


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Workflows(desk)
    screens.add_url_rule("/workflows/", "workflows", views.index)
    screens.add_url_rule("/workflows/<entity>/<name>", "workflow", views.one)


class Workflows:
    """Looking at state machines."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def index(self) -> Answer:
        """Show which workflows there are."""
        return render_template("workflows.html", page=index(self.desk.visit()))

    def one(self, entity: str, name: str) -> Answer:
        """Show one workflow."""
        visit = self.desk.visit()
        model = visit.app.entities.get(entity)
        if model is None or not visit.may("list", entity):
            raise NotFound
        machine = machines_of(visit, entity).get(name)
        if machine is None:
            raise NotFound
        record_id = request.args.get("record", "")
        if not record_id or isinstance(machine, Derivation):
            return render_template("workflow.html", page=workflow_page(visit, model, machine))
        return render_template("workflow.html", page=_of_record(visit, model, machine, record_id))


def _of_record(visit: Visit, model: Entity, machine: Workflow, record_id: str) -> WorkflowPage:
    """Return the page with the way of one record: where it is, was, and what it could do."""
    asked = ",".join(("id", machine.field, *title_columns(model.name, visit.reads)))
    query = {"fields": (asked,)}
    found = doors.ask(visit, "read", model.name, record_id, query)
    story = doors.ask(visit, "passages", model.name, record_id).row
    try:
        standing = doors.ask(visit, "transitions", model.name, record_id).row
    except UnknownStoredState:
        standing = None
    place = [path.text for path in found.plan.paths].index(machine.field)
    past = past_of(standing, story, machine.name, str(found.row[place]), machine.initial)
    why = blocked(visit, standing, machine.name) if standing is not None else {}
    title = cells.title(visit, model.name, found.plan.paths)(found.row) or record_id[:8]
    record = (title, record_url(model.name, record_id))
    return workflow_page(visit, model, machine, past, why, record)
