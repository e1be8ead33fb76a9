"""A WSGI application that can be exchanged while it serves.

A request takes the office that is current when it arrives and finishes there; the next one sees
the new office. Each office has an engine of its own, so nothing of the old one is shared with the
new; the old engine's idle connections are closed at the exchange, the busy ones when they end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask import Flask

from runtime.web.faults import Board

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment


@dataclass(frozen=True)
class Office:
    """One back office in service."""

    digest: str
    """Of its definitions."""
    app: Flask
    engine: sa.Engine


class Switch:
    """The application a WSGI server holds."""

    def __init__(self, office: Office, board: Board) -> None:
        self.office, self.board = office, board
        self.stop_watching: Callable[[], None] = lambda: None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request with the office of this moment."""
        return self.office.app(environ, start_response)

    def exchange(self, office: Office) -> None:
        """Serve with another office from now on."""
        before, self.office = self.office, office
        before.engine.dispose()

    def close(self) -> None:
        """Watch no longer and give the connections back."""
        self.stop_watching()
        self.office.engine.dispose()
