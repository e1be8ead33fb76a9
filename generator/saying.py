"""Sentences for authors, in English where they are made and in Chinese when somebody asks.

`say` in, a `Said` out: a plain English text to whoever does not care, which remembers its template
and its parts. `in_language` finds the template in `generator/chinese/` and fills it again, parts
that were said themselves in Chinese too. So a check words its problem once, where it finds it, and
no check knows a second language. What an author wrote is never looked up: only what was said is.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from generator.chinese import (
    alerts,
    checks,
    expressions,
    jobs,
    ledgers,
    messages,
    outside,
    phrases,
    promotions,
    reading,
    shapes,
    workflows,
)


class Said(str):
    """An English text that knows what it was made of."""

    __slots__ = ("chinese", "parts", "template")

    template: str
    parts: Mapping[str, object]
    chinese: str
    """What it is in Chinese when it came in both languages, such as a refusal of a schema."""


def say(template: str, /, **parts: object) -> Said:
    """Return a template filled with its parts; what was said already is returned as it is.

    Without parts the template is the text, and braces in it are only characters.
    """
    if isinstance(template, Said):
        return template
    return _said(template.format(**parts) if parts else template, template, parts)


def reworded(said: str, english: str) -> Said:
    """Return the same thing in other English, such as with a capital; Chinese has no need of it."""
    kept = say(said)
    return _said(english, kept.template, kept.parts)


def worded(english: str, chinese: str) -> Said:
    """Return what came in both languages; nothing is looked up for it."""
    made = _said(english, english, {})
    made.chinese = chinese
    return made


def capitalized(said: str) -> Said:
    """Return a phrase as a sentence begins with it."""
    return reworded(said, said[:1].upper() + said[1:])


def in_language(text: str, locale: str) -> str:
    """Return a message, a hint or a part of one in a language; English for all but Chinese."""
    return _chinese(text).strip() if locale.startswith("zh") else str(text)


def known() -> Mapping[str, str]:
    """Return every template there is in Chinese."""
    return _table()


def _chinese(text: str) -> str:
    if not isinstance(text, Said):
        return _table().get(text, text)
    if text.chinese:
        return text.chinese
    found = _table().get(text.template)
    if found is None:
        return str(text)
    if not text.parts:
        return found
    parts = {
        name: _chinese(part) if isinstance(part, Said) else part
        for name, part in text.parts.items()
    }
    return found.format(**parts)


def _said(text: str, template: str, parts: Mapping[str, object]) -> Said:
    made = Said(text)
    made.template, made.parts, made.chinese = template, parts, ""
    return made


@cache
def _table() -> Mapping[str, str]:
    families = (
        reading.TEXTS,
        shapes.TEXTS,
        checks.TEXTS,
        workflows.TEXTS,
        outside.TEXTS,
        ledgers.TEXTS,
        messages.TEXTS,
        jobs.TEXTS,
        alerts.TEXTS,
        promotions.TEXTS,
        expressions.TEXTS,
        phrases.TEXTS,
    )
    return {english: chinese for family in families for english, chinese in family.items()}
