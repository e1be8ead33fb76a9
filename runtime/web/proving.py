"""What a request of a screen brings for something sensitive, and the page that asks for it.

A form is answered with a page that holds all that was sent and asks one thing more; it is sent
again to the same address, so whatever the form was, nothing typed is lost.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote

from flask import current_app, flash, make_response, redirect, render_template, request, session
from werkzeug.wrappers import Response

from rules.proof import Proof
from runtime.errors import NeedsApproval, RequestError, TooMany, Unconfirmed
from runtime.messages import Actor
from runtime.web.context import present, web
from runtime.web.identity import PROVED
from runtime.web.security_manager import prove, prove_code
from runtime.web.texts import translator

OURS = frozenset({"_confirm", "_password", "_code", "csrf_token"})


@dataclass(frozen=True, slots=True)
class ProofPage:
    """Everything `proof.html` draws."""

    ask: str
    message: str
    title: str
    action: str
    fields: tuple[tuple[str, str], ...]
    files: bool
    with_code: bool
    back: str
    error: str = ""
    in_drawer: bool = False
    """The form was sent from a drawer, which shows the question in its place."""


def with_proof(actor: Actor) -> Actor:
    """Return who asks with what this request of a screen proves."""
    form = request.form if request.method == "POST" and not request.is_json else {}
    if form.get("_password") and _is_right(actor, form["_password"], form.get("_code", "")):
        session[PROVED] = web().runtime.clock().timestamp()
    proved = session.get(PROVED)
    at = float(proved) if isinstance(proved, (int, float)) else None
    return replace(actor, proof=Proof(str(form.get("_confirm", ""))[:500], at))


def ask(refusal: RequestError, back: str) -> Response:
    """Return the page that asks for what is missing."""
    here = present()
    ask_for = str(refusal.params.get("ask", "confirm"))
    fields = tuple((n, v) for n, v in request.form.items(multi=True) if n not in OURS)
    tried = bool(request.form.get("_confirm") or request.form.get("_password"))
    t = translator(here.locale)
    actor = here.actor
    page = ProofPage(
        ask=ask_for,
        message=refusal.message.text(here.locale),
        title=str(refusal.params.get("title", "")),
        action=request.full_path.rstrip("?"),
        fields=fields,
        files=any(upload.filename for upload in request.files.values()),
        with_code=actor is not None and web().gate.second_factors.is_on(actor.id),
        back=back,
        error=t("This is not right.") if tried else "",
        in_drawer=("_drawer", "1") in fields,
    )
    status = Unconfirmed.status if page.in_drawer else refusal.status
    return make_response(render_template("proof.html", page=page), status)


def tell_waiting(refusal: NeedsApproval) -> Response:
    """Say that something waits for another person, on the page of the record as it still is."""
    flash(refusal.message.text(present().locale), "info")
    one = refusal.params["approval"]
    back = f"/{one.entity}/{quote(one.record_id)}" if one.record_id else "/approvals/"
    return redirect(back, 303)


def _is_right(actor: Actor, password: str, code: str) -> bool:
    """Return whether the password, and the code where one is asked for, are the caller's."""
    manager = current_app.appbuilder.sm  # type: ignore[attr-defined]
    try:
        user = prove(actor.name, password, request.remote_addr or "", manager.by_password)
        if user is None or int(user.id) != actor.id:
            return False
        on = web().gate.second_factors.is_on(actor.id)
        return not on or prove_code(actor, code)
    except TooMany:
        return False
