"""What a refusal becomes: a page, a sign-in, or the same form once more."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

from flask import Blueprint, redirect, render_template, request
from flask_wtf.csrf import CSRFError

from runtime.errors import RequestError, Unauthenticated
from runtime.web.screens import form_state, merge
from runtime.web.screens.desk import (
    Addresses,
    Answer,
    Desk,
    entity_of,
    listed_query,
    sent_form,
)
from runtime.web.screens.form_answer import form_answer
from runtime.web.screens.form_opening import open_new, open_stored


def add(screens: Blueprint, desk: Desk, at: Addresses) -> None:
    """Contribute the addresses."""
    views = Refusals(desk)
    screens.register_error_handler(RequestError, views.refused)
    screens.register_error_handler(CSRFError, views.token_expired)


class Refusals:
    """Everything that ends otherwise than asked."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def refused(self, refusal: RequestError) -> Answer:
        """Answer a refusal with its page; who is not signed in is asked to, and comes back."""
        if not isinstance(refusal, Unauthenticated):
            return self.desk.around.error_page(refusal)
        if request.method == "GET":
            target = request.full_path.rstrip("?")
            return redirect(f"{self.desk.around.sign_in}?next={quote(target)}")
        return self._ended()

    def token_expired(self, error: CSRFError) -> Answer:
        """Answer a form whose token no longer counts with the same form, nothing lost."""
        actor = self.desk.around.actor()
        here = (request.endpoint or "").removeprefix("screens.")
        if actor is None:
            return self._ended()
        values = request.view_args or {}
        if here not in {"new", "edit"}:
            return redirect(request.path if "GET" in _methods() else "/", 303)
        try:
            return self._form_again(here, values)
        except RequestError as refusal:
            return self.refused(refusal)

    def _form_again(self, here: str, values: Mapping[str, str]) -> Answer:
        visit = self.desk.visit()
        model = entity_of(visit, values["entity"])
        sent = sent_form()
        if here == "new":
            opened = open_new(visit, model, {}, "")
        else:
            opened = open_stored(visit, model, values["record_id"])
            text = sent.one("_version")
            version = int(text) if text.isascii() and text.isdigit() else opened.version
            base = merge.unpacked(sent.one("_was")) or None
            opened = replace(opened, version=version, base=base)
        listed = listed_query(model.name)
        opened = replace(opened, key=sent.one("_key") or opened.key, listed=listed)
        state = form_state.state_of_post(visit, opened.layout.fields, sent.texts)
        problem = visit.t("Your session was renewed. Nothing is lost: save again.")
        return form_answer(self.desk, visit, opened, state, problem=problem)

    def _ended(self) -> Answer:
        """Keep a form that was sent after the session ended until its sender has signed in."""
        fields = tuple(
            (name, text) for name, text in request.form.items(multi=True) if name != "csrf_token"
        )
        files = any(upload.filename for upload in request.files.values())
        page = EndedPage(request.full_path.rstrip("?"), fields, files)
        return render_template("ended.html", page=page), 401


@dataclass(frozen=True, slots=True)
class EndedPage:
    """What `ended.html` draws: a form that waits for its sender to sign in."""

    action: str
    fields: tuple[tuple[str, str], ...]
    files: bool


def _methods() -> Collection[str]:
    rule = request.url_rule
    return rule.methods or () if rule is not None else ()
