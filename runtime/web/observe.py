"""What is known of every request afterwards: an id, one log event, numbers for Prometheus.

The id is the caller's `X-Request-Id` when it is harmless, else ours; it is in the answer, in every
log line, in the audit and on the error page. Statements are counted by the engine's own event, so
a test can say how many an endpoint may use.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from contextvars import ContextVar, Token
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, g, request

from runtime.logs import event
from runtime.logs import request_id as logged_id
from runtime.metrics import prometheus
from runtime.metrics.steps import Steps, open_steps
from runtime.web.context import Present, present

HEADER = "X-Request-Id"
HARMLESS = re.compile(r"[A-Za-z0-9._-]{8,64}\Z")
QUIET = frozenset({"assets.one", "health.alive", "health.ready", "health.metrics", "static"})
"""Endpoints that are asked all the time and say nothing."""

statements: ContextVar[list[str] | None] = ContextVar("statements", default=None)
"""The SQL texts of the request in hand; None outside of one."""

log = logging.getLogger(__name__)


def count_statements(engine: sa.Engine) -> None:
    """Note every statement of an engine to the request that caused it."""

    def note(
        connection: Any, cursor: Any, statement: str, values: Any, context: Any, many: bool
    ) -> None:
        texts = statements.get()
        if texts is not None:
            texts.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)


def new_request_id(given: str) -> str:
    """Return the caller's id when it is harmless, else a new one."""
    return given if HARMLESS.match(given) else secrets.token_hex(8)


def watch(app: Flask) -> None:
    """Log and measure every answer of an app."""
    app.after_request(_note)
    app.teardown_request(_forget)


def begin(locale: str) -> Present:
    """Start watching Flask's request."""
    here: Present = start(request.headers.get(HEADER, ""), locale)
    g.sw_present = here
    return here


def start(given_id: str, locale: str) -> Present:
    """Start watching a request; `end` must follow."""
    here = Present(new_request_id(given_id), locale)
    here.steps = Steps()
    here.tokens = (
        logged_id.set(here.request_id),
        statements.set([]),
        open_steps.set(here.steps),
    )
    return here


def _note(answer: Response) -> Response:
    here = present()
    answer.headers[HEADER] = here.request_id
    if request.endpoint not in QUIET:
        report(here, request.method, request.path, answer.status_code)
    return answer


def report(here: Present, method: str, path: str, status: int) -> None:
    """Log and measure an answered request."""
    seconds = time.perf_counter() - here.started
    count = len(statements.get() or ())
    steps = here.steps.seconds() if here.steps is not None else {}
    prometheus.observe_request(here.operation, here.entity, status, seconds, steps, count)
    event(
        log,
        "request",
        {
            "method": method,
            "path": path,
            "operation": here.operation,
            "entity": here.entity,
            "status": status,
            "code": here.code,
            "actor": here.actor.name if here.actor else "",
            "ms": round(seconds * 1000, 1),
            "steps_ms": {name: round(took * 1000, 2) for name, took in steps.items()},
            "statements": count,
        },
    )


def _forget(error: BaseException | None) -> None:
    here: Present | None = g.get("sw_present")
    if here is not None:
        end(here)


def end(here: Present) -> None:
    """Stop watching a request."""
    if here.tokens is None:
        return
    mine: tuple[Token[str], Token[list[str] | None], Token[Steps | None]] = here.tokens
    here.tokens = None
    logged_id.reset(mine[0])
    statements.reset(mine[1])
    open_steps.reset(mine[2])
