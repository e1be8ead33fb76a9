"""A form as an answer: the names of the people and files it holds are looked up, then it is drawn.

Both are one statement, and only where the form holds any: the accounts belong to the login, the
files to the store of files, and neither is known to the pipeline.
"""

from __future__ import annotations

from dataclasses import replace

from flask import render_template

from runtime.errors import Conflict, RequestError, Stale
from runtime.web.screens.desk import Answer, Desk
from runtime.web.screens.form_model import FormPage, MergeLine
from runtime.web.screens.form_opening import Opened
from runtime.web.screens.form_page import form_page, held_files, wanted_people
from runtime.web.screens.form_state import State
from runtime.web.screens.visit import Visit


def form_answer(
    desk: Desk,
    visit: Visit,
    opened: Opened,
    state: State,
    refusal: RequestError | None = None,
    lines: tuple[MergeLine, ...] = (),
    problem: str = "",
    *,
    dirty: bool = False,
) -> Answer:
    """Return the page of a form, with the status of what was refused."""
    page = drawn_form(desk, visit, opened, state, refusal, lines, problem, dirty=dirty)
    return render_template("form.html", page=page), _status(refusal, problem)


def drawn_form(
    desk: Desk,
    visit: Visit,
    opened: Opened,
    state: State,
    refusal: RequestError | None = None,
    lines: tuple[MergeLine, ...] = (),
    problem: str = "",
    *,
    dirty: bool = False,
) -> FormPage:
    """Return a form with the names of the people and files that it holds."""
    fields = opened.layout.fields
    people = wanted_people(fields, state)
    if people:
        visit = replace(visit, people=desk.around.names(people))
    stored = held_files(fields, opened.stored)
    wanted = held_files(fields, state)
    files = desk.around.files().find_many(wanted, visit.actor.id, stored) if wanted else {}
    return form_page(visit, opened, state, refusal, lines, problem, files, dirty=dirty)


def _status(refusal: RequestError | None, problem: str) -> int:
    """Return the status; a browser asked for no version (412), so a stale save is a conflict."""
    if refusal is None:
        return 400 if problem else 200
    return Conflict.status if isinstance(refusal, Stale) else refusal.status
