"""`POST /hooks/PATH`: what other systems tell us. Believed by its signature, not by a session.

The body is read once, as bytes and no further than the largest allowed, because what is signed is
bytes. The answer says a code and nothing else: who sends wrong things learns nothing here.
"""

from __future__ import annotations

import logging

import orjson
from flask import Blueprint, Response, request

from runtime import logs
from runtime.outside.events import Received, receive
from runtime.web.context import web

hooks = Blueprint("hooks", __name__)
SPARE = 1
"""One byte more than allowed is read, so that too much is seen."""

log = logging.getLogger(__name__)


@hooks.post("/hooks/<path>")
def told(path: str) -> Response:
    """Take an event."""
    runtime = web().runtime
    webhook = next((one for one in runtime.app.webhooks.values() if one.path == path), None)
    most = webhook.largest if webhook is not None else 0
    if (request.content_length or 0) > most > 0:
        return _said(path, Received(413, "too_large"))
    body = request.stream.read(most + SPARE) if most else b""
    headers = {name.lower(): value for name, value in request.headers.items()}
    return _said(path, receive(runtime, path, headers, body))


def _said(path: str, received: Received) -> Response:
    logs.event(log, "webhook", {"path": path, "status": received.status, "code": received.code})
    answer = Response(orjson.dumps({"code": received.code}), received.status)
    answer.mimetype = "application/json"
    if received.status == 503:
        answer.headers["Retry-After"] = "60"
    return answer
