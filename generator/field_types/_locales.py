"""Babel's locale for a viewer's: `zh`, `zh-CN`, `en_GB`; English for what Babel does not know."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError


@lru_cache(maxsize=64)
def babel_locale(tag: str) -> Locale:
    """Return the parsed locale."""
    try:
        return Locale.parse(tag.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en")


@lru_cache(maxsize=512)
def zone(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name; UTC for an unknown one."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def is_chinese(tag: str) -> bool:
    """Say whether a locale is a Chinese one."""
    return tag.startswith("zh")


def joined(parts: list[str], tag: str) -> str:
    """Join the items of a list as the language does."""
    return ("、" if is_chinese(tag) else ", ").join(parts)
