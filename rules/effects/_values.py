"""What an expression finds → what is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def plain(value: Any) -> Any:
    """Return a value as it is stored; a record whose fields were asked comes as a mapping."""
    return value["id"] if isinstance(value, Mapping) and "id" in value else value
