"""The second step of signing in: a code, or the first setting up where a role demands it.

Comes in: a browser whose password was right a moment ago, as its session says. Goes out: a session
of its own, or the same page with a sentence. Nobody is signed in before.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from runtime.errors import TooMany
from runtime.messages import Actor
from runtime.web.context import present, web
from runtime.web.second_factor import Enrolment
from runtime.web.security_manager import let_in, prove_code, who_waits
from runtime.web.texts import Translate, translator
from runtime.web.trail import trail

BOTH = ["GET", "POST"]
sign_in_code = Blueprint("sign_in_code", __name__)

Page = Response | str | tuple[str, int] | tuple[str, int, dict[str, str]]


@dataclass(frozen=True, slots=True)
class CodePage:
    """Everything `account/code.html` and `account/enrol.html` draw."""

    enrolment: Enrolment | None = None
    error: str = ""
    codes: tuple[str, ...] = ()
    """Recovery codes, shown this once."""
    go_on: str = "/"


@sign_in_code.route("/login/code", methods=BOTH)
def code() -> Page:
    """Ask for a code of the authenticator app, or a recovery code."""
    waiting = who_waits()
    if waiting is None:
        return redirect("/login/")
    actor, target = waiting
    if request.method == "GET":
        return render_template("account/code.html", page=CodePage())
    try:
        right = prove_code(actor, request.form.get("code", ""))
    except TooMany as refusal:
        return _too_many("account/code.html", CodePage(error=_said(refusal)), refusal)
    if not right:
        page = CodePage(error=wrong_code(translator(present().locale)))
        return render_template("account/code.html", page=page), 422
    return let_in(actor.id, target, second=True)


@sign_in_code.route("/login/second-factor", methods=BOTH)
def enrol() -> Page:
    """Set up the second factor that a role demands, and go on signed in."""
    waiting = who_waits()
    if waiting is None:
        return redirect("/login/")
    actor, target = waiting
    factors = web().gate.second_factors
    if request.method == "POST" and "code" in request.form:
        return _confirmed(actor, target)
    enrolment = factors.begin(actor)
    if enrolment is None:
        return redirect("/login/code")
    return render_template("account/enrol.html", page=CodePage(enrolment))


def _confirmed(actor: Actor, target: str) -> Page:
    factors = web().gate.second_factors
    codes = factors.confirm(trail(actor), actor, request.form["code"][:40])
    if codes:
        let_in(actor.id, target, second=True)
        return render_template("account/enrol.html", page=CodePage(codes=codes, go_on=target))
    page = CodePage(factors.begin(actor), wrong_code(translator(present().locale)))
    return render_template("account/enrol.html", page=page), 422


def wrong_code(t: Translate) -> str:
    """Return what somebody reads whose code does not count."""
    return t("This code does not count. Wait for the next one and check your phone's clock.")


def _said(refusal: TooMany) -> str:
    return refusal.message.text(present().locale)


def _too_many(template: str, page: CodePage, refusal: TooMany) -> Page:
    headers = {"Retry-After": str(refusal.params["retry_after"])}
    return render_template(template, page=page), 429, headers
