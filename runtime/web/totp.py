"""Codes of an authenticator app, as RFC 6238 says: a secret and a time in, six digits out.

Pure: no clock, no database. SHA-1, six digits and thirty seconds are what every such app knows;
their weakness elsewhere does not matter inside an HMAC (RFC 6238 §1.2).
"""

from __future__ import annotations

import base64
import hmac
import secrets
from urllib.parse import quote, urlencode

STEP = 30
"""Seconds for which a code counts."""
DIGITS = 6
AROUND = 1
"""So many steps before and after count too: clocks differ, and people type slowly."""
SECRET_BYTES = 20


def new_secret() -> str:
    """Return a new secret as authenticator apps take it: base32."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def code_at(secret: str, step: int, digits: int = DIGITS) -> str:
    """Return the code of one step (RFC 4226 §5.3)."""
    mac = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), "sha1")
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def step_of(secret: str, code: str, seconds: float) -> int | None:
    """Return the step that a code belongs to; None when it is of none around this moment."""
    now = int(seconds) // STEP
    found = None
    for step in range(now - AROUND, now + AROUND + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), code.encode()):
            found = step
    return found


def address(secret: str, issuer: str, account: str) -> str:
    """Return what a QR code says to an authenticator app."""
    query = urlencode({"secret": secret, "issuer": issuer, "digits": DIGITS, "period": STEP})
    return f"otpauth://totp/{quote(issuer)}:{quote(account)}?{query}"
