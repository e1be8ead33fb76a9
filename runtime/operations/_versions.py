"""Versions: a change says which version it was made on and is refused when that is not the last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.model.text import Label
from runtime.errors import Stale, VersionRequired


def require_version(version: int | None) -> int:
    """Return the version the caller read.

    Raises:
        VersionRequired: they did not say.

    """
    if version is None:
        raise VersionRequired(
            Label(
                {
                    "en": 'Send the version you read, as If-Match: "3".',
                    "zh": '请用 If-Match: "3" 指明读取到的版本。',
                }
            )
        )
    return version


def same_version(before: Mapping[str, Any], version: int) -> None:
    """Refuse a change that was made on an older version.

    Raises:
        Stale: the record has another version; it says which.

    """
    if before["version"] != version:
        raise stale(before["version"])


def stale(current: int | None = None) -> Stale:
    """Refuse a change that somebody else overtook."""
    message = Label(
        {
            "en": "Somebody changed this record after you read it.",
            "zh": "您读取之后，该记录已被其他人修改。",
        }
    )
    return Stale(message, version=current)
