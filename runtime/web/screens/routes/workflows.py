"""The workflows of the definitions: an index, and each as picture, table and text."""

from __future__ import annotations

from flask import Blueprint, render_template

from runtime.errors import NotFound
from runtime.web.screens.desk import Addresses, Answer, Desk
from runtime.web.screens.workflow_page import index, machines_of, workflow_page


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
        page = workflow_page(visit, model, machine)
        return render_template("workflow.html", page=page)
