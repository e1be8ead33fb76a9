"""What belongs to one Flask app and to one request of it, typed: `web()` and `present()`.

`Web` is made once by the factory. `Present` is the request in hand: who asks, in which language,
under which id. Views take both from here and nowhere else, so `flask.g` has one key of ours.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, cast

from flask import current_app, g
from limits.strategies import RateLimiter

from runtime.messages import Actor
from runtime.metrics.steps import Steps
from runtime.runtime import Runtime
from runtime.web.identity import Gate
from runtime.web.settings import WebSettings

EXTENSION = "shopwright"


@dataclass(frozen=True)
class Web:
    """What every view needs."""

    runtime: Runtime
    settings: WebSettings
    gate: Gate
    limiter: RateLimiter


@dataclass
class Present:
    """The request in hand."""

    request_id: str
    locale: str
    nonce: str = ""
    actor: Actor | None = None
    session_id: str = ""
    """Set when the session cookie said who asks."""
    operation: str = "other"
    """For the log and the metrics: from a closed set, never a caller's text."""
    entity: str = ""
    code: str = ""
    """The code of the problem it was answered with."""
    steps: Steps | None = None
    """How long the steps of the pipeline take."""
    tokens: Any = None
    """How the context variables are set back."""
    started: float = field(default_factory=time.perf_counter)


def web() -> Web:
    """Return what belongs to the running app."""
    return cast(Web, current_app.extensions[EXTENSION])


def present() -> Present:
    """Return the request in hand."""
    return cast(Present, g.sw_present)
