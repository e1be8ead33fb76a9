"""The page of one's own access tokens; it does what `security/tokens` of the API does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from runtime.errors import NotFound, RequestError
from runtime.messages import Actor
from runtime.store import tokens
from runtime.web.context import present, web
from runtime.web.rest_routes import sign_in_first
from runtime.web.rest_security import DEFAULT_LIFE, make_token, revoke_token

token_page = Blueprint("tokens", __name__)


@dataclass(frozen=True)
class Row:
    """A token as the table shows it."""

    id: str
    name: str
    prefix: str
    scopes: tuple[str, ...] | None
    ends: str
    used: str


@dataclass(frozen=True)
class Page:
    """What the templates need."""

    tokens: tuple[Row, ...]
    name: str = ""
    days: str = str(DEFAULT_LIFE)
    scopes: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    made: str = ""
    made_name: str = ""


@token_page.get("/tokens")
def show() -> str | Response:
    """Show the tokens of whoever is signed in."""
    actor = present().actor
    if actor is None:
        return redirect("/login/?next=/tokens")
    return render_template("account/tokens.html", page=Page(token_rows(actor)))


@token_page.post("/tokens")
def make() -> tuple[str, int]:
    """Make a token and show it once, or say what is wrong with it."""
    page, status = made_of_form(_somebody())
    return render_template("account/tokens.html", page=page), status


def made_of_form(actor: Actor, owner: int | None = None) -> tuple[Page, int]:
    """Make the token that a form asks for; return the page that shows it, or what is wrong."""
    form = request.form
    name, days, scopes = (form.get(key, "").strip() for key in ("name", "days", "scopes"))
    body: dict[str, Any] = {
        "name": name,
        "days": int(days) if days.isascii() and days.isdigit() and len(days) < 6 else 0,
        "scopes": scopes.split() or None,
    }
    try:
        made = make_token(web(), actor, body, owner)
    except RequestError as refusal:
        locale = present().locale
        errors = {
            error.field.partition(".")[0] or "name": error.message.text(locale)
            for error in refusal.errors
        }
        return Page(token_rows(actor, owner), name, days, scopes, errors), refusal.status
    return Page(token_rows(actor, owner), made=made["token"], made_name=name), 200


@token_page.post("/tokens/<identifier>/revoke")
def revoke(identifier: str) -> Response:
    """End a token."""
    try:
        revoke_token(web(), _somebody(), identifier)
    except NotFound:
        return redirect("/tokens", 303)
    return redirect("/tokens", 303)


def _somebody() -> Actor:
    actor = present().actor
    if actor is None:
        raise sign_in_first()
    return actor


def token_rows(actor: Actor, owner: int | None = None) -> tuple[Row, ...]:
    """Return the tokens of somebody, or of the program `owner`, for who looks at them."""
    runtime = web().runtime
    found = tokens.of_user(
        runtime.engine, runtime.system.token, actor.id if owner is None else owner
    )
    return tuple(
        Row(
            each.id,
            each.name,
            each.prefix,
            each.scopes,
            _when(each.expires_at, actor),
            _when(each.last_used_at, actor),
        )
        for each in found
    )


def _when(moment: datetime | None, actor: Actor) -> str:
    if moment is None:
        return ""
    zone = ZoneInfo(actor.time_zone)
    return format_datetime(moment, "medium", tzinfo=zone, locale=actor.locale)
