"""New and edit: a form shown, saved, refused or merged; nothing typed is lost."""

from __future__ import annotations

import uuid
from dataclasses import replace

from flask import Blueprint, flash, jsonify, redirect, request

from runtime.errors import Conflict, KeyReused, RequestError, Stale
from runtime.messages import Result
from runtime.web.screens import form_live, form_state, form_undo, merge, saving
from runtime.web.screens.desk import (
    Addresses,
    Answer,
    Desk,
    entity_of,
    listed_query,
    sent_form,
    texts_of,
)
from runtime.web.screens.doors import titles_of
from runtime.web.screens.form_answer import form_answer
from runtime.web.screens.form_files import Sent, take_files
from runtime.web.screens.form_layout import form_layout
from runtime.web.screens.form_opening import Opened, open_new, open_stored
from runtime.web.screens.visit import Visit, record_url


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Forms(desk)
    screens.add_url_rule(at.entity + "new", "new", views.new, methods=["GET", "POST"])
    screens.add_url_rule(at.record + "/edit", "edit", views.edit, methods=["GET", "POST"])
    screens.add_url_rule(at.entity + "live", "live_new", views.live_new, methods=["POST"])
    screens.add_url_rule(at.record + "/live", "live", views.live, methods=["POST"])
    screens.add_url_rule(at.record + "/undo", "undo", views.undo, methods=["POST"])


class Forms:
    """The form of a record."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def new(self, entity: str) -> Answer:
        """Show an empty form, or create a record."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        copy = request.args.get("copy", "")
        opened = open_new(visit, model, texts_of(request.args), copy)
        in_drawer = request.values.get("_drawer") == "1"
        opened = replace(opened, listed=listed_query(entity), in_drawer=in_drawer)
        if request.method == "GET":
            return form_answer(self.desk, visit, opened, opened.state)
        sent = sent_form()
        opened = replace(opened, key=sent.one("_key") or opened.key)
        return self._save(visit, opened, sent)

    def edit(self, entity: str, record_id: str) -> Answer:
        """Show the form of a stored record, or change it."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        opened = open_stored(visit, model, record_id)
        opened = replace(opened, listed=listed_query(entity))
        if request.method == "GET":
            return form_answer(self.desk, visit, opened, opened.state)
        sent = sent_form()
        version = sent.one("_version")
        known = int(version) if version.isascii() and version.isdigit() else opened.version
        base = merge.unpacked(sent.one("_was")) or None
        asked = replace(opened, version=known, base=base, key=sent.one("_key") or opened.key)
        return self._save(visit, asked, sent, theirs=opened)

    def live_new(self, entity: str) -> Answer:
        """Tell what follows from an unsaved form of a new record, as JSON."""
        visit = self.desk.visit()
        return _live(visit, open_new(visit, entity_of(visit, entity), {}, ""))

    def live(self, entity: str, record_id: str) -> Answer:
        """Tell what follows from an unsaved form of a stored record, as JSON."""
        visit = self.desk.visit()
        layout = form_layout(visit, entity_of(visit, entity), changes=True)
        return _live(visit, Opened(layout, {}, record_id))

    def undo(self, entity: str, record_id: str) -> Answer:
        """Save a record as it was before the last save of this person."""
        visit = self.desk.visit()
        model = entity_of(visit, entity)
        try:
            form_undo.undo(visit, model, record_id, request.form.get("token", "")[:40])
        except Stale:
            flash(visit.t("Not undone: somebody changed this record meanwhile."), "warning")
        except RequestError as refusal:
            if refusal.status not in {404, 409, 422}:
                raise
            flash(visit.t("This cannot be undone any more."), "warning")
        else:
            flash(visit.t("The record is as before."), "success")
        return redirect(record_url(entity, record_id), 303)

    def _save(
        self, visit: Visit, opened: Opened, sent: Sent, theirs: Opened | None = None
    ) -> Answer:
        """Save what was sent; a refusal shows the form again with everything in it."""
        held = opened if theirs is None else replace(opened, base=theirs.base)
        texts, errors = take_files(visit, self.desk.around.files(), held, sent)
        errors += saving.unknown_fields(opened, (*sent.texts, *sent.files))
        state = form_state.state_of_post(visit, opened.layout.fields, texts)
        chosen = {
            name.removeprefix("_merge-"): sent.one(name)
            for name in sent.texts
            if name.startswith("_merge-")
        }
        if chosen and theirs is not None and opened.version == theirs.version:
            fields = opened.layout.fields
            state = merge.merged(fields, {}, state, theirs.state, chosen)
        if sent.one("_refresh"):
            return form_answer(self.desk, visit, opened, state, dirty=True)
        try:
            result = saving.save(visit, opened, state, errors)
        except Stale:
            return self._stale(visit, opened, state)
        except RequestError as refusal:
            if refusal.status not in {409, 422}:
                raise
            return self._refused_form(visit, opened, state, refusal)
        before = theirs.state if theirs is not None else {}
        return self._saved(visit, replace(opened, stored=before), result)

    def _refused_form(
        self, visit: Visit, opened: Opened, state: form_state.State, refusal: RequestError
    ) -> Answer:
        """Show the form with what is wrong; a key that was used for something else is renewed."""
        if isinstance(refusal, Conflict | KeyReused):
            opened = replace(opened, key=str(uuid.uuid4()))
        return form_answer(self.desk, visit, opened, state, refusal)

    def _stale(self, visit: Visit, opened: Opened, mine: form_state.State) -> Answer:
        """Show both versions of what two people changed; nothing typed is lost."""
        theirs = open_stored(visit, opened.layout.entity, opened.record_id)
        lines = saving.merge_lines(visit, opened, mine, theirs)
        fields = opened.layout.fields
        state = merge.merged(fields, opened.base or {}, mine, theirs.state, {})
        again = replace(theirs, listed=opened.listed)
        return form_answer(self.desk, visit, again, state, Stale(), lines)

    def _saved(self, visit: Visit, opened: Opened, result: Result) -> Answer:
        entity = opened.layout.entity.name
        record_id = opened.record_id or _id_of(result)
        if opened.in_drawer:
            named = titles_of(visit, {entity: (record_id,)}).get((entity, record_id), "")
            return jsonify(id=record_id, label=named or record_id[:8])
        words = visit.t("Saved.") if opened.record_id else visit.t("Created.")
        flash(form_undo.told(words, form_undo.keep(visit, opened, result)), "success")
        if not visit.may("read", entity):
            return redirect(record_url(entity) if visit.may("list", entity) else "/", 303)
        return redirect(record_url(entity, record_id, list=opened.listed), 303)


def _live(visit: Visit, opened: Opened) -> Answer:
    """Return formulas and conditions by the names that the page's own controls have."""
    sent = texts_of(request.form)
    state, numbers = form_state.numbered_state(visit, opened.layout.fields, sent)
    known = form_live.asked(visit, opened, state)

    def named(name: str) -> str:
        row = form_state.ROW.fullmatch(name)
        if row is None:
            return name
        return f"{row[1]}-{numbers[row[1]][int(row[2])]}-{row[3]}"

    return jsonify(
        fields={
            named(name): {"visible": one.visible, "required": one.required, "fixed": one.fixed}
            for name, one in known.standings.items()
        },
        values={
            named(name): {"text": cell.text, "unit": cell.unit}
            for name, cell in known.values.items()
        },
    )


def _id_of(result: Result) -> str:
    if result.plan is None:
        return str(result.row[0])
    return str(result.row[[path.text for path in result.plan.paths].index("id")])
