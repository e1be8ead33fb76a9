"""`/healthz`: the process answers. `/readyz`: it can work. `/metrics`: how it went so far."""

from __future__ import annotations

import hmac

import orjson
import sqlalchemy as sa
import sqlalchemy.exc
from flask import Blueprint, Response, abort, request

from runtime.metrics import prometheus
from runtime.store.engine import read
from runtime.web.context import Web, web

HERE = frozenset({"127.0.0.1", "::1"})

START_TOKEN = "X-Start-Token"
"""What the supervisor asks with: an old process on the port does not know the new token."""

health = Blueprint("health", __name__)


@health.get("/healthz")
def alive() -> Response:
    """Say that the process answers."""
    return Response(b'{"status":"ok"}', mimetype="application/json")


@health.get("/readyz")
def ready() -> Response:
    """Say whether requests can be served; whoever names the token of this start gets it back."""
    here = web()
    wrong = unready(here)
    body = {"status": "ready" if not wrong else "unready", "reason": wrong or None}
    answer = Response(orjson.dumps(body), 503 if wrong else 200, mimetype="application/json")
    token = here.settings.start_token
    given = request.headers.get(START_TOKEN, "")
    if token and hmac.compare_digest(given.encode(), token.encode()):
        answer.headers[START_TOKEN] = token
    return answer


def unready(here: Web) -> str:
    """Return why requests cannot be served: the database, or definitions not applied."""
    runtime = here.runtime
    release = runtime.system.release
    try:
        with read(runtime.engine) as connection:
            digest = connection.execute(
                sa.select(release.c.digest)
                .where(release.c.status == "applied")
                .order_by(release.c.number.desc())
                .limit(1)
            ).scalar_one_or_none()
    except sqlalchemy.exc.SQLAlchemyError:
        return "database"
    if digest != runtime.app.digest:
        return "definitions"
    return ""


@health.get("/metrics")
def metrics() -> Response:
    """Give the numbers to a scraper on this machine, or to one that knows the token."""
    settings = web().settings
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    known = bool(settings.metrics_token) and hmac.compare_digest(
        given.encode(), settings.metrics_token.encode()
    )
    if not known and (request.remote_addr not in HERE or settings.proxies):
        abort(404)
    text = prometheus.render(settings.metrics_directory)
    return Response(text, content_type=prometheus.CONTENT_TYPE)
