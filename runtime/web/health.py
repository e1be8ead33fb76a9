"""`/healthz`: the process answers. `/readyz`: it can work. `/metrics`: how it went so far.

`/healthz/jobs` tells whether somebody works on the queues, for whoever may see the numbers.
"""

from __future__ import annotations

import hmac

import orjson
import sqlalchemy as sa
import sqlalchemy.exc
from flask import Blueprint, Response, abort, request

from runtime.jobs import desk
from runtime.metrics import outside, prometheus
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


@health.get("/healthz/jobs")
def jobs() -> Response:
    """Say how the queues stand, and whether a scheduler and a worker were seen lately."""
    _insiders_only()
    found = desk.health(web().runtime)
    kinds = {one.kind for one in found.alive}
    away = [kind for kind in ("scheduler", "worker") if kind not in kinds]
    body = {
        "status": "away" if away else "ok",
        "away": away,
        "queues": {
            name: dict(zip(("waiting", "working", "oldest_due"), one, strict=True))
            for name, one in found.queues.items()
        },
        "alive": [{"name": one.name, "kind": one.kind, "at": one.at} for one in found.alive],
        "failed_in_a_day": found.failed,
    }
    return Response(orjson.dumps(body), 503 if away else 200, mimetype="application/json")


@health.get("/metrics")
def metrics() -> Response:
    """Give the numbers to a scraper on this machine, or to one that knows the token."""
    _insiders_only()
    text = prometheus.render(web().settings.metrics_directory)
    return Response(text + _queues() + _outside(), content_type=prometheus.CONTENT_TYPE)


def _queues() -> bytes:
    """Return how the queues stand as metrics; nothing where the database does not answer."""
    try:
        found = desk.health(web().runtime)
    except sqlalchemy.exc.SQLAlchemyError:
        return b""
    now = web().runtime.clock()
    kinds = [one.kind for one in found.alive]
    rows: dict[str, dict[str, float]] = {
        "runs_waiting": {name: one[0] for name, one in found.queues.items()},
        "runs_working": {name: one[1] for name, one in found.queues.items()},
        "oldest_run_seconds": {
            name: max((now - one[2]).total_seconds(), 0)
            for name, one in found.queues.items()
            if one[2] is not None
        },
        "processes_alive": {kind: kinds.count(kind) for kind in ("scheduler", "worker")},
    }
    return prometheus.gauges(rows)


def _outside() -> bytes:
    """Return how other systems fare as metrics; nothing where the database does not answer."""
    try:
        return outside.render(web().runtime)
    except sqlalchemy.exc.SQLAlchemyError:
        return b""


def _insiders_only() -> None:
    settings = web().settings
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    known = bool(settings.metrics_token) and hmac.compare_digest(
        given.encode(), settings.metrics_token.encode()
    )
    if not known and (request.remote_addr not in HERE or settings.proxies):
        abort(404)
