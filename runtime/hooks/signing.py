"""Secrets and signatures as the Standard Webhooks specification has them.

Comes in: a secret `whsec_…`, the id of a message, its time and its body. Goes out: the header that
proves them. A message is signed by every secret that is valid, so a secret can be changed while
messages are on their way.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

PREFIX = "whsec_"
LENGTH = 32
"""Bytes of a secret; the specification asks for 24 to 64."""
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"


def new_secret() -> str:
    """Return a fresh secret."""
    return PREFIX + base64.b64encode(secrets.token_bytes(LENGTH)).decode()


def headers(valid: Sequence[str], message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return the headers that prove a message."""
    seconds = str(int(at.timestamp()))
    content = b".".join((message_id.encode(), seconds.encode(), body))
    proofs = (f"v1,{_digest(one, content)}" for one in valid)
    return {ID: message_id, TIMESTAMP: seconds, SIGNATURE: " ".join(proofs)}


def _digest(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
