"""One card of a record's page as a small form in its place; saved like the whole form.

Without script the card leads to the whole form; these addresses are asked for by script alone, and
answer with the card or, after a save, with the whole record's page.
"""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, flash, make_response, redirect, render_template, request

from generator.model.entity import Entity
from runtime.errors import NotFound, RequestError, Stale
from runtime.web.screens import form_state, merge, saving
from runtime.web.screens.desk import (
    Addresses,
    Answer,
    Desk,
    entity_of,
    listed_query,
    sent_form,
)
from runtime.web.screens.form_answer import drawn_form
from runtime.web.screens.form_files import Sent, take_files
from runtime.web.screens.form_model import MergeLine
from runtime.web.screens.form_opening import Opened, open_stored
from runtime.web.screens.routes.records import Records
from runtime.web.screens.visit import Visit, record_url

SIDE = "side"


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Cards(desk)
    screens.add_url_rule(at.record + "/cards/<card>", "card", views.card, methods=["GET", "POST"])


class Cards:
    """The small forms."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def card(self, entity: str, record_id: str, card: str) -> Answer:
        """Show the small form of a card, or save it."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        names, title = _named(visit, model, card)
        if request.method == "GET" and "HX-Request" not in request.headers:
            return redirect(record_url(entity, record_id, "edit", list=listed_query(entity)))
        opened = _only(open_stored(visit, model, record_id), names)
        opened = replace(opened, listed=listed_query(entity))
        if request.method == "GET":
            return self._form(visit, opened, card, title, opened.state)
        return self._save(visit, opened, sent_form(), card, title)

    def _save(self, visit: Visit, theirs: Opened, sent: Sent, card: str, title: str) -> Answer:
        """Save a card; a refusal is the card again, with everything in it."""
        version = sent.one("_version")
        known = int(version) if version.isascii() and version.isdigit() else theirs.version
        base = merge.unpacked(sent.one("_was")) or None
        opened = replace(theirs, version=known, base=base, key=sent.one("_key") or theirs.key)
        held = replace(opened, base=theirs.base)
        texts, errors = take_files(visit, self.desk.around.files(), held, sent)
        state = form_state.state_of_post(visit, opened.layout.fields, texts)
        chosen = {
            name.removeprefix("_merge-"): sent.one(name)
            for name in sent.texts
            if name.startswith("_merge-")
        }
        if chosen and opened.version == theirs.version:
            state = merge.merged(opened.layout.fields, {}, state, theirs.state, chosen)
        try:
            saving.save(visit, opened, state, errors)
        except Stale as refusal:
            lines = saving.merge_lines(visit, opened, state, theirs)
            merged = merge.merged(opened.layout.fields, opened.base or {}, state, theirs.state, {})
            return self._form(visit, theirs, card, title, merged, refusal, lines)
        except RequestError as refusal:
            if refusal.status not in {409, 422}:
                raise
            return self._form(visit, opened, card, title, state, refusal)
        flash(visit.t("Saved."), "success")
        return self._whole(visit, opened, sent.one("tab"))

    def _whole(self, visit: Visit, opened: Opened, tab: str) -> Answer:
        """Answer with the record's page: its title, badges and totals may have changed as well."""
        entity = opened.layout.entity
        if "HX-Request" not in request.headers:
            return redirect(record_url(entity.name, opened.record_id, list=opened.listed), 303)
        answer = make_response(Records(self.desk).page(visit, entity, opened.record_id, tab))
        answer.headers["HX-Retarget"] = "#main"
        answer.headers["HX-Reselect"] = "#main"
        answer.headers["HX-Reswap"] = "outerHTML show:none"
        return answer

    def _form(
        self,
        visit: Visit,
        opened: Opened,
        card: str,
        title: str,
        state: form_state.State,
        refusal: RequestError | None = None,
        lines: tuple[MergeLine, ...] = (),
    ) -> Answer:
        """Return the card as a form, which htmx puts in place of the card even when refused."""
        page = drawn_form(self.desk, visit, opened, state, refusal, lines)
        url = record_url(opened.layout.entity.name, opened.record_id, f"cards/{card}")
        tab = request.values.get("tab", "")
        html = render_template(
            "card_form.html", page=page, card=card, title=title, url=url, tab=tab
        )
        return html, 422 if refusal is not None else 200


def _named(visit: Visit, model: Entity, card: str) -> tuple[tuple[str, ...], str]:
    """Return the fields of a card and its title.

    Raises:
        NotFound: there is no such card.

    """
    if card == SIDE:
        return model.detail.side, visit.t("Overview")
    for section in model.detail.sections:
        if section.name == card:
            return section.fields, visit.text(section.label)
    raise NotFound


def _only(opened: Opened, names: tuple[str, ...]) -> Opened:
    """Return a form with these fields alone; grids stay in the whole form."""
    fields = {one.field.name for one in opened.layout.fields if one.kind != "grid"}
    return replace(
        opened, layout=opened.layout.only([name for name in names if name in fields]), left_out=()
    )
