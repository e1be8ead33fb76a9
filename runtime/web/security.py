"""Headers, host names, CSRF: what holds for every answer, whoever made it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

from flask import Flask, Response, request
from flask_wtf.csrf import CSRFError, CSRFProtect

from runtime.errors import Invalid
from runtime.web.bodies import NO_CONTROLS
from runtime.web.context import present
from runtime.web.settings import WebSettings
from runtime.web.urls import API

OF_OURS = frozenset({"same-origin", "none"})
"""What browsers say of a request that our own page, or the person, began."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
PAGE = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; "
    "img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
DATA = "default-src 'none'; frame-ancestors 'none'"
FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
}
HEADERS = ("X-CSRFToken", "X-CSRF-Token")
HSTS = "max-age=31536000; includeSubDomains"


def config(settings: WebSettings) -> dict[str, object]:
    """Return Flask's settings that have to do with safety."""
    name = "__Host-session" if settings.https else "session"
    return {
        "SECRET_KEY": settings.secret_key,
        "SESSION_COOKIE_NAME": name,
        "SESSION_COOKIE_SECURE": settings.https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
        "SESSION_REFRESH_EACH_REQUEST": False,
        "PERMANENT_SESSION_LIFETIME": settings.session_hours * 3600,
        "MAX_CONTENT_LENGTH": settings.max_upload,
        "MAX_FORM_MEMORY_SIZE": settings.max_json,
        "MAX_FORM_PARTS": 5000,
        "TRUSTED_HOSTS": list(settings.hosts) or None,
        "FAB_SAFE_REDIRECT_HOSTS": list(settings.hosts),
        "PREFERRED_URL_SCHEME": "https" if settings.https else "http",
        "WTF_CSRF_CHECK_DEFAULT": False,
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": False,
    }


PROVEN = "hooks.told"
"""The endpoint that asks for a signature in place of a session, so there is nothing to abuse."""


def guard(csrf: CSRFProtect) -> Callable[[], None]:
    """Return the check of every unsafe request that a browser could be tricked into.

    Below the API only a session can be abused so; a bearer is never sent by itself.
    """

    def check() -> None:
        if request.method in SAFE:
            return
        if request.path.startswith(API) and not present().session_id:
            return
        if request.endpoint == PROVEN:
            return
        if _from_elsewhere():
            raise CSRFError
        csrf.protect()
        if not request.path.startswith(API):
            refuse_nul()

    return check


def refuse_nul() -> None:
    """Refuse a form with a sign that no keyboard has and no database keeps.

    Raises:
        Invalid: as a field of a record says it too.

    """
    for _, texts in request.form.lists():
        if any("\x00" in text for text in texts):
            raise Invalid(NO_CONTROLS)


def _from_elsewhere() -> bool:
    """Return whether a browser says that another site made it send this; programs say nothing."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site:
        return site not in OF_OURS
    return bool(origin) and urlsplit(origin or "").netloc != request.host


def finish(answer: Response, *, https: bool) -> Response:
    """Add what every answer carries."""
    headers = answer.headers
    for name, value in FIXED.items():
        headers.setdefault(name, value)
    if answer.mimetype == "text/html":
        nonce = present().nonce
        headers.setdefault("Content-Security-Policy", PAGE.format(nonce=nonce))
        headers.setdefault("Cache-Control", "no-store")
    else:
        headers.setdefault("Content-Security-Policy", DATA)
    if https:
        headers.setdefault("Strict-Transport-Security", HSTS)
    return answer


def protect(app: Flask, settings: WebSettings) -> CSRFProtect:
    """Put the headers on every answer and return the CSRF protection."""
    app.after_request(partial(finish, https=settings.https))
    return _Csrf(app)


class _Csrf(CSRFProtect):  # type: ignore[misc]
    """Below the API the token stands in a header only.

    Looking for it in a form would read the whole body before anybody's rights are known, and leave
    nothing of a file that is sent.
    """

    def _get_csrf_token(self) -> str | None:
        if request.path.startswith(API):
            return next(filter(None, map(request.headers.get, HEADERS)), None)
        token: str | None = super()._get_csrf_token()
        return token
