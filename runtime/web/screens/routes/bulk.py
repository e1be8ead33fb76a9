"""Actions on many records of a list: frozen, then tried, then done, and undone where it can be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, flash, redirect, render_template, request

from generator.model.entity import Entity
from runtime.errors import Invalid, InvalidInput, TooLarge
from runtime.operations.freeze import ACTION_ALONE
from runtime.web.screens import (
    bulk_edit_page,
    bulk_step_page,
    bulk_undo,
    doors,
    form_state,
    form_undo,
)
from runtime.web.screens.bulk_edit_page import BulkEditPage
from runtime.web.screens.bulk_page import ACTIONS, bulk_page, payload
from runtime.web.screens.desk import Addresses, Answer, Desk, entity_of, texts_of
from runtime.web.screens.list_url import read_url
from runtime.web.screens.run_lines import run_url
from runtime.web.screens.visit import Visit, record_url


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Bulk(desk)
    post = ["POST"]
    screens.add_url_rule(at.entity + "bulk", "bulk", views.bulk, methods=post)
    screens.add_url_rule(
        at.entity + "bulk/<token>", "bulk_edit", views.edit, methods=["GET", "POST"]
    )
    screens.add_url_rule(
        at.entity + "bulk/<token>/step", "bulk_step", views.step, methods=["GET", "POST"]
    )
    screens.add_url_rule(at.entity + "undo", "bulk_undo", views.undo, methods=post)


class Bulk:
    """Actions on what is ticked."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def bulk(self, entity: str) -> Answer:
        """Do one thing with many records and tell what became of each; edit asks first."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        url = read_url(record_url(entity), parse_qsl(request.form.get("query", "")[:4000]))
        ids = request.form.getlist("id")
        matching = url if request.form.get("all_matching") == "1" else None
        action = request.form.get("action", "")
        if matching is None and not ids:
            return redirect(url.text, 303)
        named = {"edit": "update", "step": ACTION_ALONE}.get(action, action)
        body = payload(visit, model, named, ids, matching)
        if action in ("edit", "step"):
            token, _ = bulk_edit_page.freeze(visit, model, body)
            beyond = "/step" if action == "step" else ""
            return redirect(f"/{entity}/bulk/{token}{beyond}?{url.query}", 303)
        if matching is not None and action in ACTIONS:
            token, _ = bulk_edit_page.freeze(visit, model, body)
            frozen = bulk_edit_page.frozen(visit, model, token)
            if not frozen:
                return redirect(url.text, 303)
            if len(frozen) > bulk_edit_page.LARGE:
                asked = {"operation": action, "preview": True}
                return _gone(bulk_edit_page.later(visit, model, token, asked))
            body = {"operation": action, "ids": frozen}
        result = doors.ask(visit, "bulk", entity, values=body)
        page = bulk_page(visit, model, result.outcomes, url.query)
        if page.failed:
            return render_template("bulk.html", page=page)
        undo = (
            bulk_undo.keep(visit, model, result.outcomes, url.query) if action == "delete" else {}
        )
        flash(form_undo.told(_done(visit, model, action, page.done), undo), "success")
        return redirect(page.back, 303)

    def edit(self, entity: str, token: str) -> Answer:
        """Show the form for many records, try it, or carry it out."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        if request.method == "GET":
            query = read_url(record_url(entity), request.args.items(multi=True)).query
            return _drawn(bulk_edit_page.page(visit, model, token, {}, (), query))
        return self._sent(visit, model, token)

    def _sent(self, visit: Visit, model: Entity, token: str) -> Answer:
        chosen = request.form.getlist("_change")
        fields = bulk_edit_page.editable(visit, model)
        state = form_state.state_of_post(visit, fields, texts_of(request.form))
        pairs = parse_qsl(request.form.get("query", "")[:4000])
        query = read_url(record_url(model.name), pairs).query
        how = {name: request.form.get(f"_how_{name}", "") for name in model.fields}
        page = bulk_edit_page.page(visit, model, token, state, chosen, query, how)
        values = bulk_edit_page.values_of(visit, model, state, chosen, how)
        if not values:
            return _drawn(replace(page, problem=visit.t("Tick what shall be changed.")))
        does = request.form.get("step") == "do"
        if bulk_edit_page.is_large(visit, model, token):
            asked = {"operation": "update", "values": dict(values), "preview": not does}
            try:
                return _gone(bulk_edit_page.later(visit, model, token, asked))
            except Invalid as refusal:
                return _drawn(replace(page, problem=bulk_edit_page.said(visit, refusal)))
        if does:
            return _drawn(bulk_edit_page.done(visit, model, page, values))
        return _drawn(bulk_edit_page.tried(visit, model, page, values))

    def step(self, entity: str, token: str) -> Answer:
        """Offer the steps that all of the records may take, ask what one asks, and take it."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        pairs = parse_qsl(request.form.get("query", "")[:4000])
        given = pairs if request.method == "POST" else request.args.items(multi=True)
        query = read_url(record_url(entity), given).query
        chosen = request.values.get("do", "")[:130]
        shown = bulk_step_page.page(visit, model, token, query, chosen)
        if request.method == "GET" or not shown.chosen:
            return render_template("bulk_step.html", page=shown)
        state = bulk_step_page.sent_state(visit, model, chosen, texts_of(request.form))
        workflow, _, name = chosen.partition(".")
        body: dict[str, Any] = {
            "operation": "transition",
            "ids": list(bulk_edit_page.frozen(visit, model, token)),
            "workflow": workflow,
            "transition": name,
            "input": bulk_step_page.answers_of(visit, model, chosen, state),
            "batch": token,
        }
        large = bulk_edit_page.is_large(visit, model, token)
        try:
            if large:
                body["background"] = True
                return _gone(str(doors.ask(visit, "bulk", entity, values=body).row))
            result = doors.ask(visit, "bulk", entity, values=body)
        except (InvalidInput, TooLarge) as refusal:
            again = bulk_step_page.page(visit, model, token, query, chosen, state, refusal)
            return render_template("bulk_step.html", page=again), refusal.status
        page = bulk_step_page.done(visit, model, shown, result.outcomes)
        return render_template("bulk_step.html", page=page)

    def undo(self, entity: str) -> Answer:
        """Give the records of the last change the values they had, or bring back what went."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        token = request.form.get("token", "")[:40]
        archived = bulk_undo.undone(visit, model, token)
        back, stayed = archived or bulk_edit_page.undone(visit, model, token)
        words = visit.t("{n} record is as before.", many="{n} records are as before.", n=back)
        if stayed:
            words += " " + visit.t("{n} stayed: changed since.", n=stayed)
        flash(words, "success")
        pairs = parse_qsl(request.form.get("query", "")[:4000])
        return redirect(read_url(record_url(entity), pairs).text, 303)


def _gone(run_id: str) -> Answer:
    """Lead to the run that does it."""
    return redirect(run_url(run_id), 303)


def _done(visit: Visit, entity: Entity, action: str, n: int) -> str:
    t = visit.t
    if action == "restore":
        return t("{n} record restored.", many="{n} records restored.", n=n)
    if entity.archive:
        return t("{n} record archived.", many="{n} records archived.", n=n)
    return t("{n} record deleted.", many="{n} records deleted.", n=n)


def _drawn(page: BulkEditPage) -> Answer:
    return render_template("bulk_edit.html", page=page), 422 if page.problem else 200
