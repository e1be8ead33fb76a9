"""One GET of a file that lies elsewhere: bounded in time and size, only to checked addresses.

Comes in: a URL somebody wrote, what lies inside and may be asked all the same. Goes out: the bytes,
or why there are none. Each hop of a redirect is checked as the first address was, and connected to
as it was checked. Nothing is unpacked on the way: a few bytes cannot become many.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from runtime.outside.addresses import USUAL, PrivateAddress

CONNECT, ANSWER = 5.0, 10.0
"""Seconds for a connection, and for each piece of an answer."""
WHOLE = 30.0
"""Seconds for everything, redirects included."""
HOPS = 5
LONGEST = 2000
"""Characters of a URL."""
REDIRECTS = frozenset({301, 302, 303, 307, 308})
INSIDE, BAD, UNREACHABLE = "inside_address", "bad_address", "unreachable"
TOO_SLOW, TOO_LARGE, TOO_FAR = "too_slow", "too_large", "too_many_redirects"
AGENT = "Shopwright-Import/1"
HEADERS = {"User-Agent": AGENT, "Accept": "image/*,*/*;q=0.5", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of it."""

    content: bytes = b""
    code: str = ""
    """Why there is nothing; empty where there is."""
    status: int = 0
    """What the last one asked answered; 0 where nobody did."""


def is_address(text: str) -> bool:
    """Return whether a text is an address that could be fetched, as far as can be seen from it."""
    try:
        parts = urlsplit(text)
        return (
            parts.scheme in USUAL
            and bool(parts.hostname)
            and parts.username is None
            and (parts.port is None or parts.port > 0)
            and len(text) <= LONGEST
            and not any(one.isspace() for one in text)
        )
    except ValueError:
        return False


def fetch(url: str, allowed: Sequence[str], most: int, *, whole: float = WHOLE) -> Fetched:
    """Fetch a file once.

    Args:
        url: where it lies.
        allowed: what lies inside and may be asked all the same.
        most: bytes; of a larger one nothing is kept.
        whole: seconds until it is given up, whatever the other side does.

    """
    import httpx  # noqa: PLC0415 (who fetches nothing needs no client)

    from runtime.connectors._reaching import CheckedTransport  # noqa: PLC0415 (as the client)

    began = time.monotonic()
    limits = httpx.Timeout(ANSWER, connect=CONNECT)
    client = httpx.Client(
        transport=CheckedTransport(allowed), timeout=limits, follow_redirects=False
    )
    late = threading.Timer(whole, client.close)
    late.daemon = True
    late.start()
    status = 0
    try:
        for _ in range(HOPS + 1):
            if not is_address(url):
                return Fetched(code=BAD, status=status)
            with client.stream("GET", url, headers=HEADERS) as answer:
                status = answer.status_code
                if status in REDIRECTS and "location" in answer.headers:
                    url = urljoin(url, answer.headers["location"])
                    continue
                if status != 200:
                    return Fetched(code=f"http_{status}", status=status)
                return _read(answer.iter_raw(), most, began + whole)
        return Fetched(code=TOO_FAR, status=status)
    except PrivateAddress:
        return Fetched(code=INSIDE)
    except (httpx.InvalidURL, ValueError):
        return Fetched(code=BAD)
    except (httpx.HTTPError, OSError, RuntimeError):
        is_late = time.monotonic() - began >= whole
        return Fetched(code=TOO_SLOW if is_late else UNREACHABLE)
    finally:
        late.cancel()
        client.close()


def _read(parts: Iterator[bytes], most: int, end: float) -> Fetched:
    found = bytearray()
    for part in parts:
        found += part
        if len(found) > most:
            return Fetched(code=TOO_LARGE, status=200)
        if time.monotonic() > end:
            return Fetched(code=TOO_SLOW, status=200)
    return Fetched(bytes(found), status=200)
