"""One POST to a receiver: bounded in time and size, to checked addresses, following nobody.

Comes in: a URL, headers, a body. Goes out: what was answered, cut to what helps a person. The
address is checked when it is used, and connected to as it was checked; a redirect is an answer like
any other, never a way.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from runtime.outside.addresses import PrivateAddress

CONNECT, ANSWER = 5.0, 10.0
"""Seconds for a connection, and for each piece of an answer."""
WHOLE = 20.0
"""Seconds for everything: who answers a byte at a time is not waited for."""
LARGEST = 2048
"""Bytes kept of an answer; what is beyond is not read."""
KEPT = ("content-type", "content-length", "date", "retry-after", "location", "server")
"""Headers of an answer that help; the others may hold secrets of the receiver."""
INSIDE, TOO_SLOW, NO_ADDRESS, NOT_HTTPS = "inside_address", "too_slow", "bad_address", "not_https"
AGENT = "Shopwright-Webhooks/1"


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of it."""

    status: int = 0
    """0: nothing was answered."""
    code: str = ""
    """Why nothing was answered."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    milliseconds: int = 0

    @property
    def is_taken(self) -> bool:
        """The receiver has it."""
        return 200 <= self.status < 300


def post(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    allowed: Sequence[str],
    *,
    whole: float = WHOLE,
) -> Posted:
    """Send it once.

    Args:
        url: where to.
        headers: beside those of every message.
        body: JSON.
        allowed: what lies inside and may be asked all the same.
        whole: seconds until it is given up, whatever the receiver does.

    """
    import httpx  # noqa: PLC0415 (who posts nothing needs no client)

    from runtime.connectors._reaching import CheckedTransport  # noqa: PLC0415 (as the client)

    began = time.monotonic()
    told = {"Content-Type": "application/json", "User-Agent": AGENT, **headers}
    limits = httpx.Timeout(ANSWER, connect=CONNECT)
    client = httpx.Client(
        transport=CheckedTransport(allowed), timeout=limits, follow_redirects=False
    )
    late = threading.Timer(whole, client.close)
    late.daemon = True
    late.start()
    try:
        with client.stream("POST", url, headers=told, content=body) as answer:
            text = _read(answer.iter_raw(), began + whole)
            found = Posted(answer.status_code, "", _kept(answer.headers), text)
    except PrivateAddress:
        found = Posted(code=INSIDE)
    except (httpx.InvalidURL, ValueError):
        found = Posted(code=NO_ADDRESS)
    except (httpx.HTTPError, OSError, RuntimeError) as error:
        is_late = time.monotonic() - began >= whole
        found = Posted(code=TOO_SLOW if is_late else type(error).__name__)
    finally:
        late.cancel()
        client.close()
    spent = int((time.monotonic() - began) * 1000)
    return Posted(found.status, found.code, found.headers, found.body, spent)


def _read(parts: Iterator[bytes], end: float) -> str:
    found = b""
    for part in parts:
        found += part
        if len(found) >= LARGEST or time.monotonic() > end:
            break
    return found[:LARGEST].decode("utf-8", "replace").replace("\x00", "�")


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: str(headers[name])[:200] for name in KEPT if name in headers}
