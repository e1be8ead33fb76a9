"""`create_app`: a runtime and settings in, the Flask app out; every part of the web layer by name.

Flask-AppBuilder runs on our engine through a plain scoped session; it creates no tables and checks
no permissions. What a request goes through, in this order: id and language, who asks, CSRF, view,
headers, log.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import sqlalchemy as sa
from flask import Flask, Response, make_response, redirect, request, session
from flask_appbuilder import AppBuilder
from flask_appbuilder.views import UtilView
from flask_wtf.csrf import CSRFError
from sqlalchemy.orm import scoped_session, sessionmaker
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.middleware.proxy_fix import ProxyFix

from generator.model.text import Label
from runtime.errors import Forbidden, NeedsApproval, NotProved, RequestError, Unconfirmed
from runtime.files import FileStore
from runtime.messages import Actor
from runtime.runtime import Runtime
from runtime.web import assets, attempts, languages, look, observe, packing, security, users
from runtime.web.context import EXTENSION, Web, present, web
from runtime.web.frame import LANGUAGES, make_shell
from runtime.web.front import Front
from runtime.web.health import health
from runtime.web.hooks import hooks
from runtime.web.identity import SESSION, USER, Gate, two_identities
from runtime.web.late_rule import LateRule
from runtime.web.offline import offline
from runtime.web.openapi import Documents
from runtime.web.people.welcome import welcome
from runtime.web.problems import bug, from_http, problem
from runtime.web.proving import ask, tell_waiting, with_proof
from runtime.web.rest import Api
from runtime.web.rest_views import blueprint, send
from runtime.web.screens import routes as screens
from runtime.web.screens import settings_page
from runtime.web.screens.desk import Surroundings
from runtime.web.screens.reveal_page import masked_fields
from runtime.web.screens.rule_page import Said, said_of
from runtime.web.screens.visit import Visit
from runtime.web.security_manager import People, refuse_weak, sign_in
from runtime.web.settings import UnsafeSettings, WebSettings
from runtime.web.sign_in_code import sign_in_code
from runtime.web.texts import translator
from runtime.web.token_page import token_page
from runtime.web.trail import note_refusal
from runtime.web.urls import API, local
from runtime.web.users import find_people, user_names
from runtime.web.view_as import AS, END, seen_as

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
NOBODY_ASKS = frozenset(
    {
        "assets.one",
        "health.alive",
        "health.ready",
        "health.metrics",
        "hooks.told",
        "offline.page",
        "offline.script",
    }
)
"""Endpoints that work without knowing who asks."""
PROVES_ITSELF = frozenset({f"{API}security/login", f"{API}security/refresh"})
"""Addresses that read the Authorization header in their own way."""

SAID_BY_THE_PAGE = frozenset({403, 404, 405})
"""Statuses whose page says it better than the refusal, which is worded for programs."""

log = logging.getLogger(__name__)


def create_app(runtime: Runtime, settings: WebSettings) -> Flask:
    """Return the app that serves a back office.

    Raises:
        UnsafeSettings: production was asked for with settings that are not safe.

    """
    faults = settings.faults()
    if faults:
        raise UnsafeSettings("\n".join(faults))
    app = Flask("shopwright", template_folder=str(TEMPLATES), static_folder=None)
    app.url_rule_class = LateRule
    app.config.update(security.config(settings), **_appbuilder_config(runtime), **sign_in(settings))
    limiter = attempts.make_limiter(settings.limiter_storage)
    here = Web(runtime, settings, Gate(runtime, settings), limiter)
    app.extensions[EXTENSION] = here
    api = Api(runtime, _files(settings, runtime))
    observe.count_statements(runtime.engine)
    packing.watch(app)
    observe.watch(app)
    csrf = security.protect(app, settings)
    app.before_request(_begin)
    app.before_request(_identify)
    app.before_request(security.guard(csrf))
    served = assets.load()
    look.dress(app, lambda: make_shell(served.url), settings.templates)
    _appbuilder(app, runtime)
    app.register_blueprint(assets.blueprint())
    app.register_blueprint(health)
    app.register_blueprint(hooks)
    app.register_blueprint(token_page)
    app.register_blueprint(welcome)
    app.register_blueprint(sign_in_code)
    app.register_blueprint(blueprint(api, Documents(runtime)))
    app.register_blueprint(screens.blueprint(_surroundings(settings), runtime.app.entities))
    app.jinja_env.globals["may_reveal"] = _may_reveal
    app.jinja_env.globals["rule_said"] = _rule_said
    app.add_url_rule("/lang/<locale>", "language", choose_language)
    app.register_blueprint(offline)
    app.register_error_handler(RequestError, _refused)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _failed)
    if settings.front:
        app.wsgi_app = Front(app.wsgi_app, here, api)  # type: ignore[assignment,method-assign]
    if settings.proxies:
        hops = settings.proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops
        )
    return app


class Builder(AppBuilder):  # type: ignore[misc]
    """Flask-AppBuilder without its start page, language view, menu API and Swagger page."""

    def _add_admin_views(self) -> None:
        self.add_view_no_menu(UtilView)
        self.sm.register_views()

    @property
    def get_url_for_index(self) -> str:
        """Return the start page."""
        return "/"


def _appbuilder_config(runtime: Runtime) -> dict[str, Any]:
    return {
        "APP_NAME": str(runtime.app.label),
        "FAB_CREATE_DB": False,
        "FAB_UPDATE_PERMS": False,
        "FAB_ADD_SECURITY_API": False,
        "FAB_ADD_SECURITY_PERMISSION_VIEW": False,
        "FAB_ADD_SECURITY_VIEW_MENU_VIEW": False,
        "FAB_ADD_SECURITY_PERMISSION_VIEWS_VIEW": False,
        "FAB_PASSWORD_HASH_METHOD": users.HASHING,
        "FAB_PASSWORD_COMPLEXITY_ENABLED": True,
        "FAB_PASSWORD_COMPLEXITY_VALIDATOR": refuse_weak,
        "RATELIMIT_ENABLED": False,
        "BABEL_DEFAULT_LOCALE": runtime.app.locales[0],
        "LANGUAGES": {
            locale: {"flag": "", "name": LANGUAGES.get(locale, locale)}
            for locale in runtime.app.locales
        },
    }


def _appbuilder(app: Flask, runtime: Runtime) -> None:
    """Put Flask-AppBuilder on our engine, with a session a request."""
    sessions = scoped_session(sessionmaker(runtime.engine, expire_on_commit=False))

    @app.teardown_appcontext
    def close(error: BaseException | None) -> None:
        sessions.remove()

    with app.app_context():
        Builder(app, sessions, security_manager_class=People, update_perms=False)
    # Flask-Login would load the person a second time for a template name that no page uses.
    processors = app.template_context_processors[None]
    processors[:] = [one for one in processors if one.__name__ != "_user_context_processor"]
    app.extensions["babel"].locale_selector = lambda: present().locale


def _surroundings(settings: WebSettings) -> Surroundings:
    """Return what the screens ask of the request in hand."""

    return Surroundings(
        runtime=lambda: web().runtime,
        actor=lambda: present().actor,
        request_id=lambda: present().request_id,
        names=lambda ids: user_names(web().runtime.engine, ids),
        find_people=lambda text: find_people(web().runtime.engine, text),
        files=lambda: _files(settings, web().runtime),
        error_page=_refused,
        https=settings.https,
        templates=settings.templates,
        export_now=settings.export_now,
    )


def _files(settings: WebSettings, runtime: Runtime) -> FileStore:
    return FileStore(
        settings.files, runtime.engine, runtime.system.file, runtime.clock, runtime.make_id
    )


def _may_reveal(entity: str) -> bool:
    """Return whether a page about a record offers to show what is masked."""
    actor = present().actor
    return actor is not None and bool(masked_fields(Visit(web().runtime, actor), entity))


def _rule_said(text: str) -> tuple[Said, ...]:
    """Return what a rule that is shown says, in every language of the shop."""
    return said_of(web().runtime.app, text, present().locale)


def _begin() -> None:
    known = web().runtime.app.locales
    chosen = request.cookies.get(languages.COOKIE, "")
    observe.begin(languages.choose(chosen, request.headers.get("Accept-Language", ""), known))


def _identify() -> Response | None:
    """Find out who asks, once."""
    if request.endpoint in NOBODY_ASKS or request.path in PROVES_ITSELF:
        return None
    here, gate = present(), web().gate
    header = request.headers.get("Authorization", "")
    has_session = USER in session
    if header and has_session:
        raise two_identities()
    if header:
        here.actor = gate.by_header(header, here.locale)
    elif has_session:
        here.actor = gate.by_session(session, here.locale)
        here.session_id = session.get(SESSION, "") if here.actor else ""
        if here.actor is not None and AS in session:
            _look_with_other_eyes(here.actor)
        elif here.actor is not None and not request.path.startswith(API):
            here.actor = with_proof(here.actor)
    return None


def _look_with_other_eyes(real: Actor) -> None:
    """Let an administrator look as somebody else; nothing can be done meanwhile.

    Raises:
        Forbidden: the request would change something.

    """
    here = present()
    here.actor = seen_as(web().runtime, web().gate, real, session)
    looks = request.method in security.SAFE or request.path in (END, "/logout/")
    if here.actor is not real and not looks:
        raise Forbidden(
            Label(
                {
                    "en": "You only look with somebody else's eyes. End that first.",
                    "zh": "您正以他人身份查看，不能执行操作，请先结束查看。",
                }
            )
        )


def choose_language(locale: str) -> Response:
    """Remember a language and go back to the page it was chosen on."""
    answer = redirect(_back())
    here, runtime = present(), web().runtime
    if locale in runtime.app.locales:
        if here.actor is not None and here.session_id:
            settings_page.store(Visit(runtime, here.actor), {"locale": locale})
        answer.set_cookie(
            languages.COOKIE,
            locale,
            max_age=31_536_000,
            secure=web().settings.https,
            samesite="Lax",
            httponly=True,
        )
    return answer  # type: ignore[return-value]


def _back() -> str:
    came = urlsplit(request.referrer or "")
    if came.netloc != request.host:
        return "/"
    return local(came.path + (f"?{came.query}" if came.query else ""))


def _refused(refusal: RequestError) -> Any:
    here = present()
    note_refusal(refusal)
    if request.path.startswith("/api/"):
        return send(problem(refusal, here.locale, here.request_id))
    if isinstance(refusal, NeedsApproval):
        return tell_waiting(refusal)
    if isinstance(refusal, (Unconfirmed, NotProved)):
        return ask(refusal, _came_from() or "/")
    if refusal.status == 401 and "Authorization" not in request.headers:
        return redirect(f"/login/?next={quote(request.full_path.rstrip('?'))}")
    told = refusal.status not in SAID_BY_THE_PAGE
    message = refusal.message.text(here.locale) if told else ""
    page, status = look.error_page(refusal.status, here.request_id, _came_from(), message)
    answer = make_response(page, status)
    if "retry_after" in refusal.params:
        answer.headers["Retry-After"] = str(refusal.params["retry_after"])
    return answer


def _http_error(error: HTTPException) -> Any:
    """Answer what Flask itself refuses: an unknown address, a method, a body too long."""
    if error.response is not None or (error.code or 500) < 400:
        return error
    here = present()
    if request.path.startswith("/api/"):
        return send(problem(from_http(error.code or 500, error), here.locale, here.request_id))
    if isinstance(error, CSRFError):
        t = translator(here.locale)
        message = t("This page was open for too long. Go back, reload it and send it again.")
        return look.error_page(409, here.request_id, _back(), message)[0], 400
    page, status = look.error_page(error.code or 500, here.request_id, _came_from())
    answer = make_response(page, status)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return answer


def _failed(error: Exception) -> Any:
    """Answer for a bug: logged with its request id, and nothing of it told."""
    log.error("a request failed", exc_info=error)
    here = present()
    if request.path.startswith("/api/"):
        return send(bug(here.locale, here.request_id))
    status = 503 if isinstance(error, sa.exc.OperationalError) else 500
    try:
        return look.error_page(status, here.request_id, _came_from())
    except Exception:
        # the frame itself is broken; whatever it is, the person gets an answer
        log.exception("the page of an error failed")
        return look.last_resort(here.request_id)


def _came_from() -> str | None:
    """Return the page somebody came from, if it is ours and another one than this."""
    back = _back()
    return None if back == "/" or back.split("?")[0] == request.path else back
