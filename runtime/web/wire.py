"""A request and an answer of the REST API as plain values, so that no view depends on Flask.

The Flask view and the WSGI front both make an `Asked` and send an `Answer`; what happens between
is the same code. Header names are lower case.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from runtime.messages import Actor

JSON = "application/json"
PROBLEM = "application/problem+json"
VARY = "Authorization, Cookie, Accept-Language"
"""What an answer of the API depends on besides its address."""


class Headers(Protocol):
    """The headers of a request; a name is asked for in lower case."""

    def get(self, name: str, default: str, /) -> str: ...


class Body(Protocol):
    """Reads the body of a request."""

    def __call__(self, most: int = 0, /) -> bytes:
        """Return at most so many bytes, or as many as JSON may have.

        Raises:
            TooLarge: there are more.

        """
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """A request below `/api/v1/`, its caller already known."""

    method: str
    path: str
    """What follows `/api/v1/`, decoded."""
    query: str
    """The query string as it came."""
    headers: Headers
    body: Body
    """Called once, by those who need it."""
    actor: Actor | None
    locale: str
    request_id: str
    address: str


@dataclass(slots=True)
class Answer:
    """What is sent back."""

    status: int
    body: bytes = b""
    media_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    operation: str = "other"
    entity: str = ""
    code: str = ""
    """The problem's code, for the log."""
    stream: Iterator[bytes] | None = None
    """A body in pieces, in place of `body`: made while it is sent."""
