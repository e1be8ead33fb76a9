"""The API inside Flask: every path below `/api/` becomes an `Asked`, and an `Answer` a response."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from generator.model.text import Label
from runtime.errors import RequestError, TooLarge
from runtime.pipeline import nothing_here
from runtime.web import (
    rest_alerts,
    rest_exports,
    rest_hooks,
    rest_imports,
    rest_jobs,
    rest_messages,
    rest_prints,
    rest_security,
)
from runtime.web.context import present, web
from runtime.web.openapi import Documents
from runtime.web.problems import bug, problem
from runtime.web.rest import Api
from runtime.web.rest_alerts import ALERTS
from runtime.web.rest_asking import with_proof
from runtime.web.rest_exports import EXPORTS
from runtime.web.rest_hooks import HOOKS
from runtime.web.rest_imports import IMPORTS
from runtime.web.rest_jobs import JOBS
from runtime.web.rest_messages import MESSAGES
from runtime.web.rest_prints import PRINTS
from runtime.web.rest_routes import sign_in_first, wrong_method
from runtime.web.urls import API
from runtime.web.wire import VARY, Answer, Asked

METHODS = ["GET", "POST", "PATCH", "DELETE", "PUT", "OPTIONS"]
SECURITY = "security"
DOCUMENT = "openapi.json"

log = logging.getLogger(__name__)


def blueprint(api: Api, documents: Documents) -> Blueprint:
    """Return the routes of the API, its document and the page that shows it."""
    routes = Blueprint("rest", __name__)

    @routes.route(f"{API}<path:path>", methods=METHODS)
    def rest(path: str) -> Response:
        asked = make_asked(path)
        if path == DOCUMENT:
            return send(_document(asked, documents))
        name = path.partition("/")[0]
        if name in BESIDE:
            return send(_beside(asked, name, BESIDE[name]))
        return send(api.answer(asked))

    @routes.get("/swagger/v1")
    def swagger() -> str | AnyResponse:
        if present().actor is None:
            return redirect("/login/?next=/swagger/v1")
        return render_template("appbuilder/swagger/swagger.html", openapi_uri=API + DOCUMENT)

    @routes.route("/api/", methods=METHODS, defaults={"path": ""})
    @routes.route("/api/<path:path>", methods=METHODS)
    def elsewhere(path: str) -> Response:
        here = present()
        return send(problem(nothing_here(), here.locale, here.request_id))

    return routes


def make_asked(path: str) -> Asked:
    """Return the request in hand as a plain value."""
    here = present()
    return Asked(
        method=request.method,
        path=path,
        query=request.query_string.decode("latin-1"),
        headers=request.headers,
        body=read_body,
        actor=here.actor,
        locale=here.locale,
        request_id=here.request_id,
        address=request.remote_addr or "",
    )


def read_body(most: int = 0, /) -> bytes:
    """Return the body of the request in hand, of as many bytes as JSON may have or as are said.

    Raises:
        TooLarge: it is longer.

    """
    most = most or web().settings.max_json
    request.max_content_length = most
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge as error:
        raise too_large(most) from error


def too_large(most: int) -> TooLarge:
    """Refuse a body that is longer than allowed."""
    return TooLarge(
        Label(
            {
                "en": f"A body has at most {most // 1024} KB here.",
                "zh": f"此处提交的内容最大 {most // 1024} KB。",
            }
        )
    )


def send(answer: Answer) -> Response:
    """Return an answer as Flask sends it, and note it for the log."""
    here = present()
    if answer.operation != "other":
        here.operation, here.entity = answer.operation, answer.entity
    here.code = answer.code
    body = answer.body if answer.stream is None else answer.stream
    response = Response(body, answer.status, answer.headers, content_type=answer.media_type)
    response.headers.setdefault("Cache-Control", "private, no-cache")
    response.headers["Vary"] = VARY
    return response


def _document(asked: Asked, documents: Documents) -> Answer:
    if asked.method not in ("GET", "HEAD"):
        return problem(wrong_method({"GET": ""}), asked.locale, asked.request_id)
    if asked.actor is None:
        return problem(sign_in_first(), asked.locale, asked.request_id)
    body = documents.document(replace(asked.actor, locale=asked.locale))
    return Answer(200, body, operation="openapi")


def _jobs(asked: Asked) -> Answer:
    if asked.actor is None:
        raise sign_in_first()
    return rest_jobs.answer(asked, web(), asked.actor)


def _exports(asked: Asked) -> Answer:
    actor = with_proof(asked)
    if actor is None:
        raise sign_in_first()
    return rest_exports.answer(asked, web(), actor)


def _alerts(asked: Asked) -> Answer:
    if asked.actor is None:
        raise sign_in_first()
    return rest_alerts.answer(asked, web(), asked.actor)


def _messages(asked: Asked) -> Answer:
    if asked.actor is None:
        raise sign_in_first()
    return rest_messages.answer(asked, web(), asked.actor)


def _hooks(asked: Asked) -> Answer:
    if asked.actor is None:
        raise sign_in_first()
    return rest_hooks.answer(asked, web(), asked.actor)


def _prints(asked: Asked) -> Answer:
    actor = with_proof(asked)
    if actor is None:
        raise sign_in_first()
    return rest_prints.answer(asked, web(), actor)


def _imports(asked: Asked) -> Answer:
    actor = with_proof(asked)
    if actor is None:
        raise sign_in_first()
    return rest_imports.answer(asked, web(), actor)


BESIDE: Mapping[str, Callable[[Asked], Answer]] = {
    SECURITY: rest_security.answer,
    JOBS: _jobs,
    EXPORTS: _exports,
    ALERTS: _alerts,
    MESSAGES: _messages,
    HOOKS: _hooks,
    IMPORTS: _imports,
    PRINTS: _prints,
}
"""What stands below the API and is not about records, by the first part of its address."""


def _beside(asked: Asked, name: str, answered: Callable[[Asked], Answer]) -> Answer:
    """Answer what is not about records: this is the boundary where a bug becomes a 500."""
    try:
        answer = answered(asked)
    except RequestError as refusal:
        answer = problem(refusal, asked.locale, asked.request_id)
    except Exception:  # the boundary: noqa: BLE001
        log.exception("a request failed")
        answer = bug(asked.locale, asked.request_id)
    answer.operation = name
    return answer
