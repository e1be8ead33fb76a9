"""The due time of a timer, moved by somebody who says why."""

from __future__ import annotations

import uuid
from dataclasses import replace

from flask import Blueprint, flash, make_response, redirect, render_template, request

from generator.model.entity import Entity
from runtime.errors import Invalid, NotFound
from runtime.operations._columns import title_columns
from runtime.operations._passages import Due
from runtime.web.screens import doors
from runtime.web.screens.cells import title
from runtime.web.screens.desk import Addresses, Answer, Desk, entity_of
from runtime.web.screens.progress_page import due_words, moment
from runtime.web.screens.timer_page import TimerPage
from runtime.web.screens.visit import Visit, record_url


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Timers(desk)
    both = ["GET", "POST"]
    screens.add_url_rule(at.record + "/timers/<uuid:timer>", "timer", views.timer, methods=both)


class Timers:
    """What a record waits for."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def timer(self, entity: str, record_id: str, timer: uuid.UUID) -> Answer:
        """Ask until when a timer shall wait; move it."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        waits = doors.ask(visit, "timers", entity, record_id).rows
        one = next((each for each in waits if each.id == str(timer)), None)
        if one is None or not visit.may("extend", entity):
            raise NotFound
        page = _page(visit, model, record_id, one)
        if request.method == "GET":
            return make_response(render_template("timer.html", page=page))
        written, reason = request.form.get("due_at", ""), request.form.get("reason", "")
        made = visit.runtime.compiled.field_types["datetime"]
        due = made.from_text(written, model.fields["created_at"], visit.viewer)
        try:
            doors.ask(
                visit,
                "extend",
                entity,
                record_id,
                values={"due_at": due, "reason": reason},
                part=one.id,
                idempotency_key=request.form.get("_key", "")[:64],
            )
        except Invalid as refusal:
            told = {each.field: visit.text(each.message) for each in refusal.errors}
            kept = replace(
                page,
                written=written,
                reason=reason,
                wrong=told.get("due_at", ""),
                wanting=told.get("reason", ""),
            )
            return make_response(render_template("timer.html", page=kept), refusal.status)
        flash(visit.t("The due time was moved."), "success")
        return redirect(page.back)


def _page(visit: Visit, model: Entity, record_id: str, one: Due) -> TimerPage:
    found = doors.ask(
        visit,
        "read",
        model.name,
        record_id,
        query={"fields": title_columns(model.name, visit.reads)},
    )
    made = visit.runtime.compiled.field_types["datetime"]
    local = made.form_text(one.due_at, model.fields["created_at"], visit.viewer)
    return TimerPage(
        title=title(visit, model.name, found.plan.paths)(found.row),
        back=record_url(model.name, record_id),
        action=record_url(model.name, record_id, f"timers/{one.id}"),
        key=str(uuid.uuid4()),
        words=due_words(visit, model, one),
        due=moment(visit, one.due_at).text,
        zone=visit.viewer.time_zone,
        written=local[:16],
    )
