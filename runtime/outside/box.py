"""`Box` seals credentials under keys of the installation; `Outside` is what a process reaches.

A sealed text opens under the key in use and under those before it, so a key can be changed first
and the credentials be sealed again later. What the simulator shares with us is derived from the
same key, so nobody has to enter it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from runtime.settings import DEVELOPMENT_SECRET

PURPOSE = b"shopwright connector settings"


class Box:
    """Seals and opens texts."""

    def __init__(self, key: str, old_keys: Sequence[str] = ()) -> None:
        self._key = key.encode()
        self._fernet = MultiFernet([_fernet(one) for one in (key, *old_keys)])

    def seal(self, text: str) -> str:
        """Return a text that only this installation opens."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str | None:
        """Return the text; None when it was sealed under a key nobody here knows."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None

    def shared(self, name: str) -> str:
        """Return a secret that every process of this installation derives by itself."""
        return hmac.new(self._key, f"simulator:{name}".encode(), hashlib.sha256).hexdigest()


def _fernet(key: str) -> Fernet:
    digest = hmac.new(key.encode(), PURPOSE, hashlib.sha256).digest()
    return Fernet(base64.urlsafe_b64encode(digest))


@dataclass(frozen=True)
class Outside:
    """How a process reaches other systems."""

    box: Box = field(repr=False)
    simulator_url: str = ""
    """Where the simulator listens; empty where there is none."""
    production: bool = False
    allowed: tuple[str, ...] = ()
    """What lies inside and may be asked all the same: `host`, `host:port`, `10.1.0.0/16`."""


NOBODY_OUTSIDE = Outside(Box(DEVELOPMENT_SECRET))
"""Of a back office that nobody told how to reach anything."""
