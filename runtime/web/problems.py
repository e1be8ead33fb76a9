"""A refusal → `application/problem+json` (RFC 9457) in the caller's language.

Every error of the API has this one shape, whether a rule, the router or a bug made it. Codes are
stable and for programs; title, detail and messages are for people.
"""

from __future__ import annotations

from typing import Any

import orjson
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from generator.model.text import Label
from runtime.errors import (
    BadRequest,
    ConfirmationRequired,
    FieldError,
    Forbidden,
    NotFound,
    NotInFromState,
    RecordBusy,
    RequestError,
    Stale,
    TooLarge,
    TooMany,
    VersionConflict,
)
from runtime.web.render import reason_form
from runtime.web.wire import PROBLEM, Answer

TITLES = {
    405: ("R405", Label({"en": "This method is not offered here", "zh": "此处不支持该请求方法"})),
    406: ("R406", Label({"en": "Only JSON is offered here", "zh": "此处仅提供 JSON"})),
    415: ("R415", Label({"en": "Send JSON", "zh": "请提交 JSON"})),
    500: ("R500", Label({"en": "Something went wrong on the server", "zh": "服务器出错"})),
    503: ("R503", Label({"en": "Not ready yet", "zh": "服务尚未就绪"})),
}
"""Refusals that the transport makes itself, by status."""

CSRF = Label(
    {
        "en": "Send the page's CSRF token as X-CSRFToken with a session cookie.",
        "zh": "使用会话 Cookie 时，请在 X-CSRFToken 请求头中提交页面的 CSRF 令牌。",
    }
)
BUG = Label(
    {
        "en": "This is a fault of ours. Tell an administrator the request id.",
        "zh": "这是系统故障，请将请求编号告知管理员。",
    }
)


class WrongMedia(RequestError):
    """The body is of a kind that is not read here."""

    status, code, title = 415, *TITLES[415]


class WrongMethod(RequestError):
    """The address exists, but not for this method."""

    status, code, title = 405, *TITLES[405]


def problem(refusal: RequestError, locale: str, request_id: str) -> Answer:
    """Return the answer to a refused request."""
    body: dict[str, Any] = {
        "type": f"urn:shopwright:problem:{refusal.code}",
        "title": refusal.title.text(locale),
        "status": refusal.status,
        "code": refusal.code,
        "detail": refusal.message.text(locale) or refusal.title.text(locale),
        "errors": [
            {"field": error.field, "code": error.code, "message": error.message.text(locale)}
            for error in refusal.errors
        ],
        "request_id": request_id,
    }
    body |= _of_a_transition(refusal, locale)
    answer = Answer(refusal.status, orjson.dumps(body), PROBLEM, code=refusal.code)
    if isinstance(refusal, Stale | VersionConflict) and refusal.params.get("version") is not None:
        answer.headers["ETag"] = f'"{refusal.params["version"]}"'
    if isinstance(refusal, TooMany | RecordBusy):
        answer.headers["Retry-After"] = str(refusal.params.get("retry_after", 60))
    if isinstance(refusal, WrongMethod):
        answer.headers["Allow"] = str(refusal.params.get("allow", ""))
    if refusal.status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _of_a_transition(refusal: RequestError, locale: str) -> dict[str, Any]:
    """Return what a refused transition tells beside its code: where the record is, and why not."""
    told: dict[str, Any] = {}
    if refusal.params.get("reasons"):
        told["reasons"] = [reason_form(one, locale) for one in refusal.params["reasons"]]
    if refusal.params.get("incident"):
        told["incident"] = refusal.params["incident"]
    if refusal.params.get("current"):
        told["current"] = refusal.params["current"]
    if isinstance(refusal, NotInFromState):
        told["allowed"] = list(refusal.params.get("allowed", ()))
    if isinstance(refusal, ConfirmationRequired):
        told["needs"] = refusal.params.get("needs", "")
    return told


def bug(locale: str, request_id: str) -> Answer:
    """Return the answer when our own code failed; it says nothing about how."""
    code, title = TITLES[500]
    body = {
        "type": f"urn:shopwright:problem:{code}",
        "title": title.text(locale),
        "status": 500,
        "code": code,
        "detail": BUG.text(locale),
        "errors": [],
        "request_id": request_id,
    }
    return Answer(500, orjson.dumps(body), PROBLEM, code=code)


def from_http(status: int, error: HTTPException) -> RequestError:
    """Return a refusal of the transport as one of ours."""
    if isinstance(error, CSRFError):
        return Forbidden(CSRF, (FieldError("X-CSRFToken", "csrf", CSRF),))
    for kind in (BadRequest, NotFound, TooLarge, WrongMedia, TooMany):
        if kind.status == status:
            return kind(kind.title)
    if status == 405:
        allowed = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
        return WrongMethod(WrongMethod.title, allow=allowed)
    return BadRequest(BadRequest.title)
