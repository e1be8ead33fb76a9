"""Taking a step: the form behind a button, and the step itself.

Whatever happens, the person comes back to the record or keeps the form with what they typed. That
somebody else was faster is told with who, when and where the record is now; it is no error page.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from flask import Blueprint, jsonify, make_response, render_template, request

from generator.model.entity import Entity
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
from runtime.operations.transitions import Offered, Standing
from runtime.price_book import reprices_by
from runtime.web.context import web
from runtime.web.screens import doors, form_state
from runtime.web.screens.desk import Addresses, Answer, Desk, entity_of, listed_query, texts_of
from runtime.web.screens.reprice_form import Repricing
from runtime.web.screens.step_answers import (
    back,
    changed,
    done,
    drawer,
    moved,
    offer,
    title_now,
)
from runtime.web.screens.steps_page import NONE, card_moves, questions, step_page, told
from runtime.web.screens.visit import Visit

MOVED = (NotInFromState, VersionConflict, RecordBusy)
"""Somebody else was faster."""
AGAIN = (GuardBlocked, Vetoed, InvalidInput, ConfirmationRequired, SamePerson, NotYourRole)
"""What the person can read at the form, or at the record."""
BOTH = ["GET", "POST"]


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Steps(desk)
    screens.add_url_rule(at.record + "/do/<workflow>/<name>", "step", views.step, methods=BOTH)
    screens.add_url_rule(at.record + "/moves/<field>", "moves", views.moves)


class Steps:
    """One transition of one record."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.repricing = Repricing(desk)

    def step(self, entity: str, record_id: str, workflow: str, name: str) -> Answer:
        """Ask what a step asks, or take it."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        machine = visit.app.workflows.get(entity, {}).get(workflow)
        edges = machine.named(name) if machine is not None else ()
        if not edges:
            raise NotFound
        step = f"{workflow}.{name}"
        if reprices_by(visit.app, entity, workflow, name):
            return self.repricing.page(visit, model, record_id, step)
        if request.method == "POST":
            asked = {each: one for edge in edges for each, one in edge.input.items()}
            return self._taken(visit, model, record_id, step, asked)
        standing, one = offer(visit, model, record_id, step)
        if one is None:
            return moved(self.desk, visit, model, record_id, workflow)
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
        standing, _ = offer(visit, model, record_id, "")
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
            standing, one = offer(visit, model, record_id, step)
            if one is None or not one.allowed or not asked:
                return moved(self.desk, visit, model, record_id, workflow)
            return self._form(visit, model, standing, one, state, refusal)
        except AGAIN as refusal:
            standing, one = offer(visit, model, record_id, step)
            if one is None or (not one.questions and one.confirm == NONE):
                return back(model, record_id, told(visit, refusal))
            return self._form(visit, model, standing, one, state, refusal)
        now = next((each["to"] for each in result.steps[::-1] if each["workflow"] == workflow), "")
        return back(model, record_id, done(visit, model, result), "success", now)

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
            return back(model, standing.record_id, why)
        in_drawer = bool(drawer())
        listed = listed_query(model.name)
        key = "" if refusal is not None else request.values.get("_key", "")
        hidden = {
            "_version": str(standing.version),
            "_key": key or str(uuid.uuid4()),
            "_drawer": drawer(),
            "list": listed,
        }
        tried = bool(request.form.get("_confirm") or request.form.get("_password"))
        wrong = visit.t("This is not right.") if tried and _asks_again(refusal) else ""
        if isinstance(refusal, MOVED):
            refusal.message = changed(self.desk, visit, model, standing.record_id)
        page = step_page(
            visit,
            model,
            standing,
            one,
            title_now(visit, model, standing.record_id),
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


def _asks_again(refusal: RequestError | None) -> bool:
    return isinstance(refusal, ConfirmationRequired)
