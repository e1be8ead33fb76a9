"""Does an event come from where it says? A keyed hash of its very bytes, and its time.

Comes in: the bytes as they arrived, before anything read them, and the headers. Goes out: nothing,
or why it is not believed. Two hashes are compared in constant time, and the time is asked after the
signature, so that an outsider learns nothing by trying.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime

from generator.model.connector import Verification

PARTS = {
    "{timestamp}": r"(?P<timestamp>\d{1,12})",
    "{signature}": r"(?P<signature>[A-Za-z0-9+/=_-]{16,256})",
}
BAD, OLD = "bad_signature", "too_old"


def refusal(
    verify: Verification, secret: str, headers: Mapping[str, str], body: bytes, now: datetime
) -> str:
    """Return why an event is not believed: bad_signature or too_old; empty when it is.

    Args:
        verify: how the provider signs.
        secret: what we share with it.
        headers: by name in lower case.
        body: the bytes as they came.
        now: aware UTC.

    """
    found = _pattern(verify.form).fullmatch(headers.get(verify.header.lower(), "").strip())
    if found is None:
        return BAD
    parts = found.groupdict()
    stamp = parts.get("timestamp") or headers.get(verify.timestamp.lower(), "")
    if verify.tolerance and not re.fullmatch(r"\d{1,12}", stamp):
        return BAD
    text = verify.signed.replace("{timestamp}", stamp).encode()
    wanted = hmac.new(
        secret.encode(), text.replace(b"{body}", body, 1), getattr(hashlib, verify.algorithm)
    ).digest()
    if not hmac.compare_digest(wanted, _bytes(parts["signature"], verify.encoding)):
        return BAD
    if verify.tolerance and abs(now.timestamp() - int(stamp)) > verify.tolerance:
        return OLD
    return ""


def _pattern(form: str) -> re.Pattern[str]:
    pattern = re.escape(form)
    for place, part in PARTS.items():
        pattern = pattern.replace(re.escape(place), part, 1)
    return re.compile(pattern)


def _bytes(signature: str, encoding: str) -> bytes:
    try:
        if encoding == "hex":
            return bytes.fromhex(signature)
        return base64.b64decode(signature, validate=True)
    except ValueError:
        return b""
