"""A way out that goes to checked addresses and no others.

It connects to the very address that was checked, under the name that was asked for, so that a name
which answers differently a moment later leads nowhere. No proxy of the environment is asked.
"""

from __future__ import annotations

from collections.abc import Sequence

import httpx

from runtime.outside.addresses import Resolve, addresses, resolve


class CheckedTransport(httpx.BaseTransport):
    """Sends a request to a checked address of its host, under the host's own name."""

    def __init__(self, allowed: Sequence[str], ask: Resolve = resolve) -> None:
        self.allowed, self.ask = allowed, ask
        self.inner = httpx.HTTPTransport(trust_env=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send it; the next address is tried only where a connection could not be made."""
        try:
            found = addresses(str(request.url), self.allowed, self.ask)
        except OSError as error:
            raise httpx.ConnectError(str(error), request=request) from error
        host = request.url.raw_host.decode()
        if request.url.scheme == "https":
            request.extensions = {**request.extensions, "sni_hostname": host}
        for number, address in enumerate(found):
            request.url = request.url.copy_with(host=address)
            try:
                return self.inner.handle_request(request)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if number == len(found) - 1:
                    raise
        raise httpx.ConnectError("no address", request=request)

    def close(self) -> None:
        """Let the connections go."""
        self.inner.close()
