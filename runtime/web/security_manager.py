"""Flask-AppBuilder's security manager with our answers: who is signed in, who may open its pages.

Kept of it: the sign-in views (database, LDAP, OAuth) and the forms about oneself. Replaced: the
pages about users, roles and groups (`people/`), every permission check (its rows in `ab_permission`
are neither written nor read), its API, its JWT and its limits.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from typing import Any

from flask import Flask, current_app, flash, redirect, request, session
from flask_appbuilder import expose
from flask_appbuilder.const import AUTH_DB, AUTH_LDAP, AUTH_OAUTH
from flask_appbuilder.exceptions import PasswordComplexityValidationError
from flask_appbuilder.fieldwidgets import BS3PasswordFieldWidget
from flask_appbuilder.forms import DynamicForm
from flask_appbuilder.security.decorators import no_cache
from flask_appbuilder.security.forms import LoginForm_db
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_appbuilder.security.views import (
    AuthDBView,
    AuthLDAPView,
    AuthOAuthView,
    ResetMyPasswordView,
)
from flask_jwt_extended import JWTManager
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import logout_user
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response
from wtforms import PasswordField
from wtforms.validators import DataRequired, EqualTo

from runtime import alarms
from runtime.errors import Busy, TooMany
from runtime.messages import Actor
from runtime.settings import is_directory
from runtime.store import sessions
from runtime.store.trail import REFUSED_SIGN_IN, SIGN_IN, SIGN_OUT, Note
from runtime.web import attempts
from runtime.web.context import present, web
from runtime.web.directory import NO_ANSWER, bind, directory_config
from runtime.web.identity import FINGERPRINT, PROVED, SECOND, SESSION, STARTED, USER
from runtime.web.screens import settings_page
from runtime.web.settings import WebSettings
from runtime.web.texts import translator
from runtime.web.trail import trail
from runtime.web.urls import API, list_url, local
from runtime.web.users import check_password, is_administrator

log = logging.getLogger(__name__)

OWN_PAGES = {"UserInfoEditView", "ChangePassword"}
"""What everybody who is signed in may open of Flask-AppBuilder's pages."""

PROVIDER = "account"
"""In the address to which the other server sends people back."""

CHOSEN_HERE = {"locale", "theme"}
"""What the sign-in page offers to choose; a choice made there is not undone by signing in."""
WAIT_SECONDS = 60
"""After so long a sign-in is worth another try when the directory did not answer."""
LONGEST_NAME, LONGEST_PASSWORD = 320, 1024
WAITS = "waits"
"""Whose password was right and whose second factor is still asked for, in the session."""
WAITS_SECONDS = 600


class SignIn(AuthDBView):  # type: ignore[misc]
    """The sign-in form on passwords kept here."""

    @expose("/login/", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    @no_cache  # type: ignore[untyped-decorator]
    def login(self) -> Response | str:
        return _sign_in(self, self.appbuilder.sm.by_password)

    @expose("/logout/", methods=["POST"])  # type: ignore[untyped-decorator]
    def logout(self) -> Response:
        return _sign_out()


class SignInByDirectory(AuthLDAPView):  # type: ignore[misc]
    """The sign-in form on passwords of a directory server."""

    @expose("/login/", methods=["GET", "POST"])  # type: ignore[untyped-decorator]
    @no_cache  # type: ignore[untyped-decorator]
    def login(self) -> Response | str:
        return _sign_in(self, self.appbuilder.sm.by_password)

    @expose("/logout/", methods=["POST"])  # type: ignore[untyped-decorator]
    def logout(self) -> Response:
        return _sign_out()


class SignInElsewhere(AuthOAuthView):  # type: ignore[misc]
    """Sign-in at another server; there is no password to guess here."""

    @expose("/oauth-authorized/<provider>")  # type: ignore[untyped-decorator]
    def oauth_authorized(self, provider: str) -> Response:
        answer: Response = super().oauth_authorized(provider)
        if USER in session and SESSION not in session:
            # whether a second factor is asked for is the other server's affair
            remember(int(session[USER]), second=True)
            signed_in(int(session[USER]), SIGN_IN)
        return answer

    @expose("/logout/", methods=["POST"])  # type: ignore[untyped-decorator]
    def logout(self) -> Response:
        return _sign_out()


class ChangePassword(ResetMyPasswordView):  # type: ignore[misc]
    """Change one's own password, for which the old one is asked."""

    class form(DynamicForm):  # type: ignore[misc]  # noqa: N801 (Flask-AppBuilder's name)
        """The old password, and the new one twice."""

        old_password = PasswordField(
            "Old password", validators=[DataRequired()], widget=BS3PasswordFieldWidget()
        )
        password = PasswordField(
            "New password", validators=[DataRequired()], widget=BS3PasswordFieldWidget()
        )
        conf_password = PasswordField(
            "New password again",
            validators=[EqualTo("password")],
            widget=BS3PasswordFieldWidget(),
        )

    def form_post(self, form: Any) -> Response | None:
        manager, actor = self.appbuilder.sm, present().actor
        t = translator(present().locale)
        assert actor is not None
        if not manager.auth_user_db(actor.name, form.old_password.data):
            flash(t("The old password is not right."), "danger")
            return redirect(request.path)
        reason = check_password(form.password.data, actor.name)
        if reason is not None:
            flash(reason.text(present().locale), "danger")
            return redirect(request.path)
        manager.reset_password(actor.id, form.password.data)
        end_everything(actor.id)
        remember(actor.id)
        signed_in(actor.id, "password_changed")
        flash(t("Password changed."), "success")
        return redirect("/")


class People(SecurityManager):  # type: ignore[misc]
    """Users, groups and sign-in; nothing else of Flask-AppBuilder's security."""

    authdbview = SignIn
    authldapview = SignInByDirectory
    authoauthview = SignInElsewhere
    resetmypasswordview = ChangePassword
    userstatschartview = None

    def create_limiter(self, app: Flask) -> Limiter:
        """Return a limiter that limits nothing: `attempts.py` does."""
        return Limiter(key_func=get_remote_address)

    def create_jwt_manager(self, app: Flask) -> JWTManager:
        """Return a manager that manages nothing: `jwt.py` does."""
        return JWTManager()

    def create_db(self) -> None:
        """Leave tables and roles to `apply`."""

    def register_views(self) -> None:
        """Register the pages that are kept."""
        builder = self.appbuilder
        builder.add_view_no_menu(self.userinfoeditview())
        kinds = {
            AUTH_DB: self.authdbview,
            AUTH_LDAP: self.authldapview,
            AUTH_OAUTH: self.authoauthview,
        }
        if self.auth_type == AUTH_DB:
            builder.add_view_no_menu(self.resetmypasswordview())
        self.auth_view = builder.add_view_no_menu(kinds[self.auth_type]())

    def by_password(self, name: str, password: str) -> Any | None:
        """Return the user whose name and password these are, by whoever keeps the passwords."""
        if self.auth_type == AUTH_DB:
            return self.auth_user_db(name, password)
        if self.auth_type == AUTH_LDAP:
            return self.auth_user_ldap(name, password)
        return None

    def _ldap_bind(self, ldap: Any, con: Any, dn: str, password: str) -> bool:
        return bind(ldap, con, dn, password)

    def _ldap_bind_indirect(self, ldap: Any, con: Any) -> None:
        if not bind(ldap, con, self.auth_ldap_bind_user, self.auth_ldap_bind_password):
            log.error("the directory does not know SHOPWRIGHT_SIGN_IN_CLIENT and its secret")
            raise Busy(NO_ANSWER)

    def get_oauth_user_info(self, provider: str, resp: Mapping[str, Any]) -> dict[str, str]:
        """Return who a server says somebody is; Authlib has checked signature, nonce and times."""
        claims = resp["userinfo"]
        return {"username": str(claims.get("preferred_username") or "")}

    def load_user(self, pk: int) -> Any | None:
        """Return Flask-AppBuilder's own user for its pages; who asks was settled before."""
        actor = present().actor
        return None if actor is None or actor.id != int(pk) else self.get_user_by_id(actor.id)

    def has_access(self, permission_name: str, view_name: str) -> bool:
        """Return whether the caller may open one of Flask-AppBuilder's pages; asks no database."""
        actor = present().actor
        if actor is None:
            return False
        return view_name in OWN_PAGES or is_administrator(web().runtime, actor.lasting)

    def is_item_public(self, permission_name: str, view_name: str) -> bool:
        """Return False: nothing is public."""
        return False

    def get_user_menu_access(self, menu_names: list[str] | None = None) -> set[str]:
        """Return nothing: our frame has its own menu."""
        return set()


def sign_in(settings: WebSettings) -> dict[str, Any]:
    """Return Flask-AppBuilder's configuration of where people sign in.

    Who signs in elsewhere must be known here under the same name: roles are given here.
    """
    if not settings.sign_in_url:
        return {"AUTH_TYPE": AUTH_DB}
    if is_directory(settings.sign_in_url):
        return directory_config(settings)
    remote = {
        "client_id": settings.sign_in_client,
        "client_secret": settings.sign_in_secret,
        "server_metadata_url": f"{settings.sign_in_url}/.well-known/openid-configuration",
        "client_kwargs": {"scope": "openid profile", "timeout": 10},
    }
    provider = {"name": PROVIDER, "token_key": "access_token", "remote_app": remote}
    return {"AUTH_TYPE": AUTH_OAUTH, "OAUTH_PROVIDERS": [provider]}


def refuse_weak(password: str) -> None:
    """Refuse a weak password in Flask-AppBuilder's forms.

    Raises:
        PasswordComplexityValidationError: with the reason in the caller's language.

    """
    reason = check_password(password)
    if reason is not None:
        raise PasswordComplexityValidationError(reason.text(present().locale))


def _sign_in(view: Any, check: Any) -> Response | str:
    form = LoginForm_db()
    target = local(request.args.get("next", ""))
    if present().actor is not None:
        return redirect(target)
    if form.validate_on_submit():
        name, password = form.username.data or "", form.password.data or ""
        try:
            user = prove(name, password, request.remote_addr or "", check)
        except (TooMany, Busy) as refusal:
            flash(refusal.message.text(present().locale), "danger")
            answer = Response(_form(view, form), refusal.status, mimetype="text/html")
            answer.headers["Retry-After"] = str(refusal.params.get("retry_after", WAIT_SECONDS))
            return answer
        if user is not None:
            return admit(user.id, target)
        flash(str(view.invalid_login_message), "warning")
    return _form(view, form)


def admit(user_id: int, target: str) -> Response:
    """Let somebody in whose password was right, or ask for their second factor first."""
    here = web()
    found = here.gate.principals.current(user_id)
    if found is None:
        return redirect("/login/")
    factors = here.gate.second_factors
    is_on = factors.is_on(user_id)
    if is_on or factors.is_demanded(found.actor.roles):
        session.clear()
        now = here.runtime.clock().timestamp()
        session[WAITS] = [user_id, found.fingerprint, now, target]
        return redirect("/login/code" if is_on else "/login/second-factor")
    return let_in(user_id, target, second=False)


def let_in(user_id: int, target: str, *, second: bool) -> Response:
    """Begin a session for somebody who proved all that is asked of them."""
    remember(user_id, second=second)
    signed_in(user_id, SIGN_IN)
    return _begin(user_id, target)


def who_waits() -> tuple[Actor, str] | None:
    """Return whose password was right a moment ago in this browser, and where they want to go."""
    waiting = session.get(WAITS)
    if not isinstance(waiting, list) or len(waiting) != 4:
        return None
    user_id, fingerprint, since, target = waiting
    here = web()
    found = here.gate.principals.current(int(user_id))
    late = here.runtime.clock().timestamp() - float(since) > WAITS_SECONDS
    if found is None or found.fingerprint != fingerprint or late:
        session.pop(WAITS)
        return None
    return found.actor, local(str(target))


def prove_code(actor: Actor, code: str, source: str = "screen") -> bool:
    """Return whether a code of somebody's second factor counts; it counts once.

    Raises:
        TooMany: they gave too many wrong ones.

    """
    here = web()
    attempts.spend_code(here.limiter, actor.id)
    if here.gate.second_factors.accepts(trail(actor, source), actor, code[:40]):
        attempts.give_back_code(here.limiter, actor.id)
        return True
    note_refused(actor.name, "wrong_code")
    return False


def _begin(user_id: int, target: str) -> Response:
    """Go on to where somebody wanted, or begins; bring this browser's preferences up to date."""
    here = web()
    chosen = settings_page.load(here.runtime, user_id)
    home = chosen.get("home", "")
    if target == "/" and home in here.runtime.app.entities:
        target = list_url(home)
    answer = redirect(target)
    for name, value in chosen.items():
        if name in CHOSEN_HERE and name in request.cookies:
            continue
        answer.set_cookie(
            name,
            value,
            max_age=31_536_000,
            secure=here.settings.https,
            samesite="Lax",
            httponly=name not in settings_page.READ_BY_SCRIPT,
        )
    return answer


def _form(view: Any, form: Any) -> str:
    page: str = view.render_template(
        view.login_template, title=view.title, form=form, appbuilder=view.appbuilder
    )
    return page


def prove(name: str, password: str, address: str, check: Any) -> Any | None:
    """Return the user whose name and password these are; None when they are nobody's.

    Raises:
        TooMany: this address or this account was tried too often.

    """
    limiter = web().limiter
    try:
        attempts.spend(limiter, address, name)
    except TooMany:
        if attempts.is_told(limiter, address, name):
            note_refused(name, "too_many")
        raise
    possible = "\x00" not in name and len(name) <= LONGEST_NAME
    user = check(name, password) if possible and len(password) <= LONGEST_PASSWORD else None
    if user is None:
        attempts.note_failure(limiter, address)
        note_refused(name, "wrong_password")
    else:
        attempts.give_back(limiter, address, name)
    return user


def end_everything(user_id: int) -> None:
    """End every session and token of somebody whose password was changed."""
    # Flask-AppBuilder's session holds the write lock of SQLite until the end of the request
    current_app.appbuilder.session.commit()  # type: ignore[attr-defined]
    runtime = web().runtime
    sessions.end_all(runtime.engine, runtime.system.setting, user_id, runtime.clock())


def signed_in(user_id: int, *operations: str, source: str = "screen") -> None:
    """Tell in the audit what somebody did who has just proved who they are."""
    found = web().gate.principals.current(user_id)
    if found is not None:
        actor = found.actor
        notes = [Note(one, record_id=str(actor.id), title=actor.name) for one in operations]
        trail(actor, source).alone(*notes)
        header = web().settings.country_header
        if SIGN_IN in operations and header:
            alarms.note_country(web().runtime, actor, request.headers.get(header, ""))


def note_refused(name: str, why: str) -> None:
    """Tell in the audit that somebody was not let in, under the name they gave."""
    # Flask-AppBuilder's session holds the write lock of SQLite until the end of the request
    current_app.appbuilder.session.commit()  # type: ignore[attr-defined]
    source = "rest" if request.path.startswith(API) else "screen"
    note = Note(REFUSED_SIGN_IN, title=name[:LONGEST_NAME], after={"why": why})
    trail(source=source).alone(note)


def remember(user_id: int, *, second: bool | None = None) -> None:
    """Begin a session of its own for somebody who has just proved who they are.

    `second` says whether by a second factor too; None means as in the session that was.
    """
    second = session.get(SECOND) is True if second is None else second
    found = web().gate.principals.current(user_id)
    flashes = session.get("_flashes")
    kept = {key: session[key] for key in ("_user_id", "_fresh", "_id") if key in session}
    session.clear()
    session.update(kept)
    if flashes:
        session["_flashes"] = flashes
    session["_user_id"] = str(user_id)
    session[SESSION] = secrets.token_urlsafe(16)
    session[FINGERPRINT] = found.fingerprint if found else ""
    runtime = web().runtime
    now = runtime.clock()
    session[STARTED] = session[PROVED] = now.timestamp()
    session[SECOND] = second
    # Flask-AppBuilder's session may hold the write lock of SQLite until the end of the request
    current_app.appbuilder.session.commit()  # type: ignore[attr-defined]
    sessions.begin(
        runtime.engine,
        runtime.system.setting,
        user_id,
        session[SESSION],
        request.headers.get("User-Agent", ""),
        request.remote_addr or "",
        now,
    )
    session.permanent = True
    generate_csrf()


def _sign_out() -> Response:
    actor, runtime = present().actor, web().runtime
    if actor is not None and SESSION in session:
        sessions.end(
            runtime.engine, runtime.system.setting, actor.id, session[SESSION], runtime.clock()
        )
        trail().alone(Note(SIGN_OUT, record_id=str(actor.id), title=actor.name))
    logout_user()
    session.clear()
    return redirect("/login/")
