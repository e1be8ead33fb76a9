"""The step that gives a placed record other lines: typed, looked at, confirmed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import make_response, render_template, request

from generator.model.entity import Entity
from runtime.errors import (
    GuardBlocked,
    Invalid,
    NotInFromState,
    NotYourRole,
    PriceChanged,
    RecordBusy,
    RequestError,
    VersionConflict,
    Vetoed,
)
from runtime.operations.preview_transition import Preview
from runtime.operations.transitions import Offered, Standing
from runtime.web.screens import doors, form_state
from runtime.web.screens.desk import Answer, Desk, listed_query, texts_of
from runtime.web.screens.form_drawing import Drawing
from runtime.web.screens.form_errors import messages_of
from runtime.web.screens.reprice_items import address, keys_of
from runtime.web.screens.reprice_page import (
    RepricePage,
    Typed,
    Wish,
    bought,
    looked_page,
    names_of,
    others_of,
    refused_page,
    typed_page,
    wished,
)
from runtime.web.screens.step_answers import back, done, drawer, moved, offer, title_now
from runtime.web.screens.steps_page import question_control, questions, step_url
from runtime.web.screens.visit import Visit, record_url

MOVED = (NotInFromState, VersionConflict, RecordBusy)
AGAIN = (GuardBlocked, Vetoed, Invalid, NotYourRole)
MOST_ROWS = 100


class Repricing:
    """One such step of one record."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def page(self, visit: Visit, model: Entity, record_id: str, step: str) -> Answer:
        """Ask what is to be changed, tell what it would cost, or do it."""
        standing, one = offer(visit, model, record_id, step)
        if one is None:
            return moved(self.desk, visit, model, record_id, step.partition(".")[0])
        if not one.allowed:
            why = " ".join(visit.text(reason.message) for reason in one.reasons)
            return back(model, record_id, why)
        form = _Form(self.desk, visit, model, standing, one)
        return form.sent() if request.method == "POST" else form.drawn()


class _Form:
    """The form of one request."""

    def __init__(
        self, desk: Desk, visit: Visit, model: Entity, standing: Standing, one: Offered
    ) -> None:
        self.desk, self.visit, self.model = desk, visit, model
        self.standing, self.one = standing, one
        self.changes, self.seen = names_of(visit, model, one)
        self.fields = questions(visit, others_of(one, (self.changes, self.seen)))
        self.lines = bought(visit, model, standing.record_id)
        self.items = address(visit, model)
        self.state = (
            form_state.state_of_post(visit, self.fields, texts_of(request.form))
            if request.method == "POST"
            else form_state.state_of_new(visit, self.fields)
        )

    def drawn(self) -> Answer:
        """Return the form as it begins."""
        return self._answer(self._page(self._version(), {}, Typed()), 200)

    def sent(self) -> Answer:
        """Tell what it would cost, or take the step where just that was seen."""
        visit = self.visit
        given = form_state.values_of(visit, self.fields, self.state, changes=True)
        others = {name: value for name, value in given.items() if value is not None}
        typed = Typed(
            {one.number: _text(f"line{one.number}") for one in self.lines},
            _items(),
            [text[:12] for text in request.form.getlist("count")[:MOST_ROWS]],
            others,
        )
        keys = keys_of(visit, typed.items) if self.items else {}
        wish = wished(self.lines, typed, keys)
        prices = _text("_prices")
        same = bool(prices) and _text("_typed") == wish.mark(others)
        try:
            if same:
                return self._taken(wish, others, prices)
        except MOVED:
            return moved(self.desk, visit, self.model, self.standing.record_id, self.one.workflow)
        except PriceChanged as refusal:
            return self._looked(typed, wish, others, refusal)
        except AGAIN as refusal:
            return self._refused(typed, wish, refusal)
        return self._looked(typed, wish, others, None)

    def _taken(self, wish: Wish, others: Mapping[str, Any], prices: str) -> Answer:
        result = doors.ask(
            self.visit,
            "transition",
            self.model.name,
            self.standing.record_id,
            values=self._asked(wish, {**others, self.seen: prices}),
            version=self._version(),
            idempotency_key=_text("_key")[:64],
        )
        words = done(self.visit, self.model, result)
        now = result.steps[-1]["to"] if result.steps else ""
        return back(self.model, self.standing.record_id, words, "success", now)

    def _looked(
        self, typed: Typed, wish: Wish, others: Mapping[str, Any], refusal: RequestError | None
    ) -> Answer:
        """Return the form with what it would cost now."""
        try:
            found = doors.ask(
                self.visit,
                "preview_transition",
                self.model.name,
                self.standing.record_id,
                values=self._asked(wish, others),
            ).row
        except MOVED:
            return moved(
                self.desk, self.visit, self.model, self.standing.record_id, self.one.workflow
            )
        except AGAIN as wrong:
            return self._refused(typed, wish, wrong)
        assert isinstance(found, Preview)
        seen = {"_prices": found.found.priced.fingerprint, "_typed": wish.mark(others)}
        page = looked_page(self.visit, self._page(found.version, seen, typed), found)
        if refusal is not None:
            page = refused_page(self.visit, page, wish, self.changes, refusal)
        return self._answer(page, 200 if refusal is None else refusal.status)

    def _refused(self, typed: Typed, wish: Wish, refusal: RequestError) -> Answer:
        page = self._page(self._version(), {}, typed, refusal)
        page = refused_page(self.visit, page, wish, self.changes, refusal)
        return self._answer(page, refusal.status)

    def _asked(self, wish: Wish, others: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "workflow": self.one.workflow,
            "transition": self.one.name,
            "input": {self.changes: [dict(one) for one in wish.sent], **others},
        }

    def _version(self) -> int:
        text = _text("_version")
        sent = text.isascii() and text.isdigit() and len(text) < 10
        return int(text) if sent else self.standing.version

    def _page(
        self,
        version: int,
        seen: Mapping[str, str],
        typed: Typed,
        refusal: RequestError | None = None,
    ) -> RepricePage:
        visit, model, record = self.visit, self.model, self.standing.record_id
        listed = listed_query(model.name)
        hidden = {
            "_version": str(version),
            "_key": str(uuid.uuid4()),
            "_drawer": drawer(),
            "list": listed,
            **seen,
        }
        pricing = visit.app.pricing
        assert pricing is not None
        ids = "q-" if drawer() else "f-"
        drawing = Drawing(visit, self.state, {}, messages_of(visit, refusal), ids=ids)
        page = RepricePage(
            title=visit.text(self.one.label),
            record=title_now(visit, model, record),
            back=record_url(model.name, record, list=listed),
            action=step_url(model.name, record, self.one),
            hidden=tuple((name, text) for name, text in hidden.items() if text),
            item=visit.text(visit.app.entities[pricing.item.entity].label),
            lines=self.lines,
            more=(),
            controls=tuple(
                question_control(drawing, each, self.one.id, record) for each in self.fields
            ),
            in_drawer=bool(drawer()),
        )
        return typed_page(visit, page, self.items, typed)

    def _answer(self, page: RepricePage, status: int) -> Answer:
        return make_response(render_template("reprice.html", page=page), status)


def _items() -> list[str]:
    """Return what each row of what is new holds: what was chosen, else what was typed."""
    chosen, typed = request.form.getlist("item"), request.form.getlist("typed")
    rows = max(len(chosen), len(typed))
    return [
        next((texts[at] for texts in (chosen, typed) if at < len(texts) and texts[at]), "")
        .replace("\x00", "")[:200]
        for at in range(min(rows, MOST_ROWS))
    ]  # fmt: skip


def _text(name: str) -> str:
    return request.form.get(name, "").replace("\x00", "")[:200]
