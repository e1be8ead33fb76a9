"""Taking a step: the form behind a button, and the step itself.

Whatever happens, the person comes back to the record or keeps the form with what they typed. That
somebody else was faster is told with who, when and where the record is now; it is no error page.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from flask import Blueprint, flash, jsonify, make_response, redirect, render_template, request

from generator.model.entity import Entity
from generator.model.text import Label, plain
from generator.model.workflow import InputField
from runtime.errors import (
    ConfirmationRequired,
    GuardBlocked,
    InvalidInput,
    NotFound,
    NotInFromState,
    NotYourRole,
    RecordBusy,
    RequestError,
    SamePerson,
    VersionConflict,
    Vetoed,
)
from runtime.messages import Result
from runtime.operations._columns import title_columns
from runtime.operations.transitions import Offered, Standing
from runtime.web.context import web
from runtime.web.screens import doors, form_state
from runtime.web.screens.cells import person, title
from runtime.web.screens.desk import Addresses, Answer, Desk, entity_of, listed_query, texts_of
from runtime.web.screens.steps_page import NONE, card_moves, questions, step_page, told
from runtime.web.screens.visit import Visit, record_url

MOVED = (NotInFromState, VersionConflict, RecordBusy)
"""Somebody else was faster."""
AGAIN = (GuardBlocked, Vetoed, InvalidInput, ConfirmationRequired, SamePerson, NotYourRole)
"""What the person can read at the form, or at the record."""
BOTH = ["GET", "POST"]
DRAWER, CARD = "1", "card"
"""What asks: a drawer over a record's page, or one over a board."""


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Steps(desk)
    screens.add_url_rule(at.record + "/do/<workflow>/<name>", "step", views.step, methods=BOTH)
    screens.add_url_rule(at.record + "/moves/<field>", "moves", views.moves)


class Steps:
    """One transition of one record."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def step(self, entity: str, record_id: str, workflow: str, name: str) -> Answer:
        """Ask what a step asks, or take it."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        machine = visit.app.workflows.get(entity, {}).get(workflow)
        edges = machine.named(name) if machine is not None else ()
        if not edges:
            raise NotFound
        step = f"{workflow}.{name}"
        if request.method == "POST":
            asked = {each: one for edge in edges for each, one in edge.input.items()}
            return self._taken(visit, model, record_id, step, asked)
        standing, one = _offer(visit, model, record_id, step)
        if one is None:
            return self._moved(visit, model, record_id, workflow)
        return self._form(visit, model, standing, one)

    def moves(self, entity: str, record_id: str, field: str) -> Answer:
        """Answer what could move a card of a board, blocked steps with their reasons, as JSON."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        machine = next(
            (one for one in visit.app.workflows.get(entity, {}).values() if one.field == field),
            None,
        )
        if machine is None:
            raise NotFound
        standing, _ = _offer(visit, model, record_id, "")
        return jsonify(card_moves(visit, model, machine, standing))

    def _taken(
        self,
        visit: Visit,
        model: Entity,
        record_id: str,
        step: str,
        asked: Mapping[str, InputField],
    ) -> Answer:
        workflow, _, name = step.partition(".")
        fields = questions(visit, asked)
        state = form_state.state_of_post(visit, fields, texts_of(request.form))
        given = form_state.values_of(visit, fields, state, changes=True)
        values = {
            "workflow": workflow,
            "transition": name,
            "input": {key: value for key, value in given.items() if value is not None},
        }
        text = request.form.get("_version", "")
        version = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
        key = request.form.get("_key", "")[:64]
        try:
            result = doors.ask(
                visit,
                "transition",
                model.name,
                record_id,
                values=values,
                version=version,
                idempotency_key=key,
            )
        except MOVED as refusal:
            standing, one = _offer(visit, model, record_id, step)
            if one is None or not one.allowed or not asked:
                return self._moved(visit, model, record_id, workflow)
            return self._form(visit, model, standing, one, state, refusal)
        except AGAIN as refusal:
            standing, one = _offer(visit, model, record_id, step)
            if one is None or (not one.questions and one.confirm == NONE):
                return self._back(model, record_id, told(visit, refusal))
            return self._form(visit, model, standing, one, state, refusal)
        now = next((each["to"] for each in result.steps[::-1] if each["workflow"] == workflow), "")
        return self._back(model, record_id, _done(visit, model, result), "success", now)

    def _form(
        self,
        visit: Visit,
        model: Entity,
        standing: Standing,
        one: Offered,
        state: form_state.State | None = None,
        refusal: RequestError | None = None,
    ) -> Answer:
        """Return the form of a step; of one that cannot be taken the record, with the reasons."""
        if not one.allowed and refusal is None:
            why = " ".join(visit.text(reason.message) for reason in one.reasons)
            return self._back(model, standing.record_id, why)
        in_drawer = bool(_drawer())
        listed = listed_query(model.name)
        key = "" if refusal is not None else request.values.get("_key", "")
        hidden = {
            "_version": str(standing.version),
            "_key": key or str(uuid.uuid4()),
            "_drawer": _drawer(),
            "list": listed,
        }
        tried = bool(request.form.get("_confirm") or request.form.get("_password"))
        wrong = visit.t("This is not right.") if tried and _asks_again(refusal) else ""
        if isinstance(refusal, MOVED):
            refusal.message = _changed(self.desk, visit, model, standing.record_id)
        page = step_page(
            visit,
            model,
            standing,
            one,
            _title(visit, model, standing.record_id),
            tuple((name, text) for name, text in hidden.items() if text),
            state,
            refusal,
            with_code=one.confirm == "reauth" and web().gate.second_factors.is_on(visit.actor.id),
            in_drawer=in_drawer,
            listed=listed,
            wrong=wrong,
        )
        status = refusal.status if refusal is not None else 200
        return make_response(render_template("step.html", page=page), status)

    def _moved(self, visit: Visit, model: Entity, record_id: str, workflow: str) -> Answer:
        """Say who moved the record, when, and where it is now."""
        words = visit.text(_changed(self.desk, visit, model, record_id))
        standing, _ = _offer(visit, model, record_id, "")
        state = visit.app.workflows[model.name][workflow].states.get(standing.states[workflow])
        if state is not None:
            words += " " + visit.t("It is now: {state}.", name="", state=visit.text(state.label))
        return self._back(model, record_id, words)

    def _back(
        self, model: Entity, record_id: str, words: str, tone: str = "warning", state: str = ""
    ) -> Answer:
        """Lead to the record, which tells the words; a card of a board tells them in its place."""
        if _drawer() == CARD:
            return jsonify(state=state, message=words)
        flash(words, tone)
        url = record_url(model.name, record_id, list=listed_query(model.name))
        return jsonify(url=url) if _drawer() else redirect(url, 303)


def _drawer() -> str:
    """Return what the answer is laid over: a record, a board, or nothing."""
    asked = request.values.get("_drawer", "")
    return asked if asked in (DRAWER, CARD) else ""


def _offer(
    visit: Visit, model: Entity, record_id: str, step: str
) -> tuple[Standing, Offered | None]:
    """Return where a record is, and a step if it is offered there."""
    query = {"id": (step,)} if step else {}
    standing: Standing = doors.ask(visit, "transitions", model.name, record_id, query=query).row
    return standing, next((one for one in standing.offered if one.id == step), None)


def _asks_again(refusal: RequestError | None) -> bool:
    return isinstance(refusal, ConfirmationRequired)


def _done(visit: Visit, model: Entity, result: Result) -> str:
    """Return what happened, step by step."""
    machines = visit.app.workflows[model.name]
    texts = []
    for step in result.steps:
        machine = machines[step["workflow"]]
        edge = machine.named(step["transition"])[0]
        before, after = machine.states[step["from"]], machine.states[step["to"]]
        if before is after:
            texts.append(visit.t("{step}: done.", step=visit.text(edge.label)))
            continue
        texts.append(
            visit.t(
                "{step}: {before} → {after}.",
                step=visit.text(edge.label),
                before=visit.text(before.label),
                after=visit.text(after.label),
            )
        )
    return " ".join(texts) or visit.t("Done.", "step")


def _title(visit: Visit, model: Entity, record_id: str) -> str:
    query = {"fields": title_columns(model.name, visit.reads)}
    found = doors.ask(visit, "read", model.name, record_id, query=query)
    return title(visit, model.name, found.plan.paths)(found.row)


def _changed(desk: Desk, visit: Visit, model: Entity, record_id: str) -> Label:
    """Return who changed a record last, and how long ago, as far as the reader may know."""
    try:
        query = {"fields": ("updated_at,updated_by",)}
        found = doors.ask(visit, "read", model.name, record_id, query=query)
    except RequestError:
        return plain(visit.t("This record was changed meanwhile."))
    place = {path.text: number for number, path in enumerate(found.plan.paths)}
    who, at = found.row[place["updated_by"]], found.row[place["updated_at"]]
    if not isinstance(at, datetime):
        return plain(visit.t("This record was changed meanwhile."))
    when = ago(visit, at)
    if who == visit.actor.id:
        return plain(visit.t("You changed this {when}.", when=when))
    named = desk.with_names(visit, found.plan.paths, (found.row,))
    return plain(visit.t("Changed by {name} {when}.", name=person(named, who).text, when=when))


def ago(visit: Visit, at: datetime) -> str:
    """Return how long ago something was, in the largest unit that fits."""
    seconds = max(0, int((visit.runtime.clock() - at).total_seconds()))
    for size, one, many in (
        (86_400, "{n} day ago", "{n} days ago"),
        (3_600, "{n} h ago", "{n} h ago"),
        (60, "{n} min ago", "{n} min ago"),
    ):
        if seconds >= size:
            return visit.t(one, "ago", many=many, n=seconds // size)
    return visit.t("{n} s ago", "ago", n=seconds)
