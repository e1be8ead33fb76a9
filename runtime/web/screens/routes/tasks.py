"""The tasks of somebody's roles: what a workflow asks for while a record stays where it is."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template

from generator.field_types import Cell
from runtime import tasks
from runtime.operations._passages import Task
from runtime.web.screens import doors
from runtime.web.screens.desk import Addresses, Answer, Desk
from runtime.web.screens.progress_page import Moment, moment
from runtime.web.screens.visit import Visit, record_url
from runtime.web.screens.workflow_page import badge

ADDRESS = "/tasks/"


@dataclass(frozen=True, slots=True)
class TaskLine:
    """One task."""

    words: str
    kind: str
    icon: str
    title: str
    url: str
    state: Cell
    since: Moment
    who: str


@dataclass(frozen=True, slots=True)
class TasksPage:
    """Everything `tasks.html` draws."""

    lines: tuple[TaskLine, ...]
    more: bool
    """There are more than are shown."""


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    screens.add_url_rule(ADDRESS, "tasks", Tasks(desk).show)


class Tasks:
    """The inbox of work."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def show(self) -> Answer:
        """Show what waits for the person's roles, the oldest first."""
        visit = self.desk.visit()
        found = tasks.waiting_for(visit.runtime, visit.actor)
        wanted: dict[str, list[str]] = {}
        for one in found:
            wanted.setdefault(one.entity, []).append(one.record_id)
        titles = doors.titles_of(visit, wanted)
        lines = tuple(
            _line(visit, one, titles[one.entity, one.record_id])
            for one in found
            if (one.entity, one.record_id) in titles
        )
        page = TasksPage(lines, len(found) == tasks.MOST)
        return render_template("tasks.html", page=page)


def _line(visit: Visit, one: Task, title: str) -> TaskLine:
    entity = visit.app.entities[one.entity]
    machine = visit.app.workflows[one.entity].get(one.workflow)
    state = machine.states.get(one.state) if machine is not None else None
    roles = [
        visit.text(visit.app.roles[role].label) for role in one.roles if role in visit.app.roles
    ]
    return TaskLine(
        words=visit.text(tasks.label_of(visit.app, one)),
        kind=visit.text(entity.label),
        icon=entity.icon or "checkbox",
        title=title or one.title or one.record_id[:8],
        url=record_url(one.entity, one.record_id),
        state=badge(visit, state) if state is not None else Cell(one.state, "badge", "neutral"),
        since=moment(visit, one.at),
        who=("、" if visit.chinese() else ", ").join(roles),
    )
