"""The signature of an audit row: HMAC-SHA256 over what the row says, under a key of the shop.

Comes in: the secret key of the installation and a row as it is written or read. Goes out: a text
`KEY:SIGNATURE`, where KEY tells which secret made it, so that a secret may be replaced. Whoever can
write to the database but does not hold the secret can forge no row (RFC 2104).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import groupby
from typing import Any

from runtime.settings import DEVELOPMENT_SECRET

SIGNED = (
    "id",
    "at",
    "actor_id",
    "actor_name",
    "actor_kind",
    "operation",
    "entity",
    "record_id",
    "record_title",
    "record_version",
    "before",
    "after",
    "reason",
    "source",
    "request_id",
    "address",
    "digest",
)
"""The columns a signature covers, in the order of signing; with those of `LATER`, all others."""

LATER = ("real_id", "real_name", "emergency")
"""Columns that came later: they are signed where they say something, so older rows stay true."""

AS_IT_IS = frozenset({str, int, bool, type(None)})
"""Types whose values JSON has in one form."""


@dataclass(frozen=True)
class AuditKey:
    """What signs the audit of one installation."""

    name: str
    """The first characters of a hash of the secret: tells keys apart and tells nothing else."""
    secret: bytes

    def sign(self, row: Mapping[str, Any]) -> str:
        """Return the signature of a row; columns that it lacks count as null."""
        told = [
            value if type(value) in AS_IT_IS else _plain(value) for value in map(row.get, SIGNED)
        ]
        told += [[name, _plain(row[name])] for name in LATER if row.get(name) is not None]
        return f"{self.name}:{self.of(SORTED(told).encode())}"

    def sign_erased(self, row: Mapping[str, Any]) -> str:
        """Return the second signature of a row whose personal values an erasure took away.

        It covers the first one and the erasure, so it can be made for no other row.
        """
        later = [[name, _plain(row[name])] for name in LATER if row.get(name) is not None]
        said = [_plain(row.get(column)) for column in SIGNED]
        told = SORTED(["erased", row.get("signature"), row["erased_by"], *said, *later])
        return f"{self.name}:{self.of(told.encode())}"

    def signer(self, same: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], str]:
        """Return what signs rows that agree in some columns: those are written only once.

        Args:
            same: what all the rows say alike, the columns of `LATER` among it if any has them.

        """
        parts: list[tuple[str, ...] | str] = []
        for agreed, some in groupby(SIGNED, key=same.__contains__):
            columns = tuple(some)
            parts.append(_told(same, columns) if agreed else columns)
        later = [[name, _plain(same[name])] for name in LATER if same.get(name) is not None]
        parts += [json.dumps(one) for one in later]

        def sign(row: Mapping[str, Any]) -> str:
            told = ", ".join(one if isinstance(one, str) else _told(row, one) for one in parts)
            return f"{self.name}:{self.of(f'[{told}]'.encode())}"

        return sign

    def of(self, message: bytes) -> str:
        """Return the hexadecimal HMAC-SHA256 of a message."""
        mac = self._begun.copy()
        mac.update(message)
        return mac.hexdigest()

    @cached_property
    def _begun(self) -> hmac.HMAC:
        """The key alone, taken in once: a copy goes on from there for each message."""
        return hmac.new(self.secret, digestmod="sha256")


def audit_key(secret: str) -> AuditKey:
    """Return the key that belongs to a secret of an installation."""
    derived = hmac.digest(secret.encode(), b"audit", "sha256")
    return AuditKey(hashlib.sha256(derived).hexdigest()[:8], derived)


SORTED = json.JSONEncoder(sort_keys=True).encode
"""What `json.dumps(…, sort_keys=True)` makes anew for each row."""

DEVELOPMENT_KEY = audit_key(DEVELOPMENT_SECRET)


def _told(row: Mapping[str, Any], columns: Iterable[str]) -> str:
    """Return the values of columns as a list of JSON has them, without its brackets."""
    return SORTED([_plain(row.get(column)) for column in columns])[1:-1]


def _plain(value: Any) -> Any:
    """Return a value as both databases give it back: 1e22 becomes a whole number in PostgreSQL."""
    if type(value) in AS_IT_IS:
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Mapping):
        return {
            str(key): inner if type(inner) in AS_IT_IS else _plain(inner)
            for key, inner in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value
