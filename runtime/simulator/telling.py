"""Events as a provider sends them: signed, and again when nobody answers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from generator.model.connector import Verification, Webhook

TRIES = 8
LONGEST = 30.0


@dataclass(frozen=True)
class Event:
    """One event and where it goes."""

    webhook: Webhook
    secret: str
    event_id: str
    type: str
    data: Mapping[str, Any]

    def body(self, now: int) -> bytes:
        """Return the bytes that are sent, the same each time."""
        found: dict[str, Any] = {"created": now, "data": dict(self.data)}
        put(found, self.webhook.id.path, self.event_id)
        put(found, self.webhook.type.path, self.type)
        return json.dumps(found).encode()


def signed(verify: Verification, secret: str, body: bytes, now: int) -> dict[str, str]:
    """Return the headers that prove where a body comes from."""
    text = verify.signed.replace("{timestamp}", str(now)).encode()
    text = text.replace(b"{body}", body)
    digest = hmac.new(secret.encode(), text, getattr(hashlib, verify.algorithm)).digest()
    signature = digest.hex() if verify.encoding == "hex" else base64.b64encode(digest).decode()
    form = verify.form.replace("{timestamp}", str(now)).replace("{signature}", signature)
    headers = {verify.header: form, "Content-Type": "application/json"}
    if verify.timestamp:
        headers[verify.timestamp] = str(now)
    return headers


def put(into: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Write a value at a path of a mapping."""
    for step in path[:-1]:
        into = into.setdefault(step, {})
    into[path[-1]] = value


def tell(event: Event, address: str, copies: int, late: float, clock: Callable[[], float]) -> None:
    """Send an event in the background, until it is answered 2xx or a provider would give up."""

    def send() -> None:
        time.sleep(late)
        body = event.body(int(clock()))
        for copy in range(copies):
            for attempt in range(TRIES):
                now = int(clock())
                headers = signed(event.webhook.verify, event.secret, body, now)
                try:
                    answer = httpx.post(address, content=body, headers=headers, timeout=10)
                except httpx.HTTPError:
                    answer = None
                if answer is not None and answer.status_code < 300:
                    break
                time.sleep(min(0.5 * 2**attempt, LONGEST))
            if copy + 1 < copies:
                time.sleep(0.05)

    threading.Thread(target=send, name=f"event-{event.event_id}", daemon=True).start()
