"""JSON Web Tokens for programs that sign in with a password: issued, read, refreshed.

One fixed algorithm and no key id, so a token cannot choose how it is checked. What a token carries
is an id and a fingerprint; `principals.py` asks the database whether they still count. Signatures
that were checked once are remembered, because a program sends the same token many times.
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Any

import jwt

ALGORITHM = "HS256"
ISSUER = "shopwright"
LONGEST = 2000
REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says."""

    user_id: int
    fingerprint: str
    kind: str
    """access or refresh."""
    expires: float
    """Seconds since 1970."""
    identifier: str
    session_id: str
    """Shared by all tokens that came of one sign-in."""
    issued: float
    """Seconds since 1970."""
    second: bool = False
    """Whether a second factor was given."""
    proved: float = 0
    """When the password was given, in seconds since 1970; refreshing does not renew it."""


class Tokens:
    """Issues and reads tokens under one secret."""

    def __init__(self, secret: str, access_seconds: int, refresh_seconds: int) -> None:
        self._secret = secret
        self._seconds = {"access": access_seconds, "refresh": refresh_seconds}
        self._known: OrderedDict[str, Claims] = OrderedDict()
        self._lock = Lock()

    def issue(
        self,
        user_id: int,
        fingerprint: str,
        kind: str,
        session_id: str = "",
        *,
        second: bool = False,
        proved: float | None = None,
    ) -> str:
        """Return a new token for somebody who has just proved who they are."""
        # to the fraction: a token given right after everything was ended is not meant by that
        moment = time.time()
        now = int(moment)
        claims = {
            "iss": ISSUER,
            "sub": str(user_id),
            "type": kind,
            "pv": fingerprint,
            "jti": secrets.token_hex(12),
            "sid": session_id or secrets.token_hex(12),
            "iat": moment,
            "nbf": now,
            "exp": now + self._seconds[kind],
            "sf": second,
            "auth_time": moment if proved is None else proved,
        }
        return jwt.encode(claims, self._secret, ALGORITHM)

    def read(self, token: str, kind: str) -> Claims | None:
        """Return what a token says; None when it is not ours, not of this kind, or over."""
        claims = self._known.get(token)
        if claims is None:
            claims = self._verify(token)
            if claims is None:
                return None
            with self._lock:
                self._known[token] = claims
                while len(self._known) > REMEMBERED:
                    self._known.popitem(last=False)
        if claims.kind != kind or claims.expires <= time.time():
            return None
        return claims

    def _verify(self, token: str) -> Claims | None:
        if len(token) > LONGEST:
            return None
        try:
            found: dict[str, Any] = jwt.decode(
                token,
                self._secret,
                algorithms=[ALGORITHM],
                issuer=ISSUER,
                options={"require": ["exp", "iat", "nbf", "sub", "type", "pv", "jti", "sid"]},
            )
            return Claims(
                int(found["sub"]),
                str(found["pv"]),
                str(found["type"]),
                float(found["exp"]),
                str(found["jti"]),
                str(found["sid"]),
                float(found["iat"]),
                found.get("sf") is True,
                float(found.get("auth_time", 0)),
            )
        except (jwt.InvalidTokenError, ValueError):
            return None
