"""A link with which somebody chooses a password: an invitation, or help for who forgot theirs.

The link carries an account, a fingerprint of its password and its age, signed; nothing is stored.
It works once, because choosing a password changes the fingerprint, and for three days.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, flash, render_template, request
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from runtime.web.context import present, web
from runtime.web.identity import derive
from runtime.web.look import error_page
from runtime.web.names import full_name
from runtime.web.people.account_changes import note_sign_in
from runtime.web.people.accounts import Account, load_account
from runtime.web.security_manager import admit, end_everything, signed_in
from runtime.web.texts import translator
from runtime.web.users import check_password, set_password

DAYS = 3
welcome = Blueprint("welcome", __name__)


@dataclass(frozen=True, slots=True)
class WelcomePage:
    """Everything `account/welcome.html` draws."""

    name: str
    username: str
    error: str = ""


def make_link(user_id: int, fingerprint: str) -> str:
    """Return the path of a link for an account as it is now."""
    return f"/login/welcome/{_signer().dumps([user_id, fingerprint])}"


@welcome.route("/login/welcome/<token>", methods=["GET", "POST"])
def choose(token: str) -> Response | str | tuple[str, int]:
    """Show the form of a link, or give its account the chosen password and sign in."""
    here, t = present(), translator(present().locale)
    account = _account(token)
    if account is None:
        words = t("This link was used already or is older than three days. Ask for a new one.")
        return error_page(404, here.request_id, "/login/", words)
    name = full_name(account.first_name, account.last_name, account.username)
    if request.method == "GET":
        return render_template("account/welcome.html", page=WelcomePage(name, account.username))
    password = request.form.get("password", "")
    error = ""
    reason = check_password(password, account.username)
    if reason is not None:
        error = reason.text(here.locale)
    elif password != request.form.get("again", ""):
        error = t("The two passwords are not the same.")
    if error:
        page = WelcomePage(name, account.username, error)
        return render_template("account/welcome.html", page=page), 422
    set_password(web().runtime.engine, account.username, password)
    end_everything(account.id)
    note_sign_in(web().runtime.engine, account.id)
    signed_in(account.id, "password_changed")
    flash(t("Your password is set. Welcome!"), "success")
    answer = admit(account.id, "/")
    answer.status_code = 303
    return answer


def _account(token: str) -> Account | None:
    """Return the account a link is for; None when it does not count any more."""
    try:
        user_id, fingerprint = _signer().loads(token, max_age=DAYS * 86_400)
    except (BadData, ValueError, TypeError):
        return None
    found = web().gate.principals.current(int(user_id))
    if found is None or found.fingerprint != fingerprint:
        return None
    return load_account(web().runtime.engine, found.actor.id)


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(derive(web().settings.secret_key, "welcome"), salt="welcome")
