"""What proves the audit: rows by their signatures, seals by their rows, removals by their mark.

Comes in: rows as they are read, and the keys that ever signed. Goes out: whether they are what was
written. A removal is marked with the key like a row and a seal are: the mark covers the seal, the
seal before it, when and under which rule its rows went, and which row of the log tells of it. So it
can be made for no other seal, and the chain of seals holds on over what is no longer there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date
from typing import Any

from runtime.audit_keep import read_keep
from runtime.store.audit_key import AuditKey

Keys = Mapping[str, AuditKey]
"""The key in use and those used before, by their names."""

SEALED = ("number", "day", "first_id", "last_id", "rows")
"""What a removal repeats of its seal."""
MARKED = (*SEALED, "total", "keep", "told")
"""What a mark covers beside the moment and the seals."""


def key_of(signature: str, keys: Keys) -> AuditKey | None:
    """Return the key that a signature, seal or mark says it was made with."""
    return keys.get(signature.partition(":")[0])


def is_true(row: Mapping[str, Any], keys: Keys) -> bool:
    """Return whether a row is as it was written, or as an erasure left it."""
    signature = str(row["signature"] or "")
    key = key_of(signature, keys)
    if key is None:
        return False
    if row["erased_by"] is None:
        return key.sign(row) == signature
    second = str(row["erased_signature"] or "")
    last = key_of(second, keys)
    return last is not None and last.sign_erased(row) == second


def mark_of(key: AuditKey, removal: Mapping[str, Any], before: str, seal: str) -> str:
    """Return the mark of a removal: what it says, under its seal and the seal before that."""
    told: list[Any] = ["removed", before, seal, *(removal[name] for name in MARKED)]
    told.append(removal["removed_at"].astimezone(UTC).isoformat())
    return f"{key.name}:{key.of(json.dumps(told).encode())}"


def is_marked(removal: Mapping[str, Any], seal: Mapping[str, Any], before: str, keys: Keys) -> bool:
    """Return whether a removal was marked with a key of this shop, for this seal."""
    key = key_of(str(removal["mark"]), keys)
    same = all(removal[name] == seal[name] for name in SEALED)
    return (
        key is not None
        and same
        and mark_of(key, removal, before, seal["seal"]) == (removal["mark"])
    )


def was_past(removal: Mapping[str, Any]) -> bool:
    """Return whether a day was past when its rows went, by a rule that the law allows."""
    try:
        keep = read_keep(str(removal["keep"]))
    except ValueError:
        return False
    return date.fromisoformat(str(removal["day"])) < keep.first_kept(removal["removed_at"])
